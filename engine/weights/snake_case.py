"""The name that Keras gives a class in its files."""

from __future__ import annotations

import re


def snake_case(class_name: str) -> str:
    """Such as "depthwise_conv2d" for "DepthwiseConv2D"."""
    apart = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", class_name))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", apart).lower()
