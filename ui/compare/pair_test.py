"""Any two of the compared variants against each other, image by image."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QComboBox, QFormLayout, QLabel, QWidget

from engine.comparison.comparison import Comparison
from engine.comparison.pairing import NotComparable
from engine.contract.measurements import PairedComparison
from engine.figures.figure_text import p_text
from ui.form.calm_fields import CalmComboBox

LEVEL = 0.05


class PairTest(QWidget):
    """A single test, without correction: for a question that was asked before the figures were seen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._comparison: Comparison | None = None
        self._first, self._second = (
            CalmComboBox(objectName=f"compare.pair.{name}", accessibleName=title)
            for name, title in (("first", "File that the other is held against"), ("second", "File that is tested"))
        )
        self.text = QLabel(objectName="compare.pair.text", wordWrap=True)
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        layout = QFormLayout(self)
        for title, field in (("File", self._second), ("Against", self._first)):
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
            self.text.setText("Choose two files." if self._comparison else "")
            return
        try:
            self.text.setText(pair_sentence(self._comparison.pair(first, second), first, second))
        except NotComparable as reason:
            self.text.setText(f"They cannot be tested against each other: {reason}.")


def pair_sentence(one: PairedComparison, first: str, second: str) -> str:
    """What the test images tell of the second file against the first."""
    low, high = (100 * end for end in one.difference_ci95)
    groups = f" in {one.groups:,} groups" if one.groups else ""
    real = "The difference is real" if one.p_value < LEVEL else "The test images do not show a difference"
    return (
        f'Of {one.images:,} test images{groups}, "{second}" is right for {one.won:,} for which "{first}" is wrong, and '
        f"wrong for {one.lost:,} for which that is right. Its accuracy differs by {100 * one.difference:+.1f} points "
        f"(95 % interval {low:+.1f} to {high:+.1f}), p = {p_text(one.p_value).removeprefix('= ')}, a single test. "
        f"{real}."
    ).replace("p = < ", "p < ")
