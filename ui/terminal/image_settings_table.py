"""The table of image settings as the command line prints it: tables 3, 4 and 5 of Trad et al. 2022 in one."""

from __future__ import annotations

from rich.table import Table

from engine.contract.measurements import ImageSettingBytes, RunResult, VariantMeasurement


def image_settings_table(result: RunResult) -> Table:
    """One row an image setting, with its baseline's figures; sizes in KiB (1024 bytes), latencies in ms."""
    table = Table(title="Image settings and their baselines", title_justify="left")
    table.add_column("images", overflow="fold", min_width=9)
    for name in ("ratio", "space\ngain", "trainable\nparameters", "accuracy\n(95 % CI)", "p50\nms", "size\nKiB"):
        table.add_column(name, justify="right", no_wrap=True)
    baselines = {variant.setting: variant for variant in reversed(result.variants)}
    for setting in result.image_settings:
        table.add_row(*_cells(setting, baselines[setting.setting]))
    return table


def _cells(setting: ImageSettingBytes, baseline: VariantMeasurement) -> tuple[str, ...]:
    low, high = baseline.accuracy_ci95
    return (
        setting.setting,
        f"{setting.compression_ratio:.2f} : 1",
        f"{setting.space_gain * 100:.1f} %",
        f"{baseline.trainable_parameters:,}",
        f"{baseline.accuracy:.3f} ({low:.3f}–{high:.3f})",
        f"{baseline.latency_p50_ms:.2f}",
        f"{baseline.model_bytes / 1024:,.1f}",
    )
