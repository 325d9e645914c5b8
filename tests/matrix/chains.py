"""The columns of the matrix: every registered step by itself, and the longest chain of the papers."""

from __future__ import annotations

from typing import Any, get_args

from engine.contract.recipe import DatasetSettings
from engine.contract.step_parameters import StepParameters
from engine.workbench.step import STEPS

QUICK: dict[str, Any] = {
    "epochs": 1,
    "rounds": 2,
    "clusters": 16,
    "calibration_images": 8,
    "student": "resnet8",
    "student_width": 0.5,
    "control": False,
    "multiple_of": 1,
    "criterion_images": 8,
    "dataset": DatasetSettings(limit_per_class=12),
}
"""Values for the parameters of a step that has them: as little training as it takes."""
OF_STEP: dict[str, dict[str, Any]] = {"channel_pruning": {"rounds": 1}}
"""Step → what is quicker for it alone."""
BEFORE = {"sparse_transfer": "magnitude_pruning"}
"""Step → what it has no meaning without."""
LAYERS_OF_MIXED = {"classifier": "float16", "*": "int8"}

Chain = tuple[StepParameters, ...]


def chains() -> dict[str, Chain]:
    """Title → steps; a step that has schemes is a column a scheme."""
    columns: dict[str, Chain] = {}
    for key in STEPS:
        fields = STEPS[key].Parameters.model_fields
        schemes = get_args(fields["scheme"].annotation) if "scheme" in fields else (None,)
        for scheme in schemes:
            chain: Chain = (quick(key, **({"scheme": scheme} if scheme else {})),)
            if key in BEFORE:
                chain = (quick(BEFORE[key]), *chain)
            columns[_title(chain)] = chain
    longest = (
        pcqat(),
        *after_channel_pruning(),
        (quick("low_rank"), quick("post_training_quantization", scheme="int8")),
    )
    return columns | {_title(chain): chain for chain in longest}


def after_channel_pruning() -> tuple[Chain, ...]:
    """Every later step on the smaller network: int8 at once, and with all that Predić et al. 2022 do before it."""
    smaller = quick("channel_pruning")
    return (smaller, quick("post_training_quantization", scheme="int8")), (smaller, *pcqat(training=False))


def pcqat(training: bool = True) -> Chain:
    """Prune, cluster keeping the zeros, train for int8 keeping both, quantise (Predić et al. 2022).

    Args:
        training: also after pruning and clustering; without it they only remove and share.
    """
    pruning = {} if training else {"schedule": "one_shot", "epochs": 0}
    clustering = {} if training else {"epochs": 0}
    return (
        quick("magnitude_pruning", **pruning),
        quick("weight_clustering", **clustering),
        quick("quantization_aware_training"),
        quick("post_training_quantization", scheme="int8"),
    )


def _title(chain: Chain) -> str:
    return " → ".join(parameters.label() for parameters in chain)


def quick(key: str, **given: Any) -> StepParameters:
    """The step's defaults, except for what is quicker or given."""
    declared = STEPS[key].Parameters
    values = {name: value for name, value in QUICK.items() if name in declared.model_fields}
    values |= OF_STEP.get(key, {}) | given
    if values.get("scheme") == "mixed":
        values["layers"] = LAYERS_OF_MIXED
    return declared(**values)
