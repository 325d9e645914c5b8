"""Any two of the compared variants against each other, image by image."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QComboBox, QFormLayout, QLabel, QWidget

from engine.comparison.comparison import Comparison
from engine.comparison.pairing import NotComparable
from engine.contract.measurements import PairedComparison
from engine.figures.figure_text import p_text
from engine.language.sentence_recognition import recognised
from engine.language.speech import number_text, tr
from ui.form.calm_fields import CalmComboBox

LEVEL = 0.05


class PairTest(QWidget):
    """A single test, without correction: for a question that was asked before the figures were seen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._comparison: Comparison | None = None
        self._first, self._second = (
            CalmComboBox(objectName=f"compare.pair.{name}", accessibleName=title)
            for name, title in (
                ("first", tr("File that the other is held against")),
                ("second", tr("File that is tested")),
            )
        )
        self.text = QLabel(objectName="compare.pair.text", wordWrap=True)
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        layout = QFormLayout(self)
        for title, field in ((tr("File"), self._second), (tr("Against"), self._first)):
            field.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
            layout.addRow(title, field)
            field.currentIndexChanged.connect(self._show)
        layout.addRow(self.text)

    def show_comparison(self, comparison: Comparison | None) -> None:
        """Offer its variants; None: nothing."""
        self._comparison = comparison
        names = [row.name for row in comparison.rows] if comparison else []
        for field, usual in ((self._first, 0), (self._second, 1)):
            before = field.currentText()
            with QSignalBlocker(field):
                field.clear()
                field.addItems(names)
                field.setCurrentIndex(names.index(before) if before in names else min(usual, len(names) - 1))
        self._show()

    def _show(self, *_: object) -> None:
        first, second = self._first.currentText(), self._second.currentText()
        if self._comparison is None or not first or first == second:
            self.text.setText(tr("Choose two files.") if self._comparison else "")
            return
        try:
            self.text.setText(pair_sentence(self._comparison.pair(first, second), first, second))
        except NotComparable as reason:
            self.text.setText(tr("They cannot be tested against each other: {reason}.", reason=recognised(str(reason))))


def pair_sentence(one: PairedComparison, first: str, second: str) -> str:
    """What the test images tell of the second file against the first."""
    low, high = (100 * end for end in one.difference_ci95)
    groups = tr(" in {groups:,} groups", groups=one.groups) if one.groups else ""
    real = tr("The difference is real") if one.p_value < LEVEL else tr("The test images do not show a difference")
    p = number_text(p_text(one.p_value))
    return tr(
        'Of {images:,} test images{groups}, "{name2}" is right for {won:,} for which "{name}" is wrong, and '
        "wrong for {lost:,} for which that is right. Its accuracy differs by {difference:+.1f} points "
        "(95 % interval {low:+.1f} to {high:+.1f}), {p}, a single test. "
        "{real}.",
        images=one.images,
        groups=groups,
        name=first,
        name2=second,
        won=one.won,
        lost=one.lost,
        difference=100 * one.difference,
        low=low,
        high=high,
        p=f"p {p}" if p.startswith("<") else f"p = {p}",
        real=real,
    )
