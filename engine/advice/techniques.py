"""What the papers call a chain: by the labels of its steps, which every run has kept."""

from __future__ import annotations

from enum import StrEnum

from engine.contract.measurements import VariantMeasurement


class Technique(StrEnum):
    """With what it is, in plain words."""

    F16 = "float16"
    PRN = "PRN (pruning)"
    PRQ = "PRQ (pruning, then dynamic range)"
    QAT_INT8 = "int8 after quantisation-aware training"
    PCQAT = "PCQAT (pruning, clustering and quantisation-aware training)"
    DISTILLED = "distillation"


def technique(variant: VariantMeasurement) -> Technique | None:
    """None of the baseline, and of chains that the papers' advice does not name."""
    kinds = tuple(_kind(label) for label in variant.steps)
    # Pruning in several steps is pruning still.
    plain = tuple(kind for place, kind in enumerate(kinds) if place == 0 or kind != kinds[place - 1])
    if "distilled" in plain:
        return Technique.DISTILLED
    return {
        ("float16",): Technique.F16,
        ("pruning",): Technique.PRN,
        ("pruning", "dynamic range"): Technique.PRQ,
        ("QAT", "int8"): Technique.QAT_INT8,
        ("pruning", "clusters", "QAT"): Technique.PCQAT,
        ("pruning", "clusters", "QAT", "int8"): Technique.PCQAT,
    }.get(plain)


def _kind(label: str) -> str:
    """Such as "pruning" of "pruning 2:4 50 %", and "int8" of "int8, learned rounding"."""
    if label.startswith("distilled to "):
        return "distilled"
    if label.endswith(" clusters"):
        return "clusters"
    if label.startswith("pruning "):
        return "pruning"
    return label.partition(",")[0]
