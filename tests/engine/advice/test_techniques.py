"""The labels that steps give themselves are those by which the papers' techniques are known."""

from __future__ import annotations

from typing import Any

import pytest

from engine.advice.techniques import Technique, technique
from engine.contract.step_parameters import STEP_PARAMETERS
from tests.ui.study_events import variant

PRUNING: dict[str, Any] = {"step": "magnitude_pruning", "sparsity": 0.8}
BY_TAYLOR = PRUNING | {"criterion": "taylor", "schedule": "one_shot"}
CLUSTERS: dict[str, Any] = {"step": "weight_clustering", "clusters": 16}
QAT: dict[str, Any] = {"step": "quantization_aware_training"}
STUDENT: dict[str, Any] = {"step": "knowledge_distillation", "student": "mobilenet_v2"}
NO_TEACHER = STUDENT | {"alpha": 1.0, "hint_weight": 0.0}


def quantized(scheme: str, **more: Any) -> dict[str, Any]:
    return {"step": "post_training_quantization", "scheme": scheme} | more


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([], None),
        ([quantized("float16")], Technique.F16),
        ([quantized("dynamic_range")], None),
        ([quantized("int8")], None),
        ([PRUNING], Technique.PRN),
        ([PRUNING, BY_TAYLOR], Technique.PRN),
        ([PRUNING, quantized("dynamic_range")], Technique.PRQ),
        ([PRUNING, quantized("int8")], None),
        ([QAT, quantized("int8", calibration="mse")], Technique.QAT_INT8),
        ([PRUNING, CLUSTERS, QAT, quantized("int8")], Technique.PCQAT),
        ([STUDENT], Technique.DISTILLED),
        ([STUDENT, quantized("float16")], Technique.DISTILLED),
        ([NO_TEACHER], None),
    ],
)
def test_a_chain_is_what_its_steps_are(steps: list[dict[str, Any]], expected: Technique | None) -> None:
    parameters = [STEP_PARAMETERS[one["step"]].model_validate(one) for one in steps]
    labels = tuple(one.label() for one in parameters)
    assert technique(variant("chain", steps=labels)) is expected, labels
