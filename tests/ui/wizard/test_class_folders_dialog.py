"""Classes drawn over a tree of folders: mark, assign, name by pattern, undo, clear; the recipe gets the mapping."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PySide6.QtCore import QItemSelectionModel, QModelIndex, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QDialogButtonBox,
    QLabel,
    QLineEdit,
    QTableWidget,
    QTreeView,
    QTreeWidget,
)
from pytestqt.qtbot import QtBot

from engine.contract.dataset_settings import DatasetSettings
from tests.engine.datasets.test_image_folder import draw_patients, fill
from tests.ui.wizard.conftest import SCAN_MS, OpenWizard
from ui.wizard.dataset.class_folders_dialog import ClassFoldersDialog
from ui.wizard.dataset.class_mapping import assigned, cleared, folder_pattern, with_pattern, without


@dataclass
class OpenDialog:
    """The dialog over a tree, and hands that use it."""

    qtbot: QtBot
    dialog: ClassFoldersDialog
    chosen: list[object]

    @property
    def tree(self) -> QTreeView:
        return self.dialog.findChild(QTreeView, "class_folders.tree")

    def row(self, *names: str) -> QModelIndex:
        """The row of a folder, by the names of all rows from the top."""
        model, index = self.tree.model(), QModelIndex()
        for name in names:
            index = next(
                child for row in range(model.rowCount(index)) if (child := model.index(row, 0, index)).data() == name
            )
        return index

    def mark(self, *rows: tuple[str, ...]) -> None:
        selection = self.tree.selectionModel()
        selection.clear()
        for names in rows:
            flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
            selection.select(self.row(*names), flags)

    def name_class(self, name: str) -> None:
        line = self.dialog.findChild(QComboBox, "class_folders.class").lineEdit()
        line.selectAll()
        self.qtbot.keyClicks(line, name)

    def click(self, name: str) -> None:
        button = self.dialog.findChild(QAbstractButton, f"class_folders.{name}")
        assert button.isEnabled(), f"{name} cannot be pressed"
        self.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        self.wait()

    def wait(self) -> None:
        """Until all that is shown is of the mapping."""
        self.qtbot.waitUntil(lambda: self.dialog.is_up_to_date, timeout=SCAN_MS)

    def can(self, name: str) -> bool:
        return self.dialog.findChild(QAbstractButton, f"class_folders.{name}").isEnabled()

    @property
    def ok(self) -> QAbstractButton:
        return self.dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Ok)

    def assign_pattern(self, pattern: str) -> None:
        line = self.dialog.findChild(QLineEdit, "class_folders.pattern")
        self.qtbot.keyClicks(line, pattern)
        self.click("assign_pattern")

    def class_of(self, *names: str) -> str:
        return self.row(*names).siblingAtColumn(2).data()

    def listed(self) -> dict[str, tuple[str, list[str]]]:
        """Class → its images, and what names its folders."""
        mapping = self.dialog.findChild(QTreeWidget, "class_folders.mapping")
        items = [mapping.topLevelItem(place) for place in range(mapping.topLevelItemCount())]
        return {
            item.text(0): (item.text(1), [item.child(place).text(0) for place in range(item.childCount())])
            for item in items
        }

    def message(self) -> str:
        return self.dialog.findChild(QLabel, "class_folders.message").text()


@pytest.fixture
def patients(tmp_path: Path) -> Path:
    return draw_patients(tmp_path / "MRI")


@pytest.fixture
def open_dialog(qtbot: QtBot, patients: Path, tmp_path: Path) -> Iterator[OpenDialog]:
    fill(tmp_path / "later" / "sick", 4)
    settings = DatasetSettings(kind="image_folder", path=str(patients), validation_path=str(tmp_path / "later"))
    dialog = ClassFoldersDialog(settings, tmp_path / "cache")
    qtbot.addWidget(dialog)
    chosen: list[object] = []
    dialog.mapping_chosen.connect(chosen.append)
    dialog.show()
    opened = OpenDialog(qtbot, dialog, chosen)
    opened.wait()
    yield opened
    dialog.reject()


def test_folders_are_listed_with_counts_and_the_classes_they_are_now(open_dialog: OpenDialog) -> None:
    assert open_dialog.row("MRI").siblingAtColumn(1).data() == "72"
    assert open_dialog.class_of("MRI") == "(hospital_0, hospital_1)"
    assert open_dialog.class_of("MRI", "hospital_0", "patient_0", "MR") == "hospital_0"
    assert open_dialog.row("later (validation)", "sick").siblingAtColumn(1).data() == "4"
    assert not open_dialog.can("assign")


def test_marked_folders_become_a_class_and_patterns_another(open_dialog: OpenDialog) -> None:
    open_dialog.name_class("sick")
    open_dialog.assign_pattern("**/sick*")
    assert "One class is not enough" in open_dialog.message()
    assert not open_dialog.ok.isEnabled()
    open_dialog.name_class("normal")
    open_dialog.mark(("MRI", "hospital_0"), ("MRI", "hospital_1", "patient_1"))
    open_dialog.click("assign")
    assert open_dialog.listed() == {
        "sick": ("28", ["**/sick*"]),
        "normal": ("30", ["hospital_0", "hospital_1/patient_1"]),
    }
    assert open_dialog.class_of("MRI", "hospital_0", "patient_0", "MR", "sick_a") == "sick"
    assert open_dialog.class_of("MRI", "hospital_0", "patient_0", "MR", "localiser") == "normal"
    assert open_dialog.class_of("MRI", "hospital_1") == "(normal, sick)"
    assert open_dialog.message() == "18 images belong to no class and will be left out."
    open_dialog.qtbot.mouseClick(open_dialog.ok, Qt.MouseButton.LeftButton)
    assert open_dialog.chosen == [{"sick": ("**/sick*",), "normal": ("hospital_0", "hospital_1/patient_1")}]


def test_undo_clear_remove_and_cancel(open_dialog: OpenDialog) -> None:
    open_dialog.name_class("a")
    open_dialog.mark(("MRI", "hospital_0", "patient_0"))
    open_dialog.click("assign")
    open_dialog.name_class("b")
    open_dialog.mark(("MRI", "hospital_0"))
    open_dialog.click("assign")
    assert open_dialog.listed() == {"b": ("36", ["hospital_0"])}
    open_dialog.click("undo")
    assert open_dialog.listed() == {"a": ("9", ["hospital_0/patient_0"])}
    open_dialog.mark(("MRI",))
    open_dialog.click("clear")
    assert open_dialog.listed() == {}
    open_dialog.click("undo")
    mapping = open_dialog.dialog.findChild(QTreeWidget, "class_folders.mapping")
    mapping.topLevelItem(0).child(0).setSelected(True)
    open_dialog.click("remove")
    assert open_dialog.listed() == {}
    open_dialog.click("undo")
    open_dialog.click("clear_all")
    assert open_dialog.listed() == {}
    for _ in range(2):
        open_dialog.click("undo")
    assert not open_dialog.can("undo")
    open_dialog.dialog.reject()
    assert open_dialog.chosen == []


@pytest.mark.parametrize(
    ("patterns", "fault"),
    [(("**/nothing",), 'No folder matches "**/nothing" (a)'), (("**/MR", "*/*/M?"), "belongs to both a and b")],
)
def test_what_cannot_be_is_said(open_dialog: OpenDialog, patterns: tuple[str, ...], fault: str) -> None:
    for name, pattern in zip("ab", patterns, strict=False):
        open_dialog.name_class(name)
        open_dialog.assign_pattern(pattern)
    assert fault in open_dialog.message()
    assert not open_dialog.ok.isEnabled()


def test_the_page_takes_the_mapping_and_looks_again(open_wizard: OpenWizard, patients: Path) -> None:
    open_wizard.open_folder(patients)
    open_wizard.qtbot.waitUntil(lambda: open_wizard.can_go_on, timeout=SCAN_MS)
    open_wizard.click("dataset.class_folders")
    dialog = open_wizard.child(ClassFoldersDialog, "class_folders")
    drawn = OpenDialog(open_wizard.qtbot, dialog, [])
    drawn.wait()
    for name in ("sick", "normal"):
        drawn.name_class(name)
        drawn.assign_pattern(f"**/{name}*")
    open_wizard.qtbot.mouseClick(drawn.ok, Qt.MouseButton.LeftButton)
    expected = {"sick": ("**/sick*",), "normal": ("**/normal*",)}
    assert open_wizard.recipe.dataset.class_folders == expected
    table = open_wizard.child(QTableWidget, "dataset.counts")
    open_wizard.qtbot.waitUntil(lambda: open_wizard.can_go_on and table.item(0, 0).text() == "normal", timeout=SCAN_MS)
    assert open_wizard.child(QAbstractButton, "dataset.class_folders").text() == "2 assigned folders. Change…"
    open_wizard.choose("dataset.kind", "phantom")
    assert open_wizard.recipe.dataset == DatasetSettings()
    open_wizard.choose("dataset.kind", "image_folder")
    assert (open_wizard.recipe.dataset.path, open_wizard.recipe.dataset.class_folders) == (str(patients), {})


def test_the_mapping_itself() -> None:
    drawn = assigned({}, [("a",), ("a", "b"), ("c [1]",)], "x")
    assert drawn == {"x": ("a", "c [[]1]")}, "what is below a marked folder needs no mark"
    drawn = with_pattern(drawn, "**/d?", "y")
    assert assigned(drawn, [("a", "e")], "y") == {"x": ("a", "c [[]1]"), "y": ("**/d?", "a/e")}
    assert cleared(drawn, [("c [1]",)]) == {"x": ("a",), "y": ("**/d?",)}
    assert cleared(drawn, [()]) == {"y": ("**/d?",)}, "patterns may name folders that are not meant"
    assert with_pattern(drawn, "a", "y") == {"x": ("c [[]1]",), "y": ("**/d?", "a")}
    assert without(drawn, ["a", "c [[]1]"]) == {"y": ("**/d?",)}
    assert folder_pattern(()) == "."
    assert assigned({"x": (".",)}, [()], "y") == {"y": (".",)}


def test_enter_in_the_class_field_assigns_and_leaves_the_dialogue_open(qtbot: QtBot, heart_folder: Path) -> None:
    dialog = ClassFoldersDialog(DatasetSettings(kind="image_folder", path=str(heart_folder)), heart_folder.parent / "c")
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitUntil(lambda: dialog.is_up_to_date, timeout=20_000)
    tree = dialog.findChild(QTreeView, "class_folders.tree")
    tree.setCurrentIndex(tree.model().index(0, 0, tree.model().index(0, 0)))
    box = dialog.findChild(QComboBox, "class_folders.class")
    box.setFocus()
    qtbot.keyClicks(box, "healthy")
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert dialog.isVisible()
    mapping = dialog.findChild(QTreeWidget, "class_folders.mapping")
    assert mapping.topLevelItemCount() == 1
    assert mapping.topLevelItem(0).text(0).startswith("healthy")
    dialog.reject()
