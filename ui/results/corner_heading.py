"""A heading over the row headers of a table, where Qt leaves an empty corner."""

from __future__ import annotations

from PySide6.QtWidgets import QAbstractButton, QLabel, QTableView, QVBoxLayout


def head_corner(view: QTableView, title: str) -> None:
    """Write a title into the corner of a table."""
    corner = view.findChild(QAbstractButton)
    if corner is None:
        return
    layout = QVBoxLayout(corner)
    layout.setContentsMargins(6, 0, 0, 0)
    layout.addWidget(QLabel(title, objectName="results.corner"))
