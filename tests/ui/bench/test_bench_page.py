"""The test bench with real files: answers side by side, at once, cancellable, and kept as CSV."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QSettings, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QDialogButtonBox,
    QFileDialog,
    QLabel,
    QListWidget,
    QPlainTextEdit,
    QPushButton,
    QTableView,
    QTreeWidget,
    QWidget,
)
from pytestqt.qtbot import QtBot

from engine.contract.recipe import Recipe
from engine.contract.recipe_file import recipe_text
from engine.store.database import open_database
from engine.store.locations import Locations
from engine.store.run_history import RunState, record_end, record_start
from tests.shipped_toys import SCHEMES
from tests.tflite_toys import gap_network
from ui.bench.answers_model import DISAGREE, WRONG, Order
from ui.bench.bench_page import NO_IMAGES, NO_MODELS, BenchPage
from ui.bench.feeding_dialog import FeedingDialog
from ui.bench.run_models_dialog import RunModelsDialog
from ui.main_window import MainWindow

Toys = dict[str, Path]
ANSWERED_MS = 20_000

pytestmark = pytest.mark.usefixtures("no_thread_is_left_behind")


@pytest.fixture
def page(qtbot: QtBot, settings: QSettings, tmp_path: Path) -> BenchPage:
    return open_page(qtbot, settings, tmp_path)


def open_page(qtbot: QtBot, settings: QSettings, tmp_path: Path) -> BenchPage:
    page = BenchPage(settings, Locations(tmp_path / "runs"))
    qtbot.addWidget(page, before_close_func=lambda closing: closing.shut_down())
    page.resize(900, 640)
    page.show()
    return page


def wait(qtbot: QtBot, page: BenchPage) -> None:
    qtbot.waitUntil(lambda: not page.is_busy, timeout=ANSWERED_MS)


def child(page: QWidget, kind: type, name: str) -> QWidget:
    found = page.findChild(kind, name)
    assert found is not None, name
    return found


def cells(page: BenchPage) -> list[list[str]]:
    model = child(page, QTableView, "bench.table").model()
    return [[str(model.index(row, at).data()) for at in range(model.columnCount())] for row in range(model.rowCount())]


def press(qtbot: QtBot, page: BenchPage, name: str) -> None:
    qtbot.mouseClick(child(page, QPushButton, f"bench.{name}"), Qt.MouseButton.LeftButton)


def test_what_to_do_is_said_first(qtbot: QtBot, page: BenchPage, shipped_toys: Toys) -> None:
    status = child(page, QLabel, "bench.status")
    assert status.text() == NO_MODELS
    page.take([shipped_toys["int8"]])
    wait(qtbot, page)
    assert status.text() == NO_IMAGES


def test_models_answer_side_by_side(qtbot: QtBot, page: BenchPage, shipped_toys: Toys, heart_folder: Path) -> None:
    page.take([*shipped_toys.values(), heart_folder])
    wait(qtbot, page)
    shown = cells(page)
    assert len(shown) == sum(1 for _ in heart_folder.rglob("*.png"))
    assert {len(row) for row in shown} == {1 + len(SCHEMES)}
    model = child(page, QTableView, "bench.table").model()
    headings = [model.headerData(at, Qt.Orientation.Horizontal) for at in range(1, 5)]
    assert [heading.splitlines()[0] for heading in headings] == list(SCHEMES)
    assert all("accuracy 0." in heading for heading in headings)
    first = page.answers.images[0].answers[0]
    assert first is not None
    assert f"{first.class_name}" in shown[0][1]
    assert f"{first.probability:.2f} · " in shown[0][1]
    # The first image is chosen, and stands large beside the bars of each model.
    bars = [one for one in page.findChildren(QWidget) if one.accessibleName().startswith("normal 0.")]
    qtbot.waitUntil(lambda: page._panel._picture._array is not None)
    assert len(bars) == len(SCHEMES)
    # Where each has looked follows.
    maps = page.findChildren(QLabel, "bench.map")
    qtbot.waitUntil(lambda: all(one.isVisible() for one in maps), timeout=ANSWERED_MS)
    assert len(maps) == len(SCHEMES)


def test_images_that_need_a_second_look_come_first(
    qtbot: QtBot, page: BenchPage, shipped_toys: Toys, heart_folder: Path, tmp_path: Path
) -> None:
    turned = json.loads(shipped_toys["float32"].with_suffix(".json").read_text())
    other = tmp_path / "turned.tflite"
    content = shipped_toys["float32"].read_bytes()
    other.write_bytes(content[: content.rfind(b"PK\x03\x04", 0, content.rfind(b"PK\x03\x04"))])
    turned["classes"].reverse()
    other.with_suffix(".json").write_text(json.dumps(turned))
    page.take([shipped_toys["float32"], other, heart_folder])
    wait(qtbot, page)
    answers = page.answers
    assert answers.disagreements == len(answers.images)
    assert all(row[0].startswith(DISAGREE) for row in cells(page))
    view, order = child(page, QTableView, "bench.table"), child(page, QComboBox, "bench.order")
    view.selectRow(5)
    chosen = view.currentIndex().data()
    order.setCurrentIndex(order.findData(Order.UNSURE))
    assert view.selectionModel().selectedRows()[0].data() == chosen
    margins = [view.model().image(row).least_margin for row in range(len(answers.images))]
    assert margins == sorted(margins)
    order.setCurrentIndex(order.findData(Order.WRONG))
    assert any(text.startswith(WRONG) for text in cells(page)[0])
    assert any("unsure: 0.5" in text for row in cells(page) for text in row)
    assert (
        f"models disagree on {len(answers.images)}, unsure on {answers.unsure}"
        in child(page, QLabel, "bench.status").text()
    )


def test_answers_are_saved_as_csv(
    qtbot: QtBot,
    page: BenchPage,
    shipped_toys: Toys,
    heart_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no image")
    page.take([shipped_toys["int8"], heart_folder, broken])
    wait(qtbot, page)
    message = child(page, QLabel, "bench.message")
    assert message.text() == "Skipped: broken.png cannot be read as an image."
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "seen"), ""))
    press(qtbot, page, "csv")
    qtbot.waitUntil(lambda: message.text() == f"Saved {tmp_path / 'seen.csv'}.")
    rows = list(csv.DictReader((tmp_path / "seen.csv").open(encoding="utf-8")))
    assert len(rows) == len(page.answers.images) + 1
    assert rows[-1]["skipped"] == "cannot be read as an image"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(broken / "below.csv"), ""))
    press(qtbot, page, "csv")
    qtbot.waitUntil(lambda: message.text().startswith("Not saved: "))


def test_long_work_is_cancelled_and_what_was_answered_stays(
    qtbot: QtBot, page: BenchPage, shipped_toys: Toys, tmp_path: Path
) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    noise = np.random.default_rng(1).integers(0, 256, (1000, 1000, 3), dtype=np.uint8)
    Image.fromarray(noise).save(folder / "0.png")
    for number in range(1, 300):
        (folder / f"{number}.png").hardlink_to(folder / "0.png")
    page.take([shipped_toys["int8"], folder])
    qtbot.waitUntil(lambda: len(page.answers.images) > 2, timeout=ANSWERED_MS)
    assert page.is_busy
    assert child(page, QPushButton, "bench.cancel").isVisible()
    press(qtbot, page, "cancel")
    assert not page.is_busy
    count = len(page.answers.images)
    qtbot.wait(300)
    assert len(page.answers.images) == count < 300
    assert child(page, QLabel, "bench.status").text().startswith("Cancelled: ")
    # What was asked last is answered, and nothing of what was asked before.
    page.take([folder / "0.png"])
    page.take([folder / "1.png"])
    wait(qtbot, page)
    assert [Path(image.path).name for image in page.answers.images] == ["1.png"]


def test_a_file_that_says_nothing_asks(
    qtbot: QtBot, page: BenchPage, heart_folder: Path, tmp_path: Path, settings: QSettings
) -> None:
    bare = tmp_path / "bare.tflite"
    bare.write_bytes(gap_network((24, 24, 1), classes=2))
    page.take([bare, heart_folder])
    dialog = asked(qtbot, page)
    ok = dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Ok)  # type: ignore[union-attr]
    assert not ok.isEnabled()
    child(dialog, QPlainTextEdit, "feeding.classes").setPlainText("normal\nsick\n")
    assert ok.isEnabled()
    qtbot.mouseClick(ok, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(page.answers.images) > 0 and not page.is_busy, timeout=ANSWERED_MS)
    assert page.answers.models[0].classes == ("normal", "sick")
    page.shut_down()
    # What was said is remembered.
    again = open_page(qtbot, settings, tmp_path)
    qtbot.waitUntil(lambda: len(again.answers.images) > 0, timeout=ANSWERED_MS)
    assert again.answers.models[0].classes == ("normal", "sick")


def test_who_does_not_know_takes_the_model_off_again(qtbot: QtBot, page: BenchPage, tmp_path: Path) -> None:
    bare = tmp_path / "bare.tflite"
    bare.write_bytes(gap_network((24, 24, 1), classes=2))
    page.take([bare])
    asked(qtbot, page).reject()
    wait(qtbot, page)
    assert page._models.chosen == ()


def test_the_json_that_came_with_a_model_says_it(
    qtbot: QtBot,
    page: BenchPage,
    shipped_toys: Toys,
    heart_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bare = tmp_path / "bare.tflite"
    bare.write_bytes(gap_network((24, 24, 1), classes=2))
    page.take([bare, heart_folder / "sick"])
    dialog = asked(qtbot, page)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(bare), ""))
    button = child(dialog, QPushButton, "feeding.json")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert "does not say how to feed a model" in child(dialog, QLabel, "feeding.message").text()
    beside = shipped_toys["int8"].with_suffix(".json")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(beside), ""))
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(page.answers.images) > 0, timeout=ANSWERED_MS)
    assert page.answers.models[0].classes == ("normal", "sick")
    wait(qtbot, page)


def asked(qtbot: QtBot, page: BenchPage) -> FeedingDialog:
    qtbot.waitUntil(lambda: bool(page.findChildren(FeedingDialog)), timeout=ANSWERED_MS)
    (dialog,) = page.findChildren(FeedingDialog)
    assert dialog.isVisible()
    return dialog


def test_a_model_that_cannot_be_used_is_told_beside_its_name(
    qtbot: QtBot, page: BenchPage, shipped_toys: Toys, heart_folder: Path, tmp_path: Path
) -> None:
    damaged = tmp_path / "damaged.tflite"
    damaged.write_bytes(b"nothing at all")
    page.take([damaged, shipped_toys["int8"], heart_folder / "sick"])
    wait(qtbot, page)
    models = child(page, QListWidget, "bench.models")
    assert "damaged.tflite is no .tflite file" in models.item(0).text()
    assert [model.name for model in page.answers.models] == ["int8"]


def test_models_are_taken_off_by_button_and_key(qtbot: QtBot, page: BenchPage, shipped_toys: Toys) -> None:
    page.take([shipped_toys[scheme] for scheme in ("float32", "int8", "float16")])
    wait(qtbot, page)
    models = child(page, QListWidget, "bench.models")
    models.setCurrentRow(1)
    press(qtbot, page, "remove")
    assert [model.path.stem for model in page._models.chosen] == ["float32", "float16"]
    models.setFocus()
    models.setCurrentRow(0)
    qtbot.waitUntil(models.hasFocus)
    qtbot.keyClick(models, Qt.Key.Key_Delete)
    assert [model.path.stem for model in page._models.chosen] == ["float16"]
    wait(qtbot, page)


def test_models_of_finished_runs_are_chosen_from_a_list(
    qtbot: QtBot, page: BenchPage, shipped_toys: Toys, heart_folder: Path
) -> None:
    locations = page.locations.create()
    for run in ("one", "two"):
        models = locations.runs / run / "models"
        models.mkdir(parents=True)
        (locations.runs / run / "recipe.toml").write_text(recipe_text(Recipe(name=run)))
        for scheme in ("float32", "int8"):
            (models / f"{scheme}.tflite").write_bytes(shipped_toys[scheme].read_bytes())
        with open_database(locations.database) as database:
            record_start(database, run, f"study {run}")
            record_end(database, run, RunState.DONE)
    press(qtbot, page, "add_runs")
    (dialog,) = page.findChildren(RunModelsDialog)
    tree = child(dialog, QTreeWidget, "run_models.tree")
    qtbot.waitUntil(lambda: tree.topLevelItemCount() == 2)
    for place in range(2):
        tree.topLevelItem(place).child(1).setCheckState(0, Qt.CheckState.Checked)
    dialog._buttons.button(QDialogButtonBox.StandardButton.Ok).click()
    page.show_images([heart_folder / "sick"])
    wait(qtbot, page)
    assert [model.name for model in page.answers.models] == ["int8 (study two)", "int8 (study one)"]


# In the window.
@pytest.fixture
def window(qtbot: QtBot, settings: QSettings, tmp_path: Path) -> MainWindow:
    window = MainWindow(settings, tmp_path / "runs")
    qtbot.addWidget(window, before_close_func=lambda closing: closing.wizard.shut_down())
    window.show()
    return window


def drop(window: MainWindow, *paths: Path) -> bool:
    """Whether the window took it."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    held = (Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    enter = QDragEnterEvent(QPoint(5, 5), Qt.DropAction.CopyAction, data, *held)
    QApplication.sendEvent(window, enter)
    QApplication.sendEvent(window, QDropEvent(QPoint(5, 5), Qt.DropAction.CopyAction, data, *held))
    return enter.isAccepted()


@pytest.mark.filterwarnings("ignore:.*QDragEnterEvent:DeprecationWarning")
def test_what_is_dropped_on_the_window(
    qtbot: QtBot, window: MainWindow, shipped_toys: Toys, heart_folder: Path
) -> None:
    assert drop(window, shipped_toys["int8"], shipped_toys["float32"])
    page = window._bench
    assert page is not None
    assert page.isVisible()
    wait(qtbot, page)
    image = next((heart_folder / "sick").iterdir())
    assert drop(window, image)
    wait(qtbot, page)
    assert [one.path for one in page.answers.images] == [str(image)]
    assert drop(window, heart_folder)
    wait(qtbot, page)
    assert len(page.answers.images) == sum(1 for _ in heart_folder.rglob("*.png"))
    # Elsewhere a folder of images begins a study.
    window._stack.show_start()
    assert drop(window, heart_folder)
    assert window.wizard.isVisible()
    window.close()


def test_the_menu_the_start_page_and_f1_lead_there(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.mouseClick(child(window, QPushButton, "start.bench"), Qt.MouseButton.LeftButton)
    assert window._bench is not None
    assert window._bench.isVisible()
    window._stack.show_start()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    qtbot.keyClick(window, Qt.Key.Key_B, Qt.KeyboardModifier.ControlModifier)
    assert window._bench.isVisible()
    qtbot.keyClick(window, Qt.Key.Key_F1)
    assert window._help is not None
    assert window._help._text.document().firstBlock().text() == "The test bench"
    window._help.close()
    window.close()


FOUR_ANSWERS = """
import json, sys, time
from pathlib import Path
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication
from ui.lasting_constants import make_constants_last
from ui.main_window import MainWindow
make_constants_last()
application = QApplication([])
folder, image, models = Path(sys.argv[1]), Path(sys.argv[2]), [Path(name) for name in sys.argv[3:]]
window = MainWindow(QSettings(str(folder / "s.ini"), QSettings.Format.IniFormat), folder / "runs")
window.show()
page = window.show_bench()
application.processEvents()
begin, longest = time.perf_counter(), 0.0
page.take([*models, image])
while page.is_busy and time.perf_counter() - begin < 30:
    turn = time.perf_counter()
    application.processEvents()
    longest = max(longest, time.perf_counter() - turn)
    time.sleep(0.001)
took = time.perf_counter() - begin
answers = [answer.class_name for answer in page.answers.images[0].answers]
window.close()
loaded = [name for name in ("tensorflow", "tf_keras", "keras") if name in sys.modules]
print(json.dumps({"seconds": took, "answers": answers, "loaded": loaded, "longest_turn_s": longest}))
"""


def test_four_files_answer_within_a_second_and_tensorflow_is_never_loaded(
    checkout: Path, shipped_toys: Toys, heart_folder: Path, tmp_path: Path
) -> None:
    image = next((heart_folder / "sick").iterdir())
    command = [sys.executable, "-c", FOUR_ANSWERS, tmp_path, image, *shipped_toys.values()]
    done = subprocess.run(
        list(map(str, command)), cwd=checkout, capture_output=True, text=True, timeout=120, check=True
    )
    said = json.loads(done.stdout.splitlines()[-1])
    assert len(said["answers"]) == len(SCHEMES)
    assert said["loaded"] == []
    assert said["seconds"] < 1.0, said
    sys.stdout.write(f"{said}\n")
