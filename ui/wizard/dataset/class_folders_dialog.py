"""Draws a mapping over a tree of folders: mark some, and say which class they are."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QSplitter,
    QTreeView,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from engine.contract.dataset_settings import DatasetSettings
from engine.datasets.source import OutlinedFolder
from engine.language.speech import mark, number_text, tr
from ui.message_bar import MessageBar
from ui.screen_fit import open_at
from ui.tree_columns import fit_first_column
from ui.wizard.dataset.class_mapping import Patterns, assigned, cleared, with_pattern, without
from ui.wizard.dataset.folder_tree_model import FolderColumn, FolderTreeModel
from workers.folder_outline import MappedFolders, map_folders, outline_folders
from workers.latest_call import LatestCall

WHAT_TO_DO = mark(
    "Select one or more folders, choose or type a class, and press Assign. Everything inside a folder belongs to its "
    "class, except folders assigned otherwise. Without any, each folder at the top is a class."
)
TREE_TITLES = {"path": "", "validation_path": mark(" (validation)"), "test_path": mark(" (test)")}
FEWEST_CLASSES = 2
SIZE = (860, 600)
PATTERN_WIDTH = 150
TREE_WIDTH = 300


class ClassFoldersDialog(QDialog):
    """Edits a copy of the recipe's mapping; it is taken with OK."""

    mapping_chosen = Signal(object)
    """Class → patterns; empty where the folders' own names are the classes."""

    def __init__(self, settings: DatasetSettings, cache: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("class_folders")
        self.setWindowTitle(tr("Which folders are which class?"))
        open_at(self, *SIZE)
        self._settings = settings
        self._patterns: Patterns = dict(settings.class_folders)
        self._earlier: list[Patterns] = []
        self._folders: tuple[OutlinedFolder, ...] = ()
        self._model: FolderTreeModel | None = None
        self._mapped: MappedFolders | None = None
        """What the mapping makes of the folders; None while that is worked out."""
        self._tree = QTreeView(objectName="class_folders.tree", uniformRowHeights=True)
        self._tree.setAccessibleName(tr("Folders"))
        self._tree.setMinimumWidth(TREE_WIDTH)
        self._tree.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self._class = QComboBox(objectName="class_folders.class", editable=True)
        self._class.setAccessibleName(tr("Class"))
        self._class.setPlaceholderText("class")
        self._assign = QPushButton(tr("&Assign"), objectName="class_folders.assign", autoDefault=False)
        self._clear = QPushButton(tr("C&lear"), objectName="class_folders.clear", autoDefault=False)
        self._clear.setToolTip(tr("Remove the assignment of the marked folders and of single folders inside them."))
        self._pattern = QLineEdit(objectName="class_folders.pattern", placeholderText=tr("such as **/sick*"))
        self._pattern.setAccessibleName(tr("Pattern of folders"))
        self._pattern.setMinimumWidth(PATTERN_WIDTH)
        self._pattern.setToolTip(
            tr("* any part of one folder's name, ** any number of folders, ? one letter, [ab] one of some letters.")
        )
        self._assign_pattern = QPushButton(tr("Assi&gn"), objectName="class_folders.assign_pattern", autoDefault=False)
        self._mapping = QTreeWidget(objectName="class_folders.mapping")
        self._mapping.setAccessibleName(tr("Classes and the patterns of their folders"))
        self._mapping.setHeaderLabels([tr("class"), tr("images")])
        self._mapping.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self._mapping.header().setStretchLastSection(False)
        self._mapping.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self._remove = QPushButton(tr("&Remove"), objectName="class_folders.remove", autoDefault=False)
        self._undo = QPushButton(tr("&Undo"), objectName="class_folders.undo", autoDefault=False)
        self._clear_all = QPushButton(tr("Cl&ear all"), objectName="class_folders.clear_all", autoDefault=False)
        self._message = MessageBar("class_folders.message")
        buttons = QDialogButtonBox.StandardButton
        self._buttons = QDialogButtonBox(buttons.Ok | buttons.Cancel)
        self._lay_out()
        self._assign.clicked.connect(self._on_assign)
        self._clear.clicked.connect(lambda: self._change(cleared(self._patterns, self._marked())))
        self._assign_pattern.clicked.connect(self._on_assign_pattern)
        self._pattern.returnPressed.connect(self._on_assign_pattern)
        if line := self._class.lineEdit():
            line.returnPressed.connect(self._on_class_entered)
        self._pattern.textEdited.connect(self._show_what_can_be_done)
        self._class.editTextChanged.connect(self._show_what_can_be_done)
        self._mapping.itemSelectionChanged.connect(self._show_what_can_be_done)
        self._remove.clicked.connect(self._on_remove)
        self._undo.clicked.connect(self._on_undo)
        self._clear_all.clicked.connect(lambda: self._change({}))
        QShortcut(QKeySequence.StandardKey.Undo, self, self._on_undo)
        self._buttons.accepted.connect(self._on_accepted)
        self._buttons.rejected.connect(self.reject)
        self._outline = LatestCall("folder-outline", self)
        self._outline.succeeded.connect(self._on_outlined)
        self._outline.failed.connect(self._message.say)
        self._mapper = LatestCall("class-mapping", self)
        self._mapper.succeeded.connect(self._on_mapped)
        self._mapper.failed.connect(self._message.say)
        for call in (self._outline, self._mapper):
            self.finished.connect(call.shut_down)
        self._message.say(tr("Looking through the folders…"), "hint")
        self._outline.request(partial(outline_folders, settings, cache))
        self._show_mapping()

    @property
    def is_up_to_date(self) -> bool:
        """Whether all that is shown is of the present mapping."""
        return self._mapped is not None

    def _lay_out(self) -> None:
        hint = QLabel(tr(WHAT_TO_DO), wordWrap=True)
        hint.setProperty("role", "hint")
        marked = QHBoxLayout()
        for widget in (self._assign, self._clear):
            marked.addWidget(widget)
        named = QHBoxLayout()
        for widget in (self._pattern, self._assign_pattern):
            named.addWidget(widget)
        form = QFormLayout()
        form.addRow(tr("Class"), self._class)
        form.addRow(tr("Marked folders"), marked)
        form.addRow(tr("Folders named like"), named)
        right = QGroupBox(tr("Classes"))
        inner = QVBoxLayout(right)
        inner.addLayout(form)
        inner.addWidget(self._mapping, 1)
        row = QHBoxLayout()
        for widget in (self._remove, self._undo, self._clear_all):
            row.addWidget(widget)
        inner.addLayout(row)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(self._tree)
        split.addWidget(right)
        split.setSizes([500, 340])
        split.setChildrenCollapsible(False)
        layout = QVBoxLayout(self)
        layout.addWidget(hint)
        layout.addWidget(split, 1)
        layout.addWidget(self._message)
        layout.addWidget(self._buttons)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._model is not None:
            fit_first_column(self._tree)

    def _on_outlined(self, folders: tuple[OutlinedFolder, ...]) -> None:
        self._folders = folders
        names = {tree: Path(getattr(self._settings, tree)).name + tr(title) for tree, title in TREE_TITLES.items()}
        self._model = FolderTreeModel(folders, names, self)
        self._tree.setModel(self._model)
        self._tree.header().setStretchLastSection(False)
        self._tree.setColumnWidth(FolderColumn.CLASS, 130)
        self._tree.expandToDepth(0)
        self._tree.expanded.connect(lambda _: fit_first_column(self._tree))
        fit_first_column(self._tree)
        self._tree.selectionModel().selectionChanged.connect(self._show_what_can_be_done)
        self._show_mapping()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter ends the field that it is typed in, and closes the dialogue from its buttons alone."""
        is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if not is_enter or isinstance(self.focusWidget(), QPushButton):
            super().keyPressEvent(event)

    def _on_class_entered(self) -> None:
        if self._assign.isEnabled():
            self._on_assign()

    def _on_assign(self) -> None:
        self._change(assigned(self._patterns, self._marked(), self._class_name()))

    def _on_assign_pattern(self) -> None:
        if self._assign_pattern.isEnabled():
            self._change(with_pattern(self._patterns, self._pattern.text().strip(), self._class_name()))
            self._pattern.clear()

    def _on_remove(self) -> None:
        gone: list[str] = []
        for item in self._mapping.selectedItems():
            above = item.parent()
            gone += [item.text(0)] if above else self._patterns[item.text(0)]
        self._change(without(self._patterns, gone))

    def _on_undo(self) -> None:
        if self._earlier:
            self._patterns = self._earlier.pop()
            self._show_mapping()

    def _on_accepted(self) -> None:
        self.mapping_chosen.emit(self._patterns)
        self.accept()

    def _change(self, patterns: Patterns) -> None:
        if patterns != self._patterns:
            self._earlier.append(self._patterns)
            self._patterns = patterns
            self._show_mapping()

    def _class_name(self) -> str:
        return self._class.currentText().strip()

    def _marked(self) -> list[tuple[str, ...]]:
        selection = self._tree.selectionModel()
        if selection is None or self._model is None:
            return []
        return [self._model.folder(index).parts for index in selection.selectedRows()]

    def _show_mapping(self) -> None:
        """List the mapping, and ask what it makes of the folders."""
        self._mapped = None
        self._mapping.clear()
        for name, patterns in self._patterns.items():
            item = QTreeWidgetItem(self._mapping, [name])
            item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight)
            for pattern in patterns:
                QTreeWidgetItem(item, [pattern])
        self._mapping.expandAll()
        typed = self._class_name()
        self._class.clear()
        self._class.addItems(sorted(self._patterns))
        self._class.setEditText(typed)
        self._show_what_can_be_done()
        if self._model:
            self._mapper.request(partial(map_folders, self._folders, self._patterns))

    def _on_mapped(self, mapped: MappedFolders) -> None:
        assert self._model is not None, tr("there are folders to map")
        self._mapped = mapped
        self._model.show_classes(mapped)
        self._tree.viewport().update()
        for name in self._patterns:
            for item in self._mapping.findItems(name, Qt.MatchFlag.MatchExactly, 0):
                item.setText(1, number_text(f"{mapped.images.get(name, 0):,}"))
        self._say(mapped.fault, mapped.images.get(None, 0))
        self._show_what_can_be_done()

    def _say(self, fault: str, outside: int) -> None:
        if fault:
            self._message.say(fault)
        elif len(self._patterns) == 1:
            self._message.say(tr("One class is not enough; mark folders of a second one."), "warning")
        elif outside:
            self._message.say(
                tr("{outside:,} images belong to no class and will be left out.", outside=outside), "hint"
            )
        else:
            self._message.say("")

    def _show_what_can_be_done(self, *_: object) -> None:
        named, marked = bool(self._class_name()), bool(self._marked())
        pattern = self._pattern.text().strip()
        self._assign.setEnabled(named and marked)
        self._clear.setEnabled(marked and bool(self._patterns))
        self._assign_pattern.setEnabled(named and bool(pattern.strip("/")) and ".." not in pattern.split("/"))
        self._remove.setEnabled(bool(self._mapping.selectedItems()))
        self._undo.setEnabled(bool(self._earlier))
        self._clear_all.setEnabled(bool(self._patterns))
        usable = self._mapped is not None and not self._mapped.fault and len(self._patterns) != 1
        self._buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(usable)
