"""English that a page shows in another language: words that are not the language's, and numbers with English signs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import pyqtgraph
from PySide6.QtCore import QAbstractItemModel, QAbstractListModel, QAbstractTableModel, QModelIndex
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QComboBox,
    QGraphicsTextItem,
    QGroupBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QTabWidget,
    QWidget,
)

from engine.language.sentence_recognition import FIELD
from tests.languages.catalogues import kept, locale_signs

WORD = re.compile(r"(?<![\w./\\@-])[A-Za-z]{3,}(?![\w/\\@]|[.-]\w)")
"""Not a part of a path, of a file's name, or of a number such as 1e-3."""
POINT = re.compile(r"(?<![\w.,])\d+(?:,\d{3})*\.\d+(?!\w|\.\d)")
COMMAS = re.compile(r"(?<![\w.,])\d{1,3}(?:,\d{3})+(?!\w|,\d)")
THOUSANDS = re.compile(r"\d{1,3}\.\d{3}")
CODE = re.compile(r"\{[^{}]*\}|\[[^\[\]]*\]|\d+\.\d+\.\d+|\b[A-Z]\w+ \d+\.\d+")
"""What is typed as in a recipe, and versions."""
ROWS = 20
ENGLISH_EVERYWHERE = ("search.values.", "recipe.text", "results.machine", "help.", "search.how")
"""Beginnings of the names of widgets whose texts are typed so, or are English in every language."""
NAMES = frozenset(
    {
        "adam", "adamw", "auc", "baseline", "bicubic", "bilinear", "classifier", "cutmix", "dmey",
        "googlenet", "mobilenet", "softmax", "randaugment", "trivialaugment", "core", "dynamic", "edge", "english",
        "float", "gpu", "hearts", "hexagon", "huffman", "jpeg", "keras", "lab", "lanczos", "litert", "mcc",
        "nnapi", "normal", "onnx", "our", "pillow", "pruning", "psnr", "range", "relu", "resnet", "rigl",
        "rmsprop", "roc", "sgd", "sick", "sqnr", "ssim", "tensorflow", "tflite", "tpu",
    }
)  # fmt: skip
"""What the study of `tests.screens` is called, and what is called so in all languages."""


def left_over(root: QWidget, code: str) -> Iterator[str]:
    """Each text with English in it, and which widget shows it.

    Args:
        code: of the language that is spoken.
    """
    seen = set()
    for widget in [root, *root.findChildren(QWidget)]:
        if widget.isVisibleTo(root) and not widget.objectName().startswith(ENGLISH_EVERYWHERE):
            for text in filter(None, _texts(widget)):
                plain = _plain(text)
                if plain not in seen and (found := [*_words_left(plain, code), *_numbers_left(plain, code)]):
                    seen.add(plain)
                    name = widget.objectName() or type(widget).__name__
                    yield f"{', '.join(dict.fromkeys(found))} in {name}: {plain[:200]!r}"


def _words_left(text: str, code: str) -> list[str]:
    ids, own = _words_of(code)
    words = [word for word in WORD.findall(text) if word.lower() not in own | NAMES]
    # Of a language in Latin letters only what is known to be English.
    return [word for word in words if word.lower() in ids] if code == "fr" else words


def _numbers_left(text: str, code: str) -> list[str]:
    signs, text = locale_signs(code), CODE.sub(" ", text)
    found = []
    if signs["."] != ".":
        found += [one for one in POINT.findall(text) if signs[","] != "." or not THOUSANDS.fullmatch(one)]
    if signs[","] != ",":
        # "0,875" has decimals where a comma stands before them.
        found += [one for one in COMMAS.findall(text) if signs["."] != "," or one.count(",") > 1]
    return found


@cache
def _words_of(code: str) -> tuple[frozenset[str], frozenset[str]]:
    """All words of the English texts, and of their translations, names among them."""
    messages = [message for message in kept(code) if message.id]
    return (
        frozenset(word for message in messages for word in _words(message.id)),
        frozenset(word for message in messages for word in _words(message.string)),
    )


def _words(texts: object) -> list[str]:
    """Of a text, or of the forms of a plural."""
    whole = " ".join(map(str, texts)) if isinstance(texts, tuple | list) else str(texts)
    return [word.lower() for word in WORD.findall(FIELD.sub(" ", whole))]


def _plain(text: str) -> str:
    if "<" not in text:
        return text
    document = QTextDocument()
    document.setHtml(text)
    return document.toPlainText()


def _texts(widget: QWidget) -> Iterator[str]:
    yield widget.toolTip()
    yield widget.accessibleName()
    yield widget.windowTitle()
    match widget:
        case pyqtgraph.PlotWidget():
            yield from _drawn(widget)
        case QLabel() | QAbstractButton() | QAbstractSpinBox():
            yield widget.text()
        case QGroupBox():
            yield widget.title()
        case QLineEdit():
            yield widget.placeholderText()
            yield widget.text()
        case QComboBox():
            yield from (widget.itemText(place) for place in range(widget.count()))
        case QTabWidget():
            yield from (widget.tabText(place) for place in range(widget.count()))
        case QHeaderView() if widget.model() is not None:
            sections = (one for one in range(widget.count()) if not widget.isSectionHidden(one))
            yield from (str(widget.model().headerData(one, widget.orientation()) or "") for one in sections)
        case QAbstractItemView() if widget.model() is not None and not isinstance(widget, QHeaderView):
            yield from _cells(widget.model(), QModelIndex())


def _cells(model: QAbstractItemModel, parent: QModelIndex) -> Iterator[str]:
    for row in range(min(model.rowCount(parent), ROWS)):
        # Qt hides the count of a list.
        for column in range(1 if isinstance(model, QAbstractListModel) else model.columnCount(parent)):
            yield str(model.index(row, column, parent).data() or "")
        if not isinstance(model, QAbstractListModel | QAbstractTableModel):
            yield from _cells(model, model.index(row, 0, parent))


def _drawn(plot: pyqtgraph.PlotWidget) -> Iterator[str]:
    for item in plot.scene().items():
        match item:
            case QGraphicsTextItem() if item.isVisible():
                yield item.toPlainText()
            case pyqtgraph.AxisItem() if item.isVisible() and item.style["showValues"]:
                yield ", ".join(item.tickStrings([0.25, 0.5], 1.0, 0.25))
                yield from (text for level in item._tickLevels or () for _, text in level)
