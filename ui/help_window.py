"""The guide, inside the app: its table of contents, a search, and the page that fits what the user looks at."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QSplitter,
    QStackedWidget,
    QToolButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from engine.contract.progress import Progress
from engine.language.speech import tr
from ui.guide.contents import DOCUMENTATION
from ui.guide.guide_search import FoundPart, GuideIndex
from ui.guide.guide_texts import all_pages, page_names, page_text
from ui.guide_view import GuideView, heading_anchor
from ui.screen_fit import open_at
from workers.latest_call import LatestCall

PAGE_OF_TOPIC = {
    "start": "first-steps.md",
    "run": "measuring.md",
    "bench": "test-bench.md",
    "compare": "comparing.md",
}
"""What the window shows → the page that explains it; a page of the wizard names its own."""
SIZE = (1000, 680)
LIST_WIDTH = 260
TYPING_PAUSE_MS = 150
NAME = Qt.ItemDataRole.UserRole
HEADING = Qt.ItemDataRole.UserRole + 1


class HelpWindow(QDialog):
    """Stays open beside the work."""

    searched = Signal()
    """What was typed last is found, or is nowhere."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("help")
        self.setWindowTitle(tr("Nutshell help"))
        open_at(self, *SIZE)
        self._index: GuideIndex | None = None
        self._visited: list[str] = []
        self._items: dict[str, QTreeWidgetItem] = {}
        self._query = QLineEdit(
            objectName="help.search", accessibleName=tr("Search the guide"), clearButtonEnabled=True
        )
        self._query.setPlaceholderText(tr("Search, or paste a message"))
        self._back = QToolButton(
            objectName="help.back", text="←", toolTip=tr("The page before (Alt+Left)"), enabled=False
        )
        self._back.setAccessibleName(tr("The page before"))
        self._tree = QTreeWidget(objectName="help.pages", accessibleName=tr("Pages of the guide"), headerHidden=True)
        self._tree.setWordWrap(True)
        self._tree.setUniformRowHeights(False)
        self._found = QListWidget(objectName="help.found", accessibleName=tr("What was found"), wordWrap=True)
        self._found.setSpacing(3)
        self._found.setAlternatingRowColors(True)
        self._lists = QStackedWidget()
        self._lists.addWidget(self._tree)
        self._lists.addWidget(self._found)
        self._text = GuideView(DOCUMENTATION)
        self._fill_tree()
        self._lay_out()

        self._pause = QTimer(self, singleShot=True, interval=TYPING_PAUSE_MS)
        self._call = LatestCall("help search", self)  # not shown
        self._query.textChanged.connect(lambda: self._pause.start())
        self._query.returnPressed.connect(self._on_return)
        self._pause.timeout.connect(self._search)
        self._call.succeeded.connect(self._show_found)
        self._tree.currentItemChanged.connect(self._on_chosen)
        self._found.currentItemChanged.connect(self._on_found_chosen)
        self._text.page_asked.connect(self.show_page)
        self._back.clicked.connect(self._go_back)
        QShortcut(QKeySequence("Alt+Left"), self, self._go_back)
        QShortcut(QKeySequence.StandardKey.Find, self, self._query.setFocus)

    def show_topic(self, topic: str) -> None:
        """Show the page on what the window shows, such as "run", or of this name, such as "data.md"."""
        # Shown first: pictures are scaled to the page's width.
        self.show()
        self.show_page(PAGE_OF_TOPIC.get(topic, topic))
        self.raise_()
        self.activateWindow()

    def show_page(self, name: str, anchor: str = "", words: tuple[str, ...] = ()) -> None:
        """Show a page of the guide from a heading on; a name that it has not is passed over."""
        if name not in self._items:
            return
        if not self._visited or self._visited[-1] != name:
            self._visited.append(name)
        self._back.setEnabled(len(self._visited) > 1)
        if self._tree.currentItem() is not self._items[name]:
            self._tree.blockSignals(True)
            self._tree.setCurrentItem(self._items[name])
            self._tree.blockSignals(False)
        self._text.show_page(name, page_text(name), anchor, words)

    def shut_down(self) -> None:
        """End the search's thread."""
        self._call.shut_down()

    def closeEvent(self, event: QCloseEvent) -> None:
        self.shut_down()
        super().closeEvent(event)

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(self._back)
        top.addWidget(self._query)
        side = QWidget()
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(top)
        column.addWidget(self._lists)
        split = QSplitter()
        split.addWidget(side)
        split.addWidget(self._text)
        split.setStretchFactor(1, 1)
        split.setSizes([LIST_WIDTH, SIZE[0] - LIST_WIDTH])
        QVBoxLayout(self).addWidget(split)

    def _fill_tree(self) -> None:
        for section, pages in all_pages():
            head = QTreeWidgetItem(self._tree, [section.title])
            head.setFlags(Qt.ItemFlag.ItemIsEnabled)
            font = head.font(0)
            font.setBold(True)
            head.setFont(0, font)
            for page, below in pages:
                item = self._add(head, page.name, page.title)
                for inner in below:
                    self._add(item, inner.name, inner.title)
            head.setExpanded(True)

    def _add(self, parent: QTreeWidgetItem, name: str, title: str) -> QTreeWidgetItem:
        item = QTreeWidgetItem(parent, [title])
        item.setData(0, NAME, name)
        self._items[name] = item
        return item

    def _on_chosen(self, item: QTreeWidgetItem | None) -> None:
        if item is not None and (name := item.data(0, NAME)):
            self.show_page(name)

    def _go_back(self) -> None:
        if len(self._visited) > 1:
            self._visited.pop()
            self.show_page(self._visited[-1])

    def _search(self) -> None:
        query = self._query.text().strip()
        if not query:
            self._call.call_off()
            self._lists.setCurrentWidget(self._tree)
            return
        index = self._index
        self._call.request(lambda progress: _find(query, index, progress))

    def _show_found(self, answer: tuple[GuideIndex, tuple[FoundPart, ...]]) -> None:
        self._index, parts = answer
        self._found.clear()
        for part in parts:
            place = part.title if not part.heading or part.heading == part.title else f"{part.title}: {part.heading}"
            item = QListWidgetItem(f"{place.replace('`', '')}\n{part.excerpt}", self._found)
            item.setData(NAME, part.page)
            item.setData(HEADING, part.heading)
        if not parts:
            item = QListWidgetItem(tr("Nothing found. Try fewer words."), self._found)
            item.setFlags(Qt.ItemFlag.NoItemFlags)
        self._lists.setCurrentWidget(self._found)
        self.searched.emit()

    def _on_return(self) -> None:
        """The best of what was found."""
        if self._found.count() and self._lists.currentWidget() is self._found:
            self._found.setCurrentRow(0)
            self._found.setFocus()

    def _on_found_chosen(self, item: QListWidgetItem | None) -> None:
        if item is not None and item.data(NAME):
            words = tuple(word for word in self._query.text().split() if len(word) > 2)
            heading = item.data(HEADING).replace("`", "")
            self.show_page(item.data(NAME), heading_anchor(heading), words if len(words) <= 3 else ())


def _find(query: str, index: GuideIndex | None, progress: Progress) -> tuple[GuideIndex, tuple[FoundPart, ...]]:
    """In the search's thread, where the index is also made at the first search."""
    if index is None:
        texts = {}
        for name in page_names():
            progress.raise_if_cancelled()
            texts[name] = page_text(name)
        index = GuideIndex(texts)
    return index, index.find(query)
