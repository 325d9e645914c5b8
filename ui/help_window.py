"""The documentation, inside the app: a list of its pages, and the one that fits what the user looks at."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QImage, QPixmap, QTextDocument
from PySide6.QtWidgets import QDialog, QListWidget, QListWidgetItem, QSplitter, QTextBrowser, QVBoxLayout, QWidget

from engine.language.speech import tr
from ui.screen_fit import open_at

DOCUMENTATION = Path(__file__).resolve().parents[1] / "resources" / "docs"
PAGE_OF_TOPIC = {
    "start": "first-steps.md",
    "page 1": "data.md",
    "page 2": "data.md",
    "page 3": "weights.md",
    "page 4": "recipe.md",
    "page 5": "recipe.md",
    "run": "measuring.md",
    "bench": "test-bench.md",
    "compare": "comparing.md",
}
"""What the window shows → the page that explains it."""
SIZE = (900, 640)
LIST_WIDTH = 220
PICTURE_MARGIN = 24


class Page(QTextBrowser):
    """Pictures are as wide as the page at most."""

    def loadResource(self, kind: int, name: QUrl | str) -> object:
        found = super().loadResource(kind, name)
        if kind != QTextDocument.ResourceType.ImageResource.value or isinstance(found, QImage | QPixmap):
            return found
        picture = QImage(self.source().resolved(QUrl(name)).toLocalFile())
        room = self.viewport().width() - PICTURE_MARGIN
        if picture.isNull() or picture.width() <= room:
            return picture
        return picture.scaledToWidth(room, Qt.TransformationMode.SmoothTransformation)


class HelpWindow(QDialog):
    """Stays open beside the work."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("help")
        self.setWindowTitle(tr("Nutshell help"))
        open_at(self, *SIZE)
        self._list = QListWidget(objectName="help.pages", accessibleName=tr("Pages of the documentation"))
        self._list.setWordWrap(True)
        for file in sorted(DOCUMENTATION.glob("*.md"), key=lambda file: file.name != PAGE_OF_TOPIC["start"]):
            item = QListWidgetItem(_heading(file), self._list)
            item.setData(Qt.ItemDataRole.UserRole, file.name)
        self._text = Page(objectName="help.text", accessibleName=tr("Page"), openLinks=False)
        split = QSplitter()
        split.addWidget(self._list)
        split.addWidget(self._text)
        split.setSizes([LIST_WIDTH, SIZE[0] - LIST_WIDTH])
        layout = QVBoxLayout(self)
        layout.addWidget(split)
        self._list.currentItemChanged.connect(self._on_chosen)
        self._text.anchorClicked.connect(self._on_link)

    def show_topic(self, topic: str) -> None:
        """Show the page on what the window shows, such as "page 1" of the guide."""
        self._choose(PAGE_OF_TOPIC[topic])
        self.show()
        self.raise_()
        self.activateWindow()

    def _choose(self, name: str) -> None:
        for row in range(self._list.count()):
            if self._list.item(row).data(Qt.ItemDataRole.UserRole) == name:
                self._list.setCurrentRow(row)

    def _on_chosen(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            file = DOCUMENTATION / item.data(Qt.ItemDataRole.UserRole)
            self._text.setSource(QUrl.fromLocalFile(str(file)), QTextDocument.ResourceType.MarkdownResource)

    def _on_link(self, link: QUrl) -> None:
        name = link.fileName()
        if (DOCUMENTATION / name).is_file() and name.endswith(".md"):
            self._choose(name)
        elif link.hasFragment() and not name:
            self._text.scrollToAnchor(link.fragment())
        elif link.scheme() in {"http", "https"}:
            QDesktopServices.openUrl(link)


def _heading(file: Path) -> str:
    """The first heading of a page."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return next((line.lstrip("# ") for line in lines if line.startswith("# ")), file.stem)
