"""The name of a file's last operator, by which its scheme is chosen."""

from __future__ import annotations

import re

import pytest

from engine.export.layer_patterns import OUTPUT_OPERATOR


@pytest.mark.parametrize("name", ["PartitionedCall:0", "StatefulPartitionedCall:0;", "Identity", "Identity_1;"])
def test_the_output_is_found(name: str) -> None:
    assert re.search(OUTPUT_OPERATOR, name)


@pytest.mark.parametrize(
    "name", ["network/stem_conv/Conv2D;PartitionedCall/network/stem_conv/Conv2D1", "network/Identity/Relu"]
)
def test_a_layer_that_the_converter_found_in_a_function_is_no_output(name: str) -> None:
    """EfficientNet's swish is one: its layers took the output's scheme."""
    assert not re.search(OUTPUT_OPERATOR, name)
