"""A language in which every text that was asked for wears brackets: what has none in the window is not translated."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from PySide6.QtCore import QAbstractListModel, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QComboBox,
    QGroupBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenu,
    QTabWidget,
    QWidget,
)

from engine.language.catalogue import Catalogue
from engine.language.sentence_recognition import FIELD
from tests.languages.catalogues import CHECKOUT, LOCALE, locale_signs, mo_bytes
from tests.languages.sentences import sentences_of, sources

OPEN, CLOSE = "⟦", "⟧"


def pseudo_catalogue(folder: Path) -> Catalogue:
    """Of all sources, also of those that are not converted."""
    catalogue = Catalog(locale="en", fuzzy=False)
    for sign in locale_signs("en"):
        catalogue.add(sign, sign, context=LOCALE)
    for file in sources(CHECKOUT):
        for one in sentences_of(file, CHECKOUT).translated:
            text: str | tuple[str, str] = (one.english, one.several) if one.several else one.english
            said = tuple(map(_bracketed, text)) if isinstance(text, tuple) else _bracketed(text)
            catalogue.add(text, said, context=one.context or None)
    file = folder / "pseudo.mo"
    file.write_bytes(mo_bytes(catalogue))
    return Catalogue(file)


def _bracketed(text: str) -> str:
    return f"{OPEN}{text}{CLOSE}"


def english_texts(root: QWidget) -> Iterator[str]:
    """Texts with words in them that some widget shows, none of which was asked for in a language."""
    for widget in [root, *root.findChildren(QWidget)]:
        if widget.isVisibleTo(root) or widget is root:
            for text in _texts(widget):
                if not _is_told(text):
                    yield f"{type(widget).__name__} {widget.objectName()}: {text!r}"
    for action in root.findChildren(QAction):
        if not _is_told(action.text()) and action.isVisible():
            yield f"QAction: {action.text()!r}"


def _is_told(text: str) -> bool:
    """Whether a text wears brackets, or has no words that would."""
    return OPEN in text or not any(part.isalpha() and len(part) > 1 for part in FIELD.sub("", text).split())


def _texts(widget: QWidget) -> Iterator[str]:
    yield widget.toolTip()
    yield widget.accessibleName()
    match widget:
        case QLabel() | QAbstractButton():
            yield widget.text()
        case QGroupBox() | QMenu():
            yield widget.title()
        case QLineEdit():
            yield widget.placeholderText()
        case QComboBox():
            yield from (widget.itemText(place) for place in range(widget.count()))
        case QTabWidget():
            yield from (widget.tabText(place) for place in range(widget.count()))
        case QHeaderView():
            yield from _heads(widget)
        case QAbstractItemView():
            yield from _cells(widget)


def _heads(header: QHeaderView) -> Iterator[str]:
    model = header.model()
    if model is not None:
        for section in range(header.count()):
            for role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
                yield str(model.headerData(section, header.orientation(), role) or "")


def _cells(view: QAbstractItemView) -> Iterator[str]:
    model = view.model()
    if model is not None:
        for row in range(min(model.rowCount(), 5)):
            for column in range(1 if isinstance(model, QAbstractListModel) else model.columnCount()):
                yield str(model.index(row, column).data() or "")
