"""Patterns choose layers by name, the first match decides, and operators are found by the layer that they came from."""

from __future__ import annotations

import re

import pytest

from engine.export.layer_patterns import operators_of, patterns_without_layer, schemes_by_layer

NAMES = ("stem_conv", "stage1_conv", "stage10_conv", "classifier")


def test_the_first_match_decides_and_the_rest_stays_float32() -> None:
    assert schemes_by_layer(NAMES, {"stem_*": "float16", "*_conv": "int8"}) == {
        "stem_conv": "float16",
        "stage1_conv": "int8",
        "stage10_conv": "int8",
        "classifier": "float32",
    }


def test_a_misspelt_pattern_is_found() -> None:
    assert patterns_without_layer(NAMES, ("stage?_*", "Stem_*", "*")) == ["Stem_*"]


@pytest.mark.parametrize(
    ("tensor", "is_of_the_layer"),
    [
        ("model/stage1_conv/Conv2D", True),
        ("model_2/stage1_relu/Relu;model_2/stage1_bn/FusedBatchNormV3;model_2/stage1_conv/Conv2D1", True),
        ("model/stage10_conv/Conv2D", False),
        ("model/my_stage1_conv/Conv2D", False),
        ("PartitionedCall:0", False),
    ],
)
def test_operators_are_found_by_the_whole_layer_name(tensor: str, is_of_the_layer: bool) -> None:
    assert bool(re.search(operators_of("stage1_conv"), tensor)) == is_of_the_layer
