"""Inside the file: what the window shows of a real run's files is what they hold."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QComboBox, QLabel, QSpinBox, QTableWidget
from pytestqt.qtbot import QtBot

from engine.chain.run_directory import RunDirectory
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.events import VariantMeasured
from engine.contract.image_settings import ImageSettings
from engine.contract.recipe import Recipe
from engine.contract.recipe_file import recipe_text
from engine.datasets.cache.preparation import prepare, scan
from engine.datasets.cache.splits import write_split_csv
from engine.datasets.source import Split
from engine.export.feeding_description import described
from engine.feeding.pipeline import fit_pipeline, network_input_shape
from engine.inspection.byte_layout import byte_layout
from engine.inspection.shipped_model import ShippedModel
from engine.measurement.accuracy import both_classes, predicted
from engine.measurement.classification import classify
from engine.store.prediction_file import PREDICTIONS_FILE, Predictions
from tests.tflite_toys import gap_network
from tests.ui.predicted_run import measured
from ui.dashboard.image_dialog import ImageDialog
from ui.dashboard.panels.changed_decisions import ChangedDecisionsPanel
from ui.dashboard.panels.inside_file import InsideFilePanel
from ui.shown_run import ShownRun
from ui.theme import DARK, LIGHT

READ_MS = 15_000
SCHEMES = {"baseline": "", "int8": "int8"}

pytestmark = pytest.mark.usefixtures("no_thread_is_left_behind")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> ShownRun:
    """A run's folder with two real files on drawn hearts."""
    root = tmp_path_factory.mktemp("inside")
    directory = RunDirectory(root / "runs" / "20260131-142501-hearts-3f9a")
    (directory.path / "models").mkdir(parents=True)
    settings, images = DatasetSettings(limit_per_class=30), ImageSettings(size=32, color="grayscale")
    (directory.path / "recipe.toml").write_text(recipe_text(Recipe(dataset=settings, images=images)), encoding="utf-8")
    dataset = prepare(scan(settings, 7), settings, images, 7, root / "images")
    write_split_csv(directory.path / "split.csv", dataset)
    pipeline, rows = fit_pipeline(images, dataset), dataset.splits[Split.TEST]
    outputs = []
    for name, scheme in SCHEMES.items():
        content, feeding = described(gap_network(network_input_shape(images), 2, scheme), pipeline, dataset.classes)
        path = directory.add_model(name, content, feeding)
        outputs.append(classify(path, [pipeline.feed(np.asarray(dataset.images[rows]))]))
    kept = Predictions(
        tuple(dataset.paths[row] for row in rows),
        dataset.labels[rows],
        dataset.classes,
        tuple(SCHEMES),
        np.stack([both_classes(output) for output in outputs]),
        np.stack([predicted(output) for output in outputs]),
    )
    kept.write(directory.path / PREDICTIONS_FILE)
    state = ShownRun(directory.path)
    state.apply_all(VariantMeasured(stage=name, variant=measured(kept, name)) for name in SCHEMES)
    return state


@pytest.fixture
def panel(qtbot: QtBot, run: ShownRun) -> Iterator[InsideFilePanel]:
    panel = InsideFilePanel(LIGHT)
    qtbot.addWidget(panel)
    panel.resize(1000, 700)
    panel.show()
    panel.show_state(run)
    qtbot.waitUntil(lambda: panel.errors.rowCount() > 0, timeout=READ_MS)
    yield panel
    panel.shut_down()


def test_it_shows_where_both_files_look(qtbot: QtBot, panel: InsideFilePanel) -> None:
    said = panel.findChild(QLabel, "dashboard.inside_file.maps.said")
    qtbot.waitUntil(lambda: said.text().startswith("Class activation map of"), timeout=READ_MS)
    assert "16×16 values from the files themselves" in said.text()
    for part in ("image", "baseline", "variant", "difference"):
        assert not panel.findChild(QLabel, f"dashboard.inside_file.maps.{part}").pixmap().isNull()
    panel._on_rank()
    moved = panel.findChild(QTableWidget, "dashboard.inside_file.moved")
    assert panel.predictions is not None
    qtbot.waitUntil(lambda: moved.rowCount() == len(panel.predictions.paths), timeout=READ_MS)
    moved.selectRow(1)
    number = panel.findChild(QSpinBox, "dashboard.inside_file.image")
    assert panel.predictions.paths[number.value() - 1] == moved.item(1, 2).text()


def test_layers_weights_errors_and_bytes_are_those_of_the_files(
    qtbot: QtBot, panel: InsideFilePanel, run: ShownRun
) -> None:
    layers = panel.findChild(QComboBox, "dashboard.inside_file.layer")
    assert [layers.itemText(row) for row in range(layers.count())] == ["1. first", "2. last", "3. head"]
    features = panel.findChild(QLabel, "dashboard.inside_file.features.difference")
    qtbot.waitUntil(lambda: not features.pixmap().isNull(), timeout=READ_MS)
    weights = panel.histogram.tabled()  # type: ignore[misc]
    assert sum(row[2] for row in weights.rows) == sum(row[3] for row in weights.rows) == 3 * 3 * 1 * 8
    layers.setCurrentIndex(1)
    qtbot.waitUntil(lambda: sum(row[2] for row in panel.histogram.tabled().rows) == 3 * 3 * 8 * 12, timeout=READ_MS)  # type: ignore[misc]
    rows = [[panel.errors.item(row, column).text() for column in range(6)] for row in range(panel.errors.rowCount())]
    errors = [float(row[2]) for row in rows if row[1] in ("convolution", "dense")]
    assert len(errors) == 3
    assert errors == sorted(errors)
    assert run.directory is not None
    layout = byte_layout(ShippedModel.open(run.directory / "models" / "int8.tflite"))
    assert len(rows) == len(layout)
    assert not any(row[4] == "–" for row in rows)
    panel.set_theme(DARK)


def test_files_are_not_read_while_nobody_looks(qtbot: QtBot, run: ShownRun) -> None:
    panel = InsideFilePanel(LIGHT)
    qtbot.addWidget(panel)
    panel.show_state(run)
    qtbot.waitUntil(lambda: panel.predictions is not None, timeout=READ_MS)
    qtbot.wait(200)
    assert panel.errors.rowCount() == 0
    panel.show()
    qtbot.waitUntil(lambda: panel.errors.rowCount() > 0, timeout=READ_MS)
    panel.shut_down()


def test_a_file_that_is_gone_is_told(qtbot: QtBot, run: ShownRun, tmp_path: Path) -> None:
    assert run.directory is not None
    copy = tmp_path / "runs" / "moved"
    copy.mkdir(parents=True)
    for name in ("recipe.toml", "split.csv", PREDICTIONS_FILE):
        (copy / name).write_bytes((run.directory / name).read_bytes())
    (copy / "models").mkdir()
    state = ShownRun(copy)
    state.variants = run.variants
    panel = InsideFilePanel(LIGHT)
    qtbot.addWidget(panel)
    panel.show()
    panel.show_state(state)
    message = panel.findChild(QLabel, "dashboard.inside_file.message")
    qtbot.waitUntil(lambda: bool(message.text()), timeout=READ_MS)
    assert "baseline file" in message.text()
    panel.shut_down()


def test_a_changed_decision_is_shown_beside_its_maps(qtbot: QtBot, run: ShownRun, settings: QSettings) -> None:
    panel = ChangedDecisionsPanel(LIGHT, settings)
    qtbot.addWidget(panel)
    panel.show()
    panel.show_state(run)
    qtbot.waitUntil(lambda: panel.predictions is not None, timeout=READ_MS)
    which = panel.findChild(QComboBox, "dashboard.changed_decisions.which")
    which.setCurrentIndex(which.findText("All test images"))
    panel._open(0)
    (dialog,) = panel.findChildren(ImageDialog)
    said = dialog.findChild(QLabel, "image.maps.said")
    qtbot.waitUntil(lambda: said.text().startswith("Class activation map of"), timeout=READ_MS)
    dialog.close()
    panel.shut_down()
