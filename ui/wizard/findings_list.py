"""The pre-flight's findings as a list, with a button under each that one edit of the recipe mends."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QPushButton, QWidget

from engine.contract.findings import Finding, Severity
from engine.contract.repairs import Repair
from engine.language.sentence_recognition import recognised
from engine.language.speech import mark, tr
from ui.theme import current_theme
from ui.wording import in_window_words

MARKS = {Severity.ERROR: "✕", Severity.WARNING: "!", Severity.NOTE: "i"}
MEANINGS = {
    Severity.ERROR: mark("Prevents the run from starting."),
    Severity.WARNING: mark("The run can start, but its result may not be what you want."),
    Severity.NOTE: mark("Good to know."),
}
ROW_SPACING = 2
BUTTON_INDENT = 18
UNDONE_BY = mark("Changes the recipe; Ctrl+Z takes it back.")
ORDER = tuple(Severity)
"""The worst first."""


class FindingsList(QListWidget):
    """One line per finding, errors first; what its mark means is in its tool tip."""

    place_chosen = Signal(object)
    """The `Finding` that was clicked, or chosen with the Return key."""
    repair_chosen = Signal(object)
    """The `Repair` whose button was pressed."""

    def __init__(self, name: str, leads_to: str = "", parent: QWidget | None = None) -> None:
        """
        Args:
            leads_to: a sentence on what a click on a finding does, where it does something.
        """
        super().__init__(parent)
        self._leads_to = leads_to
        self.setObjectName(name)
        self.setAccessibleName(tr("Findings of the pre-flight"))
        self.setWordWrap(True)
        self.setSpacing(ROW_SPACING)
        self._buttons: list[QWidget] = []
        self._shown: tuple[tuple[Finding, ...], str] = ((), "")
        self._whose: Callable[[Finding], str] = _nobodys
        self.itemClicked.connect(self._on_chosen)
        self.itemActivated.connect(self._on_chosen)

    def show_findings(
        self, findings: tuple[Finding, ...], nothing: str, whose: Callable[[Finding], str] | None = None
    ) -> None:
        """Show the findings, or the sentence for when there is none.

        Args:
            whose: what stands before a finding, such as the name of its chain; empty: nothing.
        """
        self._shown, self._whose = (findings, nothing), whose or _nobodys
        theme = current_theme()
        colours = {Severity.ERROR: theme.error, Severity.WARNING: theme.warning, Severity.NOTE: theme.muted}
        self._clear()
        offered: list[Repair] = []
        for finding in sorted(findings, key=lambda finding: ORDER.index(finding.severity)):
            before = f"{name}: " if (name := self._whose(finding)) else ""
            item = QListWidgetItem(
                f"{MARKS[finding.severity]}  {before}{in_window_words(finding.message)}",
                self,
            )
            item.setForeground(QColor(colours[finding.severity]))
            item.setToolTip(f"{tr(MEANINGS[finding.severity])} {self._leads_to}".strip())
            item.setData(Qt.ItemDataRole.UserRole, finding)
            if finding.repair is not None and finding.repair not in offered:
                offered.append(finding.repair)
                self._offer(finding.repair, len(offered))
        if not findings:
            QListWidgetItem(f"✓  {nothing}", self).setForeground(QColor(theme.good))

    def _offer(self, repair: Repair, number: int) -> None:
        """A row with the repair's button under the finding that was added last."""
        button = QPushButton(
            recognised(repair.sentence), objectName=f"{self.objectName()}.repair{number}", toolTip=tr(UNDONE_BY)
        )
        # Later: what answers the signal rebuilds the list, with the button in it.
        button.clicked.connect(lambda: QTimer.singleShot(0, partial(self.repair_chosen.emit, repair)))
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(BUTTON_INDENT, 0, 0, 0)
        layout.addWidget(button)
        layout.addStretch()
        item = QListWidgetItem(self)
        item.setFlags(Qt.ItemFlag.NoItemFlags)
        item.setSizeHint(row.sizeHint())
        self.setItemWidget(item, row)
        self._buttons.append(row)

    def _clear(self) -> None:
        for row in self._buttons:
            # Out of the list at once: until the list deletes it, it could still be found and pressed.
            row.setParent(None)
            row.deleteLater()
        self._buttons = []
        self.clear()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and any(self._shown):
            self.show_findings(*self._shown, self._whose)

    def _on_chosen(self, item: QListWidgetItem) -> None:
        finding = item.data(Qt.ItemDataRole.UserRole)
        if finding is not None:
            self.place_chosen.emit(finding)


def _nobodys(finding: Finding) -> str:
    return ""
