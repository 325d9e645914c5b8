"""The table sorts by number, and what leaves the app is whole: CSV, clipboard and model files."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QLabel, QPushButton, QTableWidget
from pytestqt.qtbot import QtBot

from engine.contract.measurements import MicroFile, SweptEpoch, VariantMeasurement
from engine.contract.runtime_figures import RuntimeFigures
from engine.figures.variant_figures import FIGURES, figures
from engine.figures.variants_csv import variants_csv
from tests.qt_fixtures import Answers
from tests.tflite_toys import gap_network
from tests.ui.study_events import CHAINS, result, variant
from ui.results.micro_dialog import MicroDialog
from ui.results.model_saving import copy_files, planned_copies
from ui.results.results_table import ResultsTable
from ui.shown_run import ShownRun


@pytest.fixture
def run_directory(tmp_path: Path) -> Path:
    """A run's models; the baseline's comes without a JSON file."""
    models = tmp_path / "run" / "models"
    models.mkdir(parents=True)
    for chain in CHAINS:
        (models / f"{chain}.tflite").write_bytes(chain.encode())
        if chain != "baseline":
            (models / f"{chain}.json").write_text(f'{{"of": "{chain}"}}', encoding="utf-8")
    return tmp_path / "run"


@pytest.fixture
def table(qtbot: QtBot, run_directory: Path) -> ResultsTable:
    table = ResultsTable()
    qtbot.addWidget(table)
    table.show_state(state_of(run_directory, *map(variant, CHAINS)))
    table.show()
    return table


def state_of(directory: Path, *variants: VariantMeasurement) -> ShownRun:
    return ShownRun(directory, variants={variant.chain: variant for variant in variants})


def column(title: str) -> int:
    return next(place for place, column in enumerate(FIGURES) if column.title.replace("\n", " ") == title)


def shown(table: ResultsTable, title: str) -> list[str]:
    model = table.view.model()
    return [model.index(row, column(title)).data() for row in range(model.rowCount())]


def press(qtbot: QtBot, table: ResultsTable, name: str) -> str:
    """Returns what the table says then."""
    button, message = table.findChild(QPushButton, f"results.{name}"), table.findChild(QLabel, "results.message")
    assert button is not None
    assert message is not None
    assert button.isEnabled()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    return message.text()


def test_what_a_file_runs_on_is_told_with_its_reason_as_tool_tip(qtbot: QtBot, run_directory: Path) -> None:
    runtimes = {
        "litert": RuntimeFigures(runs=True, agreement=1.0, max_difference=0.0, images=32),
        "tflm": RuntimeFigures(runs=False, reason="TensorFlow Lite Micro has no DEQUANTIZE for float16 values."),
    }
    table = ResultsTable()
    qtbot.addWidget(table)
    table.show_state(state_of(run_directory, variant("baseline"), variant("int8", runtimes=runtimes)))
    assert shown(table, "runs on") == ["–", "LiteRT"]
    assert not table.view.isColumnHidden(column("runs on"))
    told = table.view.model().index(1, column("runs on")).data(Qt.ItemDataRole.ToolTipRole)
    assert told.splitlines() == [
        "LiteRT: runs, with LiteRT's own answers for 32 test images.",
        "TFLM: does not run. TensorFlow Lite Micro has no DEQUANTIZE for float16 values.",
    ]


def test_columns_sort_by_number(qtbot: QtBot, run_directory: Path) -> None:
    table = ResultsTable()
    qtbot.addWidget(table)
    sizes = {"baseline": 9_000 * 1024, "int8": 90_000 * 1024, "PRQ": 800 * 1024}
    table.show_state(state_of(run_directory, *(variant(chain, model_bytes=size) for chain, size in sizes.items())))
    assert shown(table, "size (KiB)") == ["9,000.0", "90,000.0", "800.0"]
    table.view.sortByColumn(column("size (KiB)"), Qt.SortOrder.AscendingOrder)
    assert shown(table, "size (KiB)") == ["800.0", "9,000.0", "90,000.0"]
    table.view.sortByColumn(column("size (× baseline)"), Qt.SortOrder.DescendingOrder)
    assert shown(table, "size (× baseline)") == ["10.00", "1.00", "0.09"]


def test_cells_are_relative_to_the_baseline(table: ResultsTable) -> None:
    assert shown(table, "Δ accuracy (points)")[:2] == ["+0.0", "-1.2"]
    assert shown(table, "accuracy (95 % CI)")[0] == "0.925 (0.885–0.955)"
    assert shown(table, "steps")[2] == "pruning 80 % → dynamic range"


def test_rows_are_named_after_their_chains_in_any_order(table: ResultsTable) -> None:
    table.view.sortByColumn(column("agreement (fraction)"), Qt.SortOrder.AscendingOrder)
    names = [table.view.model().headerData(row, Qt.Orientation.Vertical) for row in range(len(CHAINS))]
    assert names == list(reversed(CHAINS))


def test_every_column_explains_itself(table: ResultsTable) -> None:
    tips = [
        table.view.model().headerData(place, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole)
        for place in range(len(FIGURES))
    ]
    assert all(tip.endswith(".") for tip in tips)
    assert "do not make a .tflite smaller until it is zipped" in tips[column("zipped (KiB)")]


def test_the_chosen_row_stays_chosen_when_figures_come(table: ResultsTable, run_directory: Path) -> None:
    table.view.sortByColumn(column("chain"), Qt.SortOrder.DescendingOrder)
    table.view.selectRow(1)
    (chosen,) = [index.data() for index in table.view.selectionModel().selectedRows()]
    table.show_state(state_of(run_directory, *(variant(chain, latency_p50_ms=3.0) for chain in CHAINS)))
    assert [index.data() for index in table.view.selectionModel().selectedRows()] == [chosen]


NESTED = {
    *("images", "confusion", "per_class", "auc", "threshold", "micro"),
    *("paired", "paired_control", "runtimes", "delegates"),
}
"""One column for each of their figures, where there is one."""
LATER = {"balanced_accuracy", "macro_f1", "mcc", "ece", "log_loss", "seed", "fold", "trial", "validation_accuracy"}
"""Those of predictions, repetitions and searches, which this study does not have."""


def test_the_csv_has_every_figure_with_its_unit(
    qtbot: QtBot, table: ResultsTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "of the study"), ""))
    assert press(qtbot, table, "csv") == f"Exported to {tmp_path / 'of the study.csv'}."
    rows = list(csv.DictReader(io.StringIO((tmp_path / "of the study.csv").read_text(encoding="utf-8"))))
    assert [row["chain"] for row in rows] == list(CHAINS)
    assert rows[2]["steps"] == "pruning 80 % > dynamic range"
    assert rows[2]["model_bytes"] == "746880"
    assert float(rows[0]["accuracy_ci95_low"]) == pytest.approx(0.885)
    plain = {f for f in VariantMeasurement.model_fields if not f.endswith("_ci95") and f not in NESTED | LATER}
    assert plain | {"latency_ratio_ci95_low", "latency_ratio_ci95_high"} <= set(rows[0])


def test_a_csv_of_nothing_is_empty() -> None:
    assert variants_csv(()).strip() == ""


def test_a_saved_model_comes_with_how_to_feed_it(
    qtbot: QtBot, table: ResultsTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = table.findChild(QPushButton, "results.save")
    assert save is not None
    assert not save.isEnabled()
    table.view.selectRow(CHAINS.index("PRQ"))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "for my phone"), ""))
    press(qtbot, table, "save")
    assert (tmp_path / "for my phone.tflite").read_bytes() == b"PRQ"
    assert (tmp_path / "for my phone.json").read_text(encoding="utf-8") == '{"of": "PRQ"}'


def test_a_file_for_micro_is_saved_in_a_folder_beside_it(run_directory: Path, tmp_path: Path) -> None:
    micro = MicroFile(
        file="models/tflm/PRQ-tflm.tflite",
        model_bytes=5,
        zip_bytes=120,
        arena_bytes=2048,
        plain_arena_bytes=1024,
        images=10,
        same_class=10,
    )
    found = variant("PRQ", micro=micro)
    with pytest.raises(FileNotFoundError, match="no longer there"):
        planned_copies(run_directory, found, tmp_path / "mine")
    (run_directory / "models" / "tflm").mkdir()
    (run_directory / micro.file).write_bytes(b"micro")
    copy_files(planned_copies(run_directory, found, tmp_path / "mine"))
    assert (tmp_path / "tflm" / "mine-tflm.tflite").read_bytes() == b"micro"
    assert (tmp_path / "mine.tflite").read_bytes() == b"PRQ"


@pytest.mark.parametrize("answer", [False, True])
def test_nothing_is_overwritten_without_asking(
    qtbot: QtBot,
    table: ResultsTable,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    answer: bool,
    answers: Answers,
) -> None:
    (tmp_path / "PRQ.json").write_text("mine", encoding="utf-8")
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    answers.give(answer)
    press(qtbot, table, "save_all")
    assert "PRQ.json" in answers.asked[0]
    assert (tmp_path / "int8.tflite").exists() == answer
    assert ((tmp_path / "PRQ.json").read_text(encoding="utf-8") == "mine") != answer


def test_saving_where_it_cannot_be_says_so(
    qtbot: QtBot, table: ResultsTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder", encoding="utf-8")
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "file" / "below"))
    said = press(qtbot, table, "save_all")
    assert said.startswith("Not saved: ")
    assert "Choose another place" in said


def test_a_model_that_is_gone_says_so(
    qtbot: QtBot, table: ResultsTable, run_directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (run_directory / "models" / "PRN.tflite").unlink()
    table.view.selectRow(CHAINS.index("PRN"))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "x.tflite"), ""))
    assert "PRN.tflite: it is no longer there" in press(qtbot, table, "save")
    assert not (tmp_path / "x.tflite").exists()


def test_the_file_of_the_chosen_row_can_be_tried(qtbot: QtBot, table: ResultsTable, run_directory: Path) -> None:
    button = table.findChild(QPushButton, "results.try")
    assert button is not None
    assert not button.isEnabled()
    table.view.selectRow(CHAINS.index("PRQ"))
    with qtbot.waitSignal(table.try_requested) as tried:
        press(qtbot, table, "try")
    assert tried.args == [run_directory / "models" / "PRQ.tflite"]


def test_copying_gives_tab_separated_rows(qtbot: QtBot, table: ResultsTable) -> None:
    table.view.setFocus()
    qtbot.waitUntil(table.view.hasFocus)
    qtbot.keyClick(table.view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    lines = QGuiApplication.clipboard().text().split("\n")
    assert len(lines) == 1 + len(CHAINS)
    assert {line.count("\t") for line in lines} == {
        sum(one.is_usual and not one.compares_images for one in FIGURES) - 1
    }
    assert lines[0].startswith("chain\taccuracy (95 % CI)")


def test_the_columns_that_matter_are_shown_and_the_others_can_be(table: ResultsTable) -> None:
    titles = [one.title.split("\n")[0] for place, one in enumerate(FIGURES) if not table.view.isColumnHidden(place)]
    assert titles == [
        "accuracy",
        "Δ accuracy",
        "agreement",
        "size",
        "size",
        "zipped",
        "latency p50",
        "latency",
        "runs on",
        "note",
    ]
    corner = table.findChild(QLabel, "results.corner")
    assert corner is not None
    assert corner.text() == "chain"
    menu = table.findChild(QPushButton, "results.columns").menu()  # type: ignore[union-attr]
    sparsity = next(action for action in menu.actions() if action.text() == "sparsity (fraction)")
    sparsity.trigger()
    assert not table.view.isColumnHidden(column("sparsity (fraction)"))
    sparsity.trigger()
    assert table.view.isColumnHidden(column("sparsity (fraction)"))


def test_the_epoch_sweep_stands_below_the_table(table: ResultsTable, run_directory: Path) -> None:
    line = table.findChild(QLabel, "results.epoch_sweep")
    assert not line.isVisible()
    swept = tuple(
        SweptEpoch(setting=setting, epoch=epoch, accuracy=accuracy, accuracy_ci95=(0.0, 1.0))
        for setting, epoch, accuracy in (("64 px", 1, 0.87), ("64 px", 20, 0.9214), ("32 px", 1, 0.5))
    )
    state = state_of(run_directory, *map(variant, CHAINS))
    state.result = result(run_directory).model_copy(update={"epoch_sweep": swept})
    table.show_state(state)
    assert line.isVisible()
    assert line.text().splitlines() == [
        "baseline (64 px), test accuracy after epoch 1: 0.870, 20: 0.921",
        "baseline (32 px), test accuracy after epoch 1: 0.500",
    ]


def test_a_latency_ratio_that_was_not_measured_is_a_dash(table: ResultsTable) -> None:
    """As of a run that was cancelled before its variants were timed in turn."""
    (ratio,) = figures("latency_ratio")
    timed = variant("int8")
    untimed = timed.model_copy(update={"latency_ratio": 1.0, "latency_ratio_ci95": (1.0, 1.0)})
    assert ratio.text(untimed, variant("baseline")) == "–"
    assert ratio.text(timed, variant("baseline")) != "–"
    header, row = variants_csv([untimed]).splitlines()
    assert "latency_ratio" not in header
    assert "latency_p50_ms" in header
    assert row


def test_boards_and_c_source_of_the_chosen_file(
    qtbot: QtBot, run_directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = gap_network((24, 24, 1), 2, "int8")
    (run_directory / "models" / "int8.tflite").write_bytes(content)
    tried = {"tflm": RuntimeFigures(runs=True, agreement=1.0, max_difference=0.0, arena_bytes=300_000)}
    table = ResultsTable()
    qtbot.addWidget(table)
    table.show_state(state_of(run_directory, variant("baseline"), variant("int8", runtimes=tried)))
    table.show()
    table.choose_variant("int8")
    press(qtbot, table, "micro")
    dialog = table.findChild(MicroDialog)
    boards, save = dialog.findChild(QTableWidget, "micro.boards"), dialog.findChild(QPushButton, "micro.save")
    qtbot.waitUntil(save.isEnabled)
    fits = {boards.item(row, 0).text(): boards.item(row, 4).text() for row in range(boards.rowCount())}
    assert (fits["Arduino Nano 33 BLE Sense"], fits["Nucleo H743ZI"]) == ("no", "yes")
    assert "The arena takes 293.0 KiB, and the RAM has 256 KiB." in boards.item(0, 4).toolTip()
    assert "arena: 293 KiB" in dialog.findChild(QLabel, "micro.says").text()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "c"))
    qtbot.mouseClick(save, Qt.MouseButton.LeftButton)
    said = dialog.findChild(QLabel, "micro.message")
    qtbot.waitUntil(lambda: said.text() == f"Saved in {tmp_path / 'c'}.")
    assert f"g_model[{len(content)}]" in (tmp_path / "c" / "model.cc").read_text(encoding="utf-8")
    dialog.reject()


def test_a_file_that_is_not_for_a_microcontroller_says_why(qtbot: QtBot, run_directory: Path) -> None:
    reason = "TensorFlow Lite Micro has no DEQUANTIZE for float16 values."
    table = ResultsTable()
    qtbot.addWidget(table)
    tried = {"tflm": RuntimeFigures(runs=False, reason=reason)}
    table.show_state(state_of(run_directory, variant("baseline"), variant("int8", runtimes=tried)))
    table.show()
    table.choose_variant("int8")
    press(qtbot, table, "micro")
    dialog = table.findChild(MicroDialog)
    said = dialog.findChild(QLabel, "micro.message")
    qtbot.waitUntil(lambda: reason in said.text())
    assert not dialog.findChild(QPushButton, "micro.save").isEnabled()
    dialog.reject()
