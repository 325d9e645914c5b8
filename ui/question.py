"""Asks before something that cannot be taken back: the buttons are verbs, and the safe one is the default."""

from __future__ import annotations

from PySide6.QtWidgets import QMessageBox, QWidget


def agrees(parent: QWidget, title: str, question: str, do: str, keep: str) -> bool:
    """Whether the user chose to do it.

    Args:
        do: the verb on the button that does it, such as "Cancel the run".
        keep: what the other one says, such as "Let it go on"; Enter and Escape press this.
    """
    box = QMessageBox(QMessageBox.Icon.Question, title, question, parent=parent)
    doing = box.addButton(do, QMessageBox.ButtonRole.DestructiveRole)
    keeping = box.addButton(keep, QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(keeping)
    box.setEscapeButton(keeping)
    box.exec()
    return box.clickedButton() is doing
