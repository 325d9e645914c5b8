"""A run that compares image settings: each row is held against its own baseline, and the settings sort by number."""

from __future__ import annotations

import csv
import io

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot
from rich.console import Console

from engine.contract.image_settings import ImageGrid, ImageSettings
from engine.contract.measurements import (
    DatasetSummary,
    ImageBytes,
    ImageFidelity,
    ImageSettingBytes,
    Spread,
    VariantMeasurement,
)
from engine.contract.recipe import Recipe
from engine.contract.run_result import RunResult
from engine.figures.variant_figures import FIGURES
from engine.figures.variants_csv import variants_csv
from tests.ui.results.test_results_table import column, shown
from tests.ui.study_events import variant
from ui.results.results_table import ResultsTable
from ui.shown_run import ShownRun
from ui.terminal.image_settings_table import image_settings_table
from ui.terminal.markdown_table import markdown_page
from ui.terminal.variants_table import variants_table

HEADS = {224: 25_089, 64: 2_049}


def bytes_at(side: int) -> ImageBytes:
    after = 1000 * side
    return ImageBytes(
        bytes_before=448_000, bytes_after=after, compression_ratio=448 / side, space_gain=1 - after / 448_000
    )


def variants() -> tuple[VariantMeasurement, ...]:
    """A baseline and an int8 file at each of two sizes."""
    return tuple(
        variant(
            chain, setting=f"{side} px", images=bytes_at(side), trainable_parameters=head, accuracy=0.9 - loss,
            model_bytes=4_000 * side // divisor,
        )
        for side, head in HEADS.items()
        for chain, divisor, loss in (("baseline", 1, 0.0), ("int8", 4, 64 / side / 10))
    )  # fmt: skip


@pytest.fixture
def table(qtbot: QtBot) -> ResultsTable:
    table = ResultsTable()
    qtbot.addWidget(table)
    table.show_state(ShownRun(variants={one.name: one for one in variants()}))
    table.show()
    return table


def test_each_row_is_held_against_the_baseline_of_its_setting(table: ResultsTable) -> None:
    assert shown(table, "size (× baseline)") == ["1.00", "0.25", "1.00", "0.25"]
    assert shown(table, "Δ accuracy (points)") == ["+0.0", "-2.9", "+0.0", "-10.0"]
    names = [table.view.model().headerData(row, Qt.Orientation.Vertical) for row in range(4)]
    assert names == ["baseline (224 px)", "int8 (224 px)", "baseline (64 px)", "int8 (64 px)"]


def test_ratio_gain_and_head_stand_beside_the_figures(table: ResultsTable) -> None:
    assert shown(table, "image ratio (: 1)") == ["2.00", "2.00", "7.00", "7.00"]
    assert shown(table, "image gain (%)") == ["50.0", "50.0", "85.7", "85.7"]
    assert shown(table, "trainable (count)")[::2] == ["25,089", "2,049"]


def test_settings_sort_by_number_and_show_only_where_there_are_several(table: ResultsTable) -> None:
    table.view.sortByColumn(column("images"), Qt.SortOrder.AscendingOrder)
    assert shown(table, "images") == ["64 px", "64 px", "224 px", "224 px"]
    hidden = [place for place, one in enumerate(FIGURES) if one.compares_images]
    assert len(hidden) == 3
    assert not any(table.view.isColumnHidden(place) for place in hidden)
    table.show_state(ShownRun(variants={"baseline": variant("baseline"), "int8": variant("int8")}))
    assert all(table.view.isColumnHidden(place) for place in hidden)


def test_the_chosen_row_is_that_of_its_setting(table: ResultsTable) -> None:
    table.view.selectRow(3)
    later = {one.name: one.model_copy(update={"latency_p50_ms": 1.5}) for one in variants()}
    table.show_state(ShownRun(variants=later))
    assert [index.row() for index in table.view.selectionModel().selectedRows()] == [3]


def test_the_csv_says_setting_ratio_and_gain() -> None:
    rows = list(csv.DictReader(io.StringIO(variants_csv(variants()))))
    assert [row["setting"] for row in rows] == ["224 px", "224 px", "64 px", "64 px"]
    assert [float(row["images_compression_ratio"]) for row in rows] == [2.0, 2.0, 7.0, 7.0]
    assert float(rows[2]["images_space_gain"]) == pytest.approx(1 - 64 / 448)
    assert [row["trainable_parameters"] for row in rows][::2] == ["25089", "2049"]


def test_the_csv_has_what_only_some_settings_have() -> None:
    spread = Spread(mean=34.5, least=33.0, greatest=36.0)
    fidelity = ImageFidelity(images=8, identical=0, psnr_db=spread, ssim=Spread(mean=0.9, least=0.8, greatest=1.0))
    saved = bytes_at(64).model_copy(update={"jpeg_fidelity": fidelity})
    several = [variant("baseline", setting="no JPEG", images=bytes_at(64)), variant("int8", images=saved)]
    plain, compressed = csv.DictReader(io.StringIO(variants_csv(several)))
    assert (plain["images_jpeg_fidelity_psnr_db_mean"], plain["images_space_gain"]) == (
        "", compressed["images_space_gain"],
    )  # fmt: skip
    assert compressed["images_jpeg_fidelity_psnr_db_mean"] == "34.5"


def test_the_terminal_prints_the_settings_with_their_baselines() -> None:
    settings = tuple(
        ImageSettingBytes(
            **bytes_at(side).model_dump(), setting=f"{side} px", settings=ImageSettings(size=side).model_dump()
        )
        for side in HEADS
    )
    dataset = DatasetSummary(classes=("a", "b"), train=8, validation=2, test=2)
    result = RunResult(
        run="r", directory="d", dataset=dataset, images=settings[0], image_settings=settings, variants=variants()
    )
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(image_settings_table(result))
    console.print(variants_table(result))
    text = console.export_text()
    (line,) = [line for line in text.splitlines() if line.startswith("│ 64 px")]
    for figure in ("7.00 : 1", "85.7 %", "2,049", "0.900", "250.0"):
        assert figure in line
    assert "int8 (224 px)" in text
    page = markdown_page(Recipe(name="grid", images=ImageGrid(size=((224, 224), (64, 64)))), result)
    assert "| 64 px | 7.00 : 1 | 85.7 % | 2,049 | 0.900" in page
