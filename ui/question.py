"""Asks before something that cannot be undone: the buttons are verbs, and the safe one is the default."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget


def agrees(parent: QWidget, title: str, question: str, do: str, keep: str) -> bool:
    """Whether the user chose to do it.

    Args:
        do: the verb on the button that does it, such as "Cancel the run".
        keep: what the other one says, such as "Keep running"; Enter and Escape press this.
    """
    return chosen_of(parent, title, question, (do,), keep) == do


def chosen_of(parent: QWidget, title: str, question: str, ways: tuple[str, ...], keep: str) -> str:
    """The text of the button that the user pressed; Enter and Escape press `keep`."""
    box = QMessageBox(QMessageBox.Icon.Question, title, question, parent=parent)
    # Names in it are the user's own, and may look like HTML.
    box.setTextFormat(Qt.TextFormat.PlainText)
    roles = (QMessageBox.ButtonRole.DestructiveRole, *[QMessageBox.ButtonRole.ActionRole] * len(ways))
    texts = _with_letters((*ways, keep))
    buttons = {box.addButton(text, role): way for text, way, role in zip(texts, ways, roles, strict=False)}
    keeping = box.addButton(texts[-1], QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(keeping)
    box.setEscapeButton(keeping)
    box.exec()
    return next((way for button, way in buttons.items() if button is box.clickedButton()), keep)


def tell(parent: QWidget, title: str, sentence: str) -> None:
    """Say what did not work and what to do; the user has nothing to choose."""
    box = QMessageBox(QMessageBox.Icon.Warning, title, sentence, QMessageBox.StandardButton.Ok, parent)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.exec()


def _with_letters(ways: tuple[str, ...]) -> list[str]:
    """Each with the first letter of its own under Alt."""
    taken: set[str] = set()
    texts = []
    for way in ways:
        place = next((at for at, letter in enumerate(way) if letter.isalpha() and letter.lower() not in taken), None)
        if place is not None:
            taken.add(way[place].lower())
        texts.append(way if place is None else f"{way[:place]}&{way[place:]}")
    return texts
