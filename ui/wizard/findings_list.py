"""The pre-flight's findings as a list; errors first to the eye."""

from __future__ import annotations

from PySide6.QtGui import QColor
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QWidget

from engine.contract.findings import Finding, Severity
from ui.theme import current_theme

MARKS = {Severity.ERROR: "✕", Severity.WARNING: "!", Severity.NOTE: "i"}


class FindingsList(QListWidget):
    """One line a finding, with where it belongs in its tool tip."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName("Findings of the pre-flight")
        self.setWordWrap(True)

    def show_findings(self, findings: tuple[Finding, ...], nothing: str) -> None:
        """Show the findings, or the sentence for when there is none."""
        theme = current_theme()
        colours = {Severity.ERROR: theme.error, Severity.WARNING: theme.warning, Severity.NOTE: theme.muted}
        self.clear()
        for finding in findings:
            item = QListWidgetItem(f"{MARKS[finding.severity]}  {finding.message}", self)
            item.setForeground(QColor(colours[finding.severity]))
            item.setToolTip(finding.where or "the whole recipe")
        if not findings:
            QListWidgetItem(f"✓  {nothing}", self).setForeground(QColor(theme.good))
