"""The folders of a dataset as a Qt item model: how many images are below each, and which class they are."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QColor

from engine.datasets.source import OutlinedFolder
from engine.language.speech import mark, number_text
from ui.nested_rows_model import Index, NestedRowsModel
from ui.theme import current_theme
from workers.folder_outline import MappedFolders

MAX_CLASSES_NAMED = 3
NO_CLASS = "–"


class FolderColumn(IntEnum):
    FOLDER = 0
    IMAGES = 1
    CLASS = 2


HEADERS = {
    FolderColumn.FOLDER: (mark("folder"), mark("The folders of the dataset.")),
    FolderColumn.IMAGES: (mark("images"), mark("Images in the folder and in all its subfolders.")),
    FolderColumn.CLASS: (mark("class"), mark("The class of its images; in brackets, the classes of its subfolders.")),
}


class FolderTreeModel(NestedRowsModel):
    """One row per folder, below the one that it lies in, in the outline's order."""

    def __init__(self, folders: Sequence[OutlinedFolder], tree_names: dict[str, str], parent: QObject | None = None):
        """
        Args:
            folders: each after the one that it lies in.
            tree_names: what to call each tree's own folder.
        """
        super().__init__([HEADERS[column] for column in FolderColumn], parent)
        self._folders = folders
        self._names = [folder.parts[-1] if folder.parts else tree_names[folder.tree] for folder in folders]
        places = {(folder.tree, folder.parts): place for place, folder in enumerate(folders)}
        self._nest([places[one.tree, one.parts[:-1]] if one.parts else None for one in folders])
        self._images = [folder.images for folder in folders]
        for place, above in reversed(list(enumerate(self._parents))):
            if above is not None:
                self._images[above] += self._images[place]
        self._own: Sequence[str | None] = [None] * len(folders)
        self._below: list[frozenset[str]] = [frozenset()] * len(folders)

    def show_classes(self, mapped: MappedFolders) -> None:
        """Say of each folder which class it is now.

        One signal for all, since a tree of ten thousand folders takes seconds over one for each; a view of the model
        must be painted again as a whole.
        """
        self._own = mapped.classes
        self._below = [frozenset()] * len(self._folders)
        for place, above in reversed(list(enumerate(self._parents))):
            if above is not None:
                own = self._own[place]
                self._below[above] |= self._below[place] | (frozenset([own]) if own else frozenset())
        self.dataChanged.emit(self.index(0, FolderColumn.CLASS), self.index(self.rowCount() - 1, FolderColumn.CLASS))

    def folder(self, index: Index) -> OutlinedFolder:
        """The folder of a row."""
        return self._folders[index.internalId()]

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> object:
        if not index.isValid():
            return None
        place, column = index.internalId(), FolderColumn(index.column())
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(place, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return "/".join(self._folders[place].parts) or self._names[place]
        if role == Qt.ItemDataRole.TextAlignmentRole and column is FolderColumn.IMAGES:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.ForegroundRole and column is FolderColumn.CLASS and self._own[place] is None:
            return QColor(current_theme().muted)
        return None

    def _text(self, place: int, column: FolderColumn) -> str:
        match column:
            case FolderColumn.FOLDER:
                return self._names[place]
            case FolderColumn.IMAGES:
                return number_text(f"{self._images[place]:,}")
            case FolderColumn.CLASS:
                return self._own[place] or _summary(self._below[place])


def _summary(classes: frozenset[str]) -> str:
    """Such as "(normal, sick)"."""
    if not classes:
        return NO_CLASS
    names = sorted(classes)
    more = ", …" if len(names) > MAX_CLASSES_NAMED else ""
    return f"({', '.join(names[:MAX_CLASSES_NAMED])}{more})"
