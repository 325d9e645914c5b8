"""The pre-flight's findings as a list."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QWidget

from engine.contract.findings import Finding, Severity
from ui.theme import current_theme

MARKS = {Severity.ERROR: "✕", Severity.WARNING: "!", Severity.NOTE: "i"}
MEANINGS = {
    Severity.ERROR: "Keeps the run from starting.",
    Severity.WARNING: "The run can start; it may not give what you want.",
    Severity.NOTE: "Good to know.",
}
ROW_SPACING = 2
ORDER = tuple(Severity)
"""The worst first."""


class FindingsList(QListWidget):
    """One line a finding, errors first; what its mark means is in its tool tip."""

    place_chosen = Signal(object)
    """The `Finding` that was clicked, or chosen with the Return key."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName("Findings of the pre-flight")
        self.setWordWrap(True)
        self.setSpacing(ROW_SPACING)
        self._shown: tuple[tuple[Finding, ...], str] = ((), "")
        self.itemClicked.connect(self._on_chosen)
        self.itemActivated.connect(self._on_chosen)

    def show_findings(self, findings: tuple[Finding, ...], nothing: str) -> None:
        """Show the findings, or the sentence for when there is none."""
        self._shown = (findings, nothing)
        theme = current_theme()
        colours = {Severity.ERROR: theme.error, Severity.WARNING: theme.warning, Severity.NOTE: theme.muted}
        self.clear()
        for finding in sorted(findings, key=lambda finding: ORDER.index(finding.severity)):
            item = QListWidgetItem(f"{MARKS[finding.severity]}  {finding.message}", self)
            item.setForeground(QColor(colours[finding.severity]))
            item.setToolTip(MEANINGS[finding.severity])
            item.setData(Qt.ItemDataRole.UserRole, finding)
        if not findings:
            QListWidgetItem(f"✓  {nothing}", self).setForeground(QColor(theme.good))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and any(self._shown):
            self.show_findings(*self._shown)

    def _on_chosen(self, item: QListWidgetItem) -> None:
        finding = item.data(Qt.ItemDataRole.UserRole)
        if finding is not None:
            self.place_chosen.emit(finding)
