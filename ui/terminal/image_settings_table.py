"""The table of image settings, for the terminal and as Markdown: tables 3, 4 and 5 of Trad et al. 2022 in one."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table

from engine.contract.measurements import ImageSettingBytes, VariantMeasurement
from engine.contract.run_result import RunResult
from engine.language.speech import mark, number_text, tr

TITLE = mark("Image settings and their baselines")
COLUMNS = (
    mark("images"),
    mark("ratio"),
    mark("space gain"),
    mark("trainable parameters"),
    mark("accuracy (95 % CI)"),
    mark("latency p50, ms"),
    mark("KiB"),
)


def image_settings_table(result: RunResult) -> Table:
    """One row per image setting, with its baseline's figures; sizes in KiB (1024 bytes), latencies in ms."""
    table = Table(title=tr(TITLE), title_justify="left")
    for place, name in enumerate(COLUMNS):
        table.add_column(tr(name), justify="right" if place else "left", overflow="fold")
    for row in _rows(result):
        table.add_row(*row)
    return table


def image_settings_lines(result: RunResult) -> Iterator[str]:
    """The same as lines of Markdown."""
    yield f"## {tr(TITLE)}"
    yield ""
    yield f"| {' | '.join(map(tr, COLUMNS))} |"
    yield f"| --- |{' ---: |' * (len(COLUMNS) - 1)}"
    for row in _rows(result):
        yield f"| {' | '.join(row)} |"


def _rows(result: RunResult) -> Iterator[tuple[str, ...]]:
    baselines = {variant.setting: variant for variant in reversed(result.variants)}
    for setting in result.image_settings:
        yield _cells(setting, baselines[setting.setting])


def _cells(setting: ImageSettingBytes, baseline: VariantMeasurement) -> tuple[str, ...]:
    low, high = baseline.accuracy_ci95
    figures = (
        f"{setting.compression_ratio:.2f} : 1",
        f"{setting.space_gain * 100:.1f} %",
        f"{baseline.trainable_parameters:,}",
        f"{baseline.accuracy:.3f} ({low:.3f}–{high:.3f})",
        f"{baseline.latency_p50_ms:.2f}",
        f"{baseline.model_bytes / 1024:,.1f}",
    )
    return (setting.setting, *map(number_text, figures))
