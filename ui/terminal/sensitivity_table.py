"""The sensitivities of layers as tables in a terminal."""

from __future__ import annotations

from rich.table import Table

from engine.contract.sensitivity import Sensitivity
from ui.byte_sizes import bytes_text
from ui.counts import counted


def sensitivity_table(found: Sensitivity, scheme: str) -> Table:
    """What one scheme costs: a row per layer, the worst first."""
    table = Table("layer", title=found.scheme_titles.get(scheme, scheme), title_justify="left")
    for head in ("float32", "output range", "accuracy drop", "SQNR (dB)", "KL (nats)"):
        table.add_column(head, justify="right")
    for layer in found.worst_first(scheme):
        cost, (low, high) = layer.schemes[scheme], layer.range
        decibels = "exact" if cost.sqnr_db is None else f"{cost.sqnr_db:.1f}"
        figures = (f"{cost.accuracy_drop:+.4f}", decibels, f"{cost.kl:.2e}")
        table.add_row(layer.layer, bytes_text(layer.bytes), f"{low:.3g} to {high:.3g}", *figures)
    return table


def sensitivity_title(found: Sensitivity) -> str:
    """What was measured, as a sentence."""
    whose = f"{found.variant}, {found.run}," if found.run else f"the recipe's {found.variant}"
    images, calibration = counted(found.images, "validation image"), counted(found.calibration_images, "training image")
    return (
        f"One layer of {whose} compressed at a time: accuracy {found.accuracy:.3f} in float32 on {images}; ranges from "
        f"{calibration}."
    )
