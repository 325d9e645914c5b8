"""Chains that the papers ran, ready to add; only those whose steps there are."""

from __future__ import annotations

from dataclasses import dataclass

from engine.contract.recipe import ChainSettings
from engine.contract.step_parameters import STEP_PARAMETERS

PTQ = "post_training_quantization"
PRUNING = "magnitude_pruning"

ChainDocument = tuple[str, tuple[dict[str, object], ...]]


@dataclass(frozen=True)
class Preset:
    """Some chains under one title."""

    title: str
    summary: str
    documents: tuple[ChainDocument, ...]

    def chains(self) -> tuple[ChainSettings, ...]:
        """New chains, as a recipe holds them."""
        return tuple(ChainSettings(name=name, steps=steps) for name, steps in self.documents)

    @property
    def available(self) -> bool:
        """Whether this program has all of its steps."""
        return all(step["step"] in STEP_PARAMETERS for _, steps in self.documents for step in steps)


def _ptq(scheme: str) -> dict[str, object]:
    return {"step": PTQ, "scheme": scheme}


def _pruned(sparsity: float, **more: object) -> dict[str, object]:
    return {"step": PRUNING, "sparsity": sparsity, **more}


PRESETS: tuple[Preset, ...] = (
    Preset(
        "Dynamic range (Trad et al. 2022)",
        "Weights int8, activations float.",
        (("dynamic range", (_ptq("dynamic_range"),)),),
    ),
    Preset(
        "Three quantisations (Garifulla et al. 2022)",
        "Dynamic range, float16 and full integer int8.",
        (("dynamic range", (_ptq("dynamic_range"),)), ("float16", (_ptq("float16"),)), ("int8", (_ptq("int8"),))),
    ),
    Preset(
        "Table of quantising and pruning (Lee et al. 2022)",
        "BLQ, FIQ, F16, PRN and PRQ beside the float baseline.",
        (
            ("BLQ", (_ptq("dynamic_range"),)),
            ("FIQ", (_ptq("int8"),)),
            ("F16", (_ptq("float16"),)),
            ("PRN", (_pruned(0.8),)),
            ("PRQ", (_pruned(0.8), _ptq("dynamic_range"))),
        ),
    ),
    Preset(
        "Integer types (Predić et al. 2022)",
        "Float16, 16×8 and full int8.",
        (("FP16", (_ptq("float16"),)), ("INT16", (_ptq("int16x8"),)), ("INT8", (_ptq("int8"),))),
    ),
    Preset(
        "One shot, 95 % (Kharitonov 2024)",
        "All small weights at once, then fine-tuning.",
        (("one shot 95 %", (_pruned(0.95, schedule="one_shot", epochs=10),)),),
    ),
    Preset(
        "Iterative to 99.5 % (Kharitonov 2024)",
        "Six rounds that each remove an equal share of what remains.",
        (("iterative 99.5 %", (_pruned(0.995, schedule="iterative", start_sparsity=0.95, rounds=6, epochs=3),)),),
    ),
)

FIRST_CHAINS = Preset(
    "Where to begin",
    "Quantised, quantised throughout, and pruned before.",
    (
        ("dynamic range", (_ptq("dynamic_range"),)),
        ("int8", (_ptq("int8"),)),
        ("pruned + dynamic range", (_pruned(0.8), _ptq("dynamic_range"))),
    ),
)
"""What a new user finds."""


def available_presets() -> tuple[Preset, ...]:
    """Those whose steps this program has."""
    return tuple(preset for preset in PRESETS if preset.available)
