"""Page 6: the recipe as text, as a file, its stages, and what keeps it from running."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np
import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QLabel,
    QLineEdit,
    QListWidget,
    QPlainTextEdit,
    QPushButton,
    QSpinBox,
    QTreeWidget,
)
from pytestqt.qtbot import QtBot

from engine.chain.planning import machine_name
from engine.contract.backbone_settings import BackboneSettings
from engine.contract.recipe_file import parse_recipe, read_recipe, recipe_text
from engine.store.locations import Locations
from engine.store.measurement_store import MeasurementStore
from tests.small_study import small_recipe
from tests.ui.wizard.conftest import OpenWizard
from ui.wizard.study_wizard import PAGES, StudyWizard


@pytest.fixture
def review_page(open_wizard: OpenWizard) -> OpenWizard:
    """The last page, over the demo's images."""
    open_wizard.next(4)
    return open_wizard


def _stages(wizard: OpenWizard) -> list[str]:
    baseline = wizard.child(QTreeWidget, "review.plan").topLevelItem(0)
    children = [baseline.child(row) for row in range(baseline.childCount())]
    return [baseline.text(0), *(child.text(0) for child in children)]


def test_the_text_is_the_recipe(review_page: OpenWizard) -> None:
    review_page.write("review.name", "heart study")
    review_page.child(QSpinBox, "review.seed").setValue(11)
    recipe = parse_recipe(review_page.child(QPlainTextEdit, "review.text").toPlainText())
    assert recipe == review_page.recipe
    assert (recipe.name, recipe.seed) == ("heart study", 11)


def test_a_drop_that_the_test_images_cannot_show_is_told(review_page: OpenWizard, qtbot: QtBot) -> None:
    review_page.write("target.max_accuracy_drop", "0.001")
    assert review_page.recipe.target.max_accuracy_drop == 0.001
    findings = review_page.child(QListWidget, "review.findings")

    def texts() -> list[str]:
        return [findings.item(row).text() for row in range(findings.count())]

    qtbot.waitUntil(lambda: any("cannot show that a file loses at most 0.1 points" in one for one in texts()))
    review_page.write("target.max_accuracy_drop", "0.2")
    qtbot.waitUntil(lambda: not any("points" in one for one in texts()))


def test_a_runtime_that_a_chain_will_not_run_on_is_told_where_it_is_asked(
    review_page: OpenWizard, qtbot: QtBot
) -> None:
    findings = review_page.child(QListWidget, "review.findings")

    def said(part: str) -> bool:
        return any(part in findings.item(row).text() for row in range(findings.count()))

    review_page.child(QCheckBox, "target.runs_on.tflm").click()
    assert review_page.recipe.target.runs_on == ("tflm",)
    qtbot.waitUntil(lambda: said('The file of "dynamic range" will not run on TensorFlow Lite Micro'))
    review_page.child(QSpinBox, "target.model_bytes").setValue(10_000)
    qtbot.waitUntil(lambda: said('more than the 9.8 KiB of "Max. file size"'))
    review_page.child(QCheckBox, "target.runs_on.tflm").click()
    qtbot.waitUntil(lambda: not said("TensorFlow Lite Micro"))


def test_a_target_for_a_class_that_does_not_exist_offers_the_nearest(review_page: OpenWizard, qtbot: QtBot) -> None:
    findings = review_page.child(QListWidget, "review.findings")

    def said(part: str) -> bool:
        return any(part in findings.item(row).text() for row in range(findings.count()))

    review_page.write("target.max_recall_drop", "{ sik = 0.01 }")
    assert review_page.recipe.target.max_recall_drop == {"sik": 0.01}
    qtbot.waitUntil(lambda: said('There is no class "sik". Did you mean "sick"?'))
    assert not review_page.can_go_on
    review_page.write("target.max_recall_drop", "{ sick = 0.01 }")
    qtbot.waitUntil(lambda: said('test images of "sick" cannot show that a file loses at most 1 point of recall'))
    line = review_page.child(QLineEdit, "target.max_recall_drop")
    line.selectAll()
    qtbot.keyClick(line, Qt.Key.Key_Backspace)
    assert review_page.recipe.target.max_recall_drop == {}
    qtbot.waitUntil(lambda: not said("of recall"))


def test_the_stages_are_listed_with_their_time(review_page: OpenWizard) -> None:
    assert _stages(review_page) == ["Baseline resnet18 ×0.25", "dynamic range", "int8", "pruning 80 %"]
    told = review_page.child(QLabel, "review.time").text()
    assert told.startswith("about ")
    assert "first estimate for this computer" in told
    assert "MiB on disk; up to" in told


def test_the_stages_of_a_model_file_are_listed_too(review_page: OpenWizard, tmp_path: Path) -> None:
    layers = [
        {"class_name": "InputLayer", "config": {"name": "image", "batch_input_shape": [None, 64, 64, 1]}},
        {"class_name": "GlobalAveragePooling2D", "config": {"name": "mean"}},
        {"class_name": "Dense", "config": {"name": "decision", "units": 2, "activation": "softmax"}},
    ]
    path = tmp_path / "model.h5"
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": {"layers": layers}})
        weights = file.create_group("model_weights")
        weights.attrs["layer_names"] = ["decision"]
        decision = weights.create_group("decision")
        decision["kernel:0"], decision["bias:0"] = np.zeros((1, 2), np.float32), np.zeros(2, np.float32)
        decision.attrs["weight_names"] = ["kernel:0", "bias:0"]
    backbone = BackboneSettings(kind="keras_file", weights=str(path))
    review_page.wizard.set_recipe(review_page.recipe.model_copy(update={"backbone": backbone}))
    review_page.next(4)
    assert _stages(review_page)[1:] == ["dynamic range", "int8", "pruning 80 %"]
    assert review_page.child(QLabel, "review.time").text().startswith("about ")


def test_the_time_is_by_what_earlier_runs_measured(review_page: OpenWizard, tmp_path: Path) -> None:
    locations = Locations(tmp_path / "measured").create()
    MeasurementStore(locations, machine_name()).keep_speed(1e6)
    before = review_page.child(QLabel, "review.time").text()
    review_page.wizard.set_runs_directory(locations.root)
    told = review_page.child(QLabel, "review.time").text()
    assert "by this computer's measured speed" in told
    assert told.split(" (")[0] != before.split(" (")[0]


def test_run_hands_over_the_recipe(review_page: OpenWizard) -> None:
    with review_page.qtbot.waitSignal(review_page.wizard.run_requested) as asked:
        review_page.qtbot.mouseClick(review_page.button(), Qt.MouseButton.LeftButton)
    assert asked.args == [review_page.recipe]
    assert review_page.wizard.isVisible(), "the wizard stays for the next study"


def test_a_finding_is_mended_here_too(review_page: OpenWizard) -> None:
    button = review_page.child(QPushButton, "review.findings.repair1")
    assert button.text() == "Put QAT before int8"
    review_page.click("review.findings.repair1")
    review_page.qtbot.waitUntil(lambda: "QAT" in _stages(review_page))
    assert "quantization_aware_training" in review_page.child(QPlainTextEdit, "review.text").toPlainText()


def test_a_click_on_a_finding_goes_to_its_page(review_page: OpenWizard) -> None:
    training = review_page.recipe.training.model_copy(update={"unfreeze_epoch": 2})
    review_page.wizard.set_recipe(review_page.recipe.model_copy(update={"training": training}))
    review_page.next(4)
    findings = review_page.child(QListWidget, "review.findings")
    item = findings.findItems("nothing to unfreeze", Qt.MatchFlag.MatchContains)[0]
    assert "goes to its page" in item.toolTip()
    place = findings.visualItemRect(item).center()
    review_page.qtbot.mouseClick(findings.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert review_page.wizard.page_number == 2
    review_page.next(2)
    assert review_page.wizard.page_number == PAGES - 1


def test_a_study_needs_a_name(review_page: OpenWizard) -> None:
    line = review_page.child(QLineEdit, "review.name")
    line.selectAll()
    review_page.qtbot.keyClick(line, Qt.Key.Key_Delete)
    assert "no name" in review_page.wait_for_message("wizard.waits")
    assert not review_page.can_go_on
    review_page.qtbot.keyClicks(line, "x")
    assert review_page.can_go_on


def test_a_runs_directory_that_cannot_be_made_is_said_before_anything_starts(
    qtbot: QtBot, settings: QSettings, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("x")
    wizard = StudyWizard(settings, tmp_path / "file" / "runs")
    qtbot.addWidget(wizard)
    wizard.show()
    opened = OpenWizard(qtbot, wizard)
    opened.next(4)
    assert "because a file has that name" in opened.wait_for_message("wizard.waits")
    assert not opened.can_go_on
    wizard.set_runs_directory(tmp_path / "elsewhere")
    assert opened.can_go_on
    wizard.shut_down()


def test_a_recipe_is_saved_and_opened(
    review_page: OpenWizard, tmp_path: Path, heart_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the system's own file dialogue is answered in the user's place."""
    saved = tmp_path / "study.toml"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(saved), ""))
    review_page.click("review.save")
    assert read_recipe(saved) == review_page.recipe
    other = tmp_path / "other.toml"
    other.write_text(recipe_text(small_recipe(heart_folder)), encoding="utf-8")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(other), ""))
    review_page.click("review.open")
    assert review_page.recipe == small_recipe(heart_folder)
    assert review_page.wizard.page_number == 0, "its images are looked at first"
    review_page.next(4)
    assert _stages(review_page) == ["Baseline resnet18 ×0.125", "pruning 75 %"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('schema = 1\nnmae = "x"\n', 'did you mean "name"'),
        ("not = [toml", "a list or table is not closed"),
        ("", "schema = 1"),
    ],
    ids=["misspelt key", "no TOML", "empty"],
)
def test_a_recipe_that_cannot_be_used_is_said_in_a_sentence(
    review_page: OpenWizard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, sentence: str
) -> None:
    before = review_page.recipe
    (tmp_path / "bad.toml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(tmp_path / "bad.toml"), ""))
    review_page.click("review.open")
    assert sentence in review_page.wait_for_message("review.message")
    assert review_page.recipe == before


def test_a_recipe_cannot_be_saved_where_there_is_no_folder(
    review_page: OpenWizard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("x")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "file" / "study.toml"), ""))
    review_page.click("review.save")
    assert "cannot be written" in review_page.wait_for_message("review.message")
