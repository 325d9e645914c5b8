"""Shows a page of the guide: Markdown with pictures, tables, links and anchors."""

from __future__ import annotations

import os
import re
from pathlib import Path

from PySide6.QtCore import QPoint, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import (
    QColor,
    QDesktopServices,
    QImage,
    QPixmap,
    QResizeEvent,
    QTextBlock,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
)
from PySide6.QtWidgets import QTextBrowser, QTextEdit

from engine.language.speech import tr

PICTURE_MARGIN = 24
RESIZED_MS = 200
"""After the last change of the width, the pictures are scaled to it."""
PIECE = re.compile(r"^(?=#{2,3} )", re.MULTILINE)
MAX_PIECE_LETTERS = 6000
"""Read at once: the window waits some 15 ms for so many."""
PICTURE = "!["
PICTURE_LETTERS = 3000
"""A picture takes as long as so many letters."""
NOTHING = "\u200b"
"""A letter without a width: Markdown has no empty paragraph."""
FOUND_COLOUR = QColor(255, 200, 0, 110)
"""Visible on light and dark pages."""


class GuideView(QTextBrowser):
    """A long page is read piece by piece, so that the window never waits for it."""

    page_asked = Signal(str, str)
    """A link to a page was clicked: its path below the documentation's folder, and the anchor."""

    def __init__(self, folder: Path) -> None:
        super().__init__(objectName="help.text", accessibleName=tr("Page"), openLinks=False)
        self._folder = folder
        self._name = ""
        self._pieces: list[str] = []
        self._anchor = ""
        self._words: tuple[str, ...] = ()
        self._next = QTimer(self, singleShot=True, interval=0)
        self._next.timeout.connect(self._read_piece)
        self._resized = QTimer(self, singleShot=True, interval=RESIZED_MS)
        self._resized.timeout.connect(self._on_resized)
        self._text = ""
        self._width = 0
        self._top = 0
        """The block to scroll to once the page is read; 0: the heading that was asked for."""
        self.anchorClicked.connect(self._on_link)

    def show_page(self, name: str, text: str, anchor: str = "", words: tuple[str, ...] = ()) -> None:
        """Show the Markdown `text` of the page `name` from the heading `anchor` on, with these words marked."""
        self._name, self._text, self._anchor, self._words = name, text, anchor, words
        self._width, self._top = self.viewport().width(), 0
        self._pieces = _pieces(text)
        self.clear()
        self.document().setBaseUrl(QUrl.fromLocalFile(str((self._folder / name).parent) + "/"))
        self._read_piece()

    @property
    def is_complete(self) -> bool:
        """Whether all of the page is read."""
        return not self._pieces

    def loadResource(self, kind: int, name: QUrl | str) -> object:
        """Pictures are as wide as the page at most."""
        found = super().loadResource(kind, name)
        if kind != QTextDocument.ResourceType.ImageResource.value or isinstance(found, QImage | QPixmap):
            return found
        picture = QImage(self.document().baseUrl().resolved(QUrl(name)).toLocalFile())
        room = self.viewport().width() - PICTURE_MARGIN
        if picture.isNull() or picture.width() <= room:
            return picture
        return picture.scaledToWidth(room, Qt.TransformationMode.SmoothTransformation)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._resized.start()

    def _read_piece(self) -> None:
        if not self._pieces:
            return
        piece = self._pieces.pop(0)
        cursor = QTextCursor(self.document())
        if self.document().isEmpty():
            self.document().setMarkdown(piece)
        else:
            cursor.movePosition(QTextCursor.MoveOperation.End)
            # Qt gives the first block of what is inserted the form of the block before it, so that is not the heading.
            cursor.insertBlock(QTextBlockFormat(), QTextCharFormat())
            cursor.insertMarkdown(f"{NOTHING}\n\n{piece}")
        if self._pieces:
            self._next.start()
            return
        self._mark_words()
        self._scroll_to(self.document().findBlockByNumber(self._top) if self._top else self._heading(self._anchor))

    def _heading(self, anchor: str) -> QTextBlock:
        """The heading that links call so; else the beginning of the page."""
        block = self.document().begin()
        while anchor and block.isValid():
            if block.blockFormat().headingLevel() and heading_anchor(block.text()) == anchor:
                return block
            block = block.next()
        return self.document().begin()

    def _scroll_to(self, block: QTextBlock) -> None:
        # Qt keeps this cursor in view; it moved on with what was inserted.
        self.setTextCursor(QTextCursor(block))
        layout = self.document().documentLayout()
        # Asking for the whole size lays out the page to its end, so that the bar reaches as far.
        layout.documentSize()
        self.horizontalScrollBar().setValue(0)
        self.verticalScrollBar().setValue(int(layout.blockBoundingRect(block).top()) if block.position() else 0)

    def _mark_words(self) -> None:
        marks = []
        for word in self._words:
            cursor = self.document().find(word)
            while not cursor.isNull():
                mark = QTextEdit.ExtraSelection()
                mark.cursor, mark.format = cursor, QTextCharFormat()  # type: ignore[attr-defined]
                mark.format.setBackground(FOUND_COLOUR)  # type: ignore[attr-defined]
                marks.append(mark)
                cursor = self.document().find(word, cursor)
        self.setExtraSelections(marks)

    def _on_resized(self) -> None:
        """Pictures are scaled again; the reader stays where they are."""
        if self._text and self.viewport().width() != self._width and PICTURE in self._text and self.is_complete:
            top = self.cursorForPosition(QPoint(0, 0)).block().blockNumber()
            self.show_page(self._name, self._text, words=self._words)
            self._top = top
            if self.is_complete:
                self._scroll_to(self.document().findBlockByNumber(top))

    def _on_link(self, link: QUrl) -> None:
        if link.scheme() in {"http", "https", "mailto"}:
            QDesktopServices.openUrl(link)
        elif link.path():
            there = (self._folder / self._name).parent / link.path()
            self.page_asked.emit(_relative(there, self._folder), link.fragment())
        else:
            self._scroll_to(self._heading(link.fragment()))


def heading_anchor(heading: str) -> str:
    """What links call a heading: small letters, spaces as "-", without other signs."""
    kept = "".join(letter for letter in heading.strip().lower() if letter.isalnum() or letter in " -_")
    return kept.replace(" ", "-")


def _relative(path: Path, folder: Path) -> str:
    return os.path.relpath(path, folder).replace(os.sep, "/")


def _pieces(text: str) -> list[str]:
    """The page cut before headings, as few pieces as are short enough."""
    pieces = [""]
    for part in PIECE.split(text):
        if pieces[-1] and _cost(pieces[-1]) + _cost(part) > MAX_PIECE_LETTERS:
            pieces.append("")
        pieces[-1] += part
    return pieces


def _cost(text: str) -> int:
    return len(text) + PICTURE_LETTERS * text.count(PICTURE)
