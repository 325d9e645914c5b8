"""The sensitivities of layers as tables in a terminal."""

from __future__ import annotations

from rich.table import Table

from engine.contract.sensitivity import Sensitivity
from engine.language.sentence_recognition import recognised
from engine.language.speech import number_text, tr
from ui.byte_sizes import bytes_text
from ui.counts import counted


def sensitivity_table(found: Sensitivity, scheme: str) -> Table:
    """What one scheme costs: a row per layer, the worst first."""
    table = Table(tr("layer"), title=recognised(found.scheme_titles.get(scheme, scheme)), title_justify="left")
    for head in (
        tr("float32"),
        tr("output range"),
        tr("accuracy drop"),
        tr("SQNR (dB)"),
        tr("KL (nats)"),
    ):
        table.add_column(head, justify="right")
    for layer in found.worst_first(scheme):
        cost, (low, high) = layer.schemes[scheme], layer.range
        decibels = tr("exact") if cost.sqnr_db is None else f"{cost.sqnr_db:.1f}"
        figures = (f"{cost.accuracy_drop:+.4f}", decibels, f"{cost.kl:.2e}")
        values = tr("{low:.3g} to {high:.3g}", low=low, high=high)
        table.add_row(layer.layer, bytes_text(layer.bytes), values, *map(number_text, figures))
    return table


def sensitivity_title(found: Sensitivity) -> str:
    """What was measured, as a sentence."""
    whose = tr("the recipe's {variant}", variant=recognised(found.variant))
    if found.run:
        whose = tr("{name}, {run},", name=found.variant, run=found.run)
    images, calibration = counted(found.images, "validation image"), counted(found.calibration_images, "training image")
    return tr(
        "One layer of {whose} compressed at a time: accuracy {accuracy:.3f} in float32 on {images}; ranges from "
        "{calibration}.",
        whose=whose,
        accuracy=found.accuracy,
        images=images,
        calibration=calibration,
    )
