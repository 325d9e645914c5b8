"""Page 1: folders that can be used, folders that cannot, and looks that are overtaken or stopped."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QListWidget,
    QPushButton,
    QTableWidget,
    QWidget,
)

from engine.contract.dataset_settings import DatasetSettings
from tests.engine.datasets.cifar_archives import (
    CIFAR100_COARSE,
    CIFAR100_FINE,
    cifar10_content,
    cifar100_content,
    write_cifar10_binary,
    write_cifar100_python,
)
from tests.small_study import draw_class_folders
from tests.ui.wizard.conftest import SCAN_MS, OpenWizard
from ui.wizard.dataset.dataset_page import DatasetPage


def _counts(wizard: OpenWizard) -> dict[str, list[str]]:
    table = wizard.child(QTableWidget, "dataset.counts")
    rows = [[table.item(row, column).text() for column in range(4)] for row in range(table.rowCount())]
    return {name: counts for name, *counts in rows}


def test_a_new_user_finds_the_demo(open_wizard: OpenWizard) -> None:
    open_wizard.qtbot.waitUntil(lambda: open_wizard.can_go_on, timeout=SCAN_MS)
    assert _counts(open_wizard) == {"normal": ["280", "60", "60"], "sick": ["280", "60", "60"]}
    pictures = [label for label in open_wizard.wizard.current_page.findChildren(QLabel) if not label.pixmap().isNull()]
    assert len(pictures) == 2 * 4
    assert not open_wizard.child(QLabel, "dataset.message").isVisible()


def test_a_folder_is_counted_shown_and_what_was_skipped_is_listed(open_wizard: OpenWizard, tmp_path: Path) -> None:
    images = draw_class_folders(tmp_path / "images", count=12)
    (images / "sick" / "notes.txt").write_text("no image")
    (images / "sick" / "empty.png").touch()
    open_wizard.open_folder(images)
    open_wizard.qtbot.waitUntil(lambda: open_wizard.can_go_on, timeout=SCAN_MS)
    counts = _counts(open_wizard)
    assert set(counts) == {"normal", "sick"}
    assert sum(int(number) for row in counts.values() for number in row) == 24
    skipped = open_wizard.child(QListWidget, "dataset.skipped")
    assert skipped.isVisible()
    texts = {skipped.item(row).text() for row in range(skipped.count())}
    assert texts == {"sick/empty.png: is empty", "sick/notes.txt: does not have the name of an image file"}


def _empty(folder: Path) -> Path:
    (folder / "a").mkdir(parents=True)
    (folder / "b").mkdir()
    return folder


def _one_class(folder: Path) -> Path:
    shutil.rmtree(draw_class_folders(folder, count=3) / "sick")
    return folder


def _a_file(folder: Path) -> Path:
    folder.mkdir()
    (folder / "image.png").write_bytes(b"x")
    return folder / "image.png"


def _unreadable_class(folder: Path) -> Path:
    for file in (draw_class_folders(folder, count=3) / "sick").iterdir():
        file.write_bytes(b"not a picture")
    return folder


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (_empty, "There are no images in"),
        (_one_class, "only one class"),
        (_a_file, "is a file; choose the folder"),
        (lambda folder: folder / "nowhere", "there is no folder"),
        (_unreadable_class, 'No image of the class "sick" can be read'),
    ],
    ids=["empty", "one class", "a file", "nowhere", "unreadable class"],
)
def test_what_cannot_be_used_is_said_in_a_sentence(
    open_wizard: OpenWizard, tmp_path: Path, make: object, sentence: str
) -> None:
    open_wizard.open_folder(make(tmp_path / "images"))  # type: ignore[operator]
    message = open_wizard.child(QLabel, "dataset.message")
    open_wizard.qtbot.waitUntil(lambda: sentence in message.text(), timeout=SCAN_MS)
    assert message.isVisible()
    assert not open_wizard.can_go_on
    assert _counts(open_wizard) == {}


def test_files_added_later_are_found_by_looking_again(open_wizard: OpenWizard, tmp_path: Path) -> None:
    folder = _one_class(tmp_path / "images")
    open_wizard.open_folder(folder)
    assert "only one class" in open_wizard.wait_for_message("dataset.message")
    shutil.copytree(folder / "normal", folder / "other")
    open_wizard.click("dataset.scan")
    open_wizard.qtbot.waitUntil(lambda: open_wizard.can_go_on, timeout=SCAN_MS)
    assert set(_counts(open_wizard)) == {"normal", "other"}


def test_only_the_last_of_some_folders_counts(open_wizard: OpenWizard, tmp_path: Path, heart_folder: Path) -> None:
    """Each is asked for before the one before it can have answered."""
    others = [draw_class_folders(tmp_path / str(number), count=3) for number in range(3)]
    page = open_wizard.wizard.findChild(DatasetPage)
    answers: list[object] = []
    page._scan.succeeded.connect(answers.append)
    for folder in (*others, heart_folder):
        open_wizard.open_folder(folder)
        page._start_scan()
    open_wizard.qtbot.waitUntil(lambda: open_wizard.can_go_on, timeout=SCAN_MS)
    assert [answer.settings.path for answer in answers] == [str(heart_folder)]  # type: ignore[attr-defined]


def test_a_look_can_be_stopped(open_wizard: OpenWizard) -> None:
    button = open_wizard.child(QPushButton, "dataset.scan")
    open_wizard.qtbot.waitUntil(lambda: open_wizard.can_go_on, timeout=SCAN_MS)
    open_wizard.click("dataset.scan")
    assert button.text() == "S&top"
    assert not open_wizard.can_go_on
    open_wizard.click("dataset.scan")
    assert button.text() == "Re&scan"
    assert "Stopped" in open_wizard.wait_for_message("dataset.message")
    open_wizard.qtbot.wait(300)
    assert not open_wizard.can_go_on
    open_wizard.click("dataset.scan")
    open_wizard.qtbot.waitUntil(lambda: open_wizard.can_go_on, timeout=SCAN_MS)


def _npz(folder: Path) -> Path:
    np.savez(
        folder / "mnist.npz", train_images=np.zeros((9, 8, 8), np.uint8), train_labels=np.arange(9, dtype=np.uint8) % 2
    )
    return folder / "mnist.npz"


@pytest.mark.filterwarnings("ignore:.*QDragEnterEvent:DeprecationWarning")
@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (lambda folder: draw_class_folders(folder / "hearts", count=3), "image_folder"),
        (lambda folder: Path(shutil.make_archive(str(folder / "hearts"), "zip", folder)), "image_folder"),
        (lambda folder: write_cifar100_python(folder, cifar100_content()), "cifar100"),
        (lambda folder: write_cifar10_binary(folder, cifar10_content()).parent, "cifar10"),
        (_npz, "npz"),
    ],
    ids=["folder", "archive", "cifar100", "cifar10", "npz"],
)
def test_what_is_dropped_is_taken_by_the_source_that_knows_it(
    open_wizard: OpenWizard, tmp_path: Path, make: Callable[[Path], Path], kind: str
) -> None:
    dropped = make(tmp_path)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(dropped))])
    page, held = open_wizard.wizard.current_page, (Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    enter = QDragEnterEvent(QPoint(5, 5), Qt.DropAction.CopyAction, data, *held)
    QApplication.sendEvent(page, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(page, QDropEvent(QPoint(5, 5), Qt.DropAction.CopyAction, data, *held))
    dataset = open_wizard.recipe.dataset
    assert (dataset.kind, dataset.path) == (kind, str(dropped))


def test_a_published_archive_has_its_own_settings(open_wizard: OpenWizard, tmp_path: Path) -> None:
    folder = write_cifar100_python(tmp_path, cifar100_content(40))
    archive = shutil.make_archive(str(tmp_path / "cifar-100-python"), "gztar", tmp_path, folder.name)
    assert open_wizard.wizard.findChild(QComboBox, "dataset.labels") is None
    open_wizard.choose("dataset.kind", "cifar100")
    open_wizard.write("dataset.path", archive)
    open_wizard.qtbot.waitUntil(lambda: set(_counts(open_wizard)) == set(CIFAR100_FINE), timeout=SCAN_MS)
    assert not open_wizard.child(QLineEdit, "dataset.test_path").isVisible()
    assert not open_wizard.child(QAbstractButton, "dataset.class_folders").isVisible()
    open_wizard.child(QTableWidget, "dataset.counts").item(0, 0).setCheckState(Qt.CheckState.Unchecked)
    open_wizard.choose("dataset.labels", "coarse")
    open_wizard.qtbot.waitUntil(lambda: set(_counts(open_wizard)) == set(CIFAR100_COARSE), timeout=SCAN_MS)
    assert open_wizard.recipe.dataset.classes == ()
    open_wizard.choose("dataset.kind", "npz")
    assert open_wizard.recipe.dataset.options is None
    assert "choose the NumPy archive" in open_wizard.wait_for_message("dataset.message")


def test_what_a_source_alone_has_is_edited_undone_and_refused(open_wizard: OpenWizard) -> None:
    open_wizard.choose("dataset.kind", "nifti_folder")
    axis = open_wizard.child(QComboBox, "dataset.axis")
    assert (axis.accessibleName(), axis.currentText()) == ("Slices", "as stored")
    open_wizard.choose("dataset.axis", "axial")
    assert open_wizard.recipe.dataset == DatasetSettings(kind="nifti_folder", axis="axial")
    open_wizard.wizard.undo_action.trigger()
    assert axis.currentData() == "stored"
    assert open_wizard.recipe.dataset.options is None
    open_wizard.wizard.redo_action.trigger()
    assert axis.currentData() == "axial"
    open_wizard.write("dataset.slices", "[0.5, 0.2]")
    assert open_wizard.wait_for_message("dataset.message").startswith("Part of the volume: two numbers from 0 to 1")
    open_wizard.write("dataset.test_fraction", "0.3")
    assert open_wizard.recipe.dataset == DatasetSettings(kind="nifti_folder", axis="axial", test_fraction=0.3)
    assert open_wizard.child(QLineEdit, "dataset.slices").text() == "[0.5, 0.2]", "what was refused stays as typed"
    assert not open_wizard.can_go_on
    open_wizard.choose("dataset.kind", "phantom")
    assert open_wizard.wizard.findChild(QLineEdit, "dataset.slices") is None
    assert open_wizard.recipe.dataset == DatasetSettings(test_fraction=0.3)
    open_wizard.qtbot.waitUntil(lambda: open_wizard.can_go_on, timeout=SCAN_MS)


def test_the_tab_key_comes_to_what_a_source_alone_has(open_wizard: OpenWizard) -> None:
    open_wizard.choose("dataset.kind", "nifti_folder")
    widget: QWidget = open_wizard.child(QComboBox, "dataset.kind")
    passed = [widget.objectName()]
    while passed[-1] != "dataset.validation_fraction":
        widget = widget.nextInFocusChain()
        if widget.isVisible() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            passed.append(widget.objectName())
    wanted = ["dataset.labels_csv.browse", "dataset.axis", "dataset.slices", "dataset.validation_fraction"]
    assert [name for name in passed if name != "dataset.class_folders"][-4:] == wanted


def test_a_class_can_be_left_out_and_taken_back(open_wizard: OpenWizard, tmp_path: Path) -> None:
    images = draw_class_folders(tmp_path / "images", count=8)
    shutil.copytree(images / "sick", images / "third")
    open_wizard.open_folder(images)
    open_wizard.qtbot.waitUntil(lambda: len(_counts(open_wizard)) == 3, timeout=SCAN_MS)
    table = open_wizard.child(QTableWidget, "dataset.counts")
    table.item(0, 0).setCheckState(Qt.CheckState.Unchecked)
    assert open_wizard.recipe.dataset.classes == ("sick", "third")
    open_wizard.qtbot.waitUntil(lambda: open_wizard.can_go_on, timeout=SCAN_MS)
    assert _counts(open_wizard)["normal"] == ["–", "–", "–"]
    table.item(0, 0).setCheckState(Qt.CheckState.Unchecked)
    assert table.item(0, 0).checkState() == Qt.CheckState.Checked, "two classes are needed"
    open_wizard.click("dataset.all_classes")
    assert open_wizard.recipe.dataset.classes == ()
    open_wizard.qtbot.waitUntil(lambda: open_wizard.can_go_on, timeout=SCAN_MS)
    assert _counts(open_wizard)["normal"] != ["–", "–", "–"]
    table.item(0, 0).setCheckState(Qt.CheckState.Unchecked)
    open_wizard.qtbot.waitUntil(lambda: open_wizard.can_go_on, timeout=SCAN_MS)
    open_wizard.open_folder(draw_class_folders(tmp_path / "others", count=8))
    open_wizard.qtbot.waitUntil(lambda: set(_counts(open_wizard)) == {"normal", "sick"}, timeout=SCAN_MS)
    open_wizard.wizard.undo_action.trigger()
    open_wizard.qtbot.waitUntil(lambda: len(_counts(open_wizard)) == 3, timeout=SCAN_MS)
    assert _counts(open_wizard)["normal"] == ["–", "–", "–"], "its row is back, and still left out"


def test_a_share_that_is_no_number_keeps_the_page_shut(open_wizard: OpenWizard) -> None:
    open_wizard.qtbot.waitUntil(lambda: open_wizard.can_go_on, timeout=SCAN_MS)
    open_wizard.write("dataset.test_fraction", "much")
    assert open_wizard.wait_for_message("dataset.message").startswith("Test share: ")
    assert not open_wizard.can_go_on
    open_wizard.write("dataset.test_fraction", "0.3")
    open_wizard.qtbot.waitUntil(lambda: open_wizard.can_go_on, timeout=SCAN_MS)
    assert open_wizard.recipe.dataset == DatasetSettings(test_fraction=0.3)
    open_wizard.write("dataset.test_fraction", "much")
    open_wizard.write("dataset.validation_fraction", "0.2")
    open_wizard.qtbot.waitUntil(lambda: open_wizard.wizard.pages[0]._draft.scanned is not None, timeout=SCAN_MS)
    assert open_wizard.wait_for_message("dataset.message").startswith("Test share: ")
    open_wizard.write("dataset.test_fraction", "0.3")
    open_wizard.write("dataset.validation_fraction", "0.15")
    open_wizard.qtbot.waitUntil(lambda: open_wizard.can_go_on, timeout=SCAN_MS)
    assert _counts(open_wizard)["sick"][2] == "120"


def test_an_empty_class_folder_is_left_out_by_a_button(open_wizard: OpenWizard, tmp_path: Path) -> None:
    folder = draw_class_folders(tmp_path / "images", 6)
    (folder / "nothing").mkdir()
    open_wizard.open_folder(folder)
    assert 'The class folder "nothing"' in open_wizard.wait_for_message("dataset.message")
    open_wizard.click("dataset.leave_out")
    open_wizard.qtbot.waitUntil(lambda: open_wizard.can_go_on, timeout=SCAN_MS)
    assert open_wizard.recipe.dataset.classes == ("normal", "sick")
    assert not open_wizard.child(QPushButton, "dataset.leave_out").isVisible()


def test_a_class_of_the_test_folder_only_is_left_out_by_a_button(open_wizard: OpenWizard, tmp_path: Path) -> None:
    for split in ("train", "test"):
        draw_class_folders(tmp_path / "images" / split, 6)
    (tmp_path / "images" / "train" / "sick").rename(tmp_path / "images" / "train" / "ill")
    open_wizard.open_folder(tmp_path / "images")
    assert "has only 0 training images" in open_wizard.wait_for_message("dataset.message")
    assert open_wizard.child(QLabel, "wizard.waits").text() == open_wizard.child(QLabel, "dataset.message").text()
    button = open_wizard.child(QPushButton, "dataset.leave_out")
    assert button.text() == "&Leave sick out"
    open_wizard.click("dataset.leave_out")
    open_wizard.qtbot.waitUntil(lambda: open_wizard.can_go_on, timeout=SCAN_MS)
    assert open_wizard.recipe.dataset.classes == ("ill", "normal")
    findings = open_wizard.child(QListWidget, "images.findings")
    open_wizard.qtbot.waitUntil(
        lambda: any('no test image of "ill"' in findings.item(row).text() for row in range(findings.count())),
        timeout=SCAN_MS,
    )


def test_what_the_page_waits_for_is_not_what_was_said_of_something_else(open_wizard: OpenWizard) -> None:
    page = open_wizard.wizard.current_page
    open_wizard.choose("dataset.kind", "image_folder")
    open_wizard.qtbot.waitUntil(lambda: "being listed" not in page.waits_for(), timeout=SCAN_MS)
    why = page.waits_for()
    page._findings.refused.emit("A classifier needs two classes: these two stay.")  # type: ignore[attr-defined]
    assert page.waits_for() == why
    assert "two classes" not in why


def test_the_last_two_classes_stay_and_say_why(open_wizard: OpenWizard, heart_folder: Path) -> None:
    open_wizard.open_folder(heart_folder)
    table = open_wizard.child(QTableWidget, "dataset.counts")
    open_wizard.qtbot.waitUntil(lambda: table.rowCount() == 2, timeout=SCAN_MS)
    table.item(0, 0).setCheckState(Qt.CheckState.Unchecked)
    assert table.item(0, 0).checkState() == Qt.CheckState.Checked
    assert "needs at least two classes" in open_wizard.wait_for_message("dataset.message")


def test_what_is_left_out_is_not_counted(open_wizard: OpenWizard, tmp_path: Path) -> None:
    folder = draw_class_folders(tmp_path / "images", 12)
    first = sorted((folder / "sick").iterdir())[0]
    for number in range(4):
        (folder / "sick" / f"copy{number}.png").write_bytes(first.read_bytes())
    open_wizard.open_folder(folder)
    table = open_wizard.child(QTableWidget, "dataset.counts")

    def counted() -> int:
        cells = [table.item(row, column) for row in range(table.rowCount()) for column in (1, 2, 3)]
        return sum(int(cell.text()) for cell in cells if cell and cell.text() != "–")

    open_wizard.qtbot.waitUntil(lambda: table.rowCount() == 2 and counted() == 28, timeout=SCAN_MS)
    dataset = open_wizard.recipe.dataset.model_copy(update={"duplicates": "drop"})
    open_wizard.wizard._draft.change(dataset=dataset)
    open_wizard.qtbot.waitUntil(lambda: counted() == 24, timeout=SCAN_MS)


def test_what_nobody_has_chosen_follows_the_images(open_wizard: OpenWizard, tmp_path: Path) -> None:
    """One setting that was touched keeps the others no more from following a folder that is chosen later."""
    noise = np.random.default_rng(3)
    for name in ("red", "blue"):
        (tmp_path / "own" / name).mkdir(parents=True)
        for number in range(8):
            pixels = noise.integers(0, 255, (32, 32, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "own" / name / f"{number}.png")
    images = open_wizard.recipe.images
    open_wizard.wizard._draft.change(images=images.model_copy(update={"scale": "symmetric"}))
    open_wizard.open_folder(tmp_path / "own")
    open_wizard.qtbot.waitUntil(lambda: open_wizard.can_go_on, timeout=SCAN_MS)
    fitted = open_wizard.recipe.images
    assert (fitted.size, fitted.color, fitted.scale, fitted.dwt) == (32, "rgb", "symmetric", None)


def test_redo_brings_the_table_back_after_an_error(open_wizard: OpenWizard, tmp_path: Path) -> None:
    folder = draw_class_folders(tmp_path / "images", 6)
    (folder / "nothing").mkdir()
    open_wizard.open_folder(folder)
    open_wizard.wait_for_message("dataset.message")
    open_wizard.click("dataset.leave_out")
    open_wizard.qtbot.waitUntil(lambda: open_wizard.can_go_on, timeout=SCAN_MS)
    open_wizard.wizard.undo_action.trigger()
    message, table = open_wizard.child(QLabel, "dataset.message"), open_wizard.child(QTableWidget, "dataset.counts")
    open_wizard.qtbot.waitUntil(lambda: message.isVisible() and table.rowCount() == 0, timeout=SCAN_MS)
    open_wizard.wizard.redo_action.trigger()
    open_wizard.qtbot.waitUntil(lambda: table.rowCount() >= 2 and not message.isVisible(), timeout=SCAN_MS)
    assert open_wizard.can_go_on
