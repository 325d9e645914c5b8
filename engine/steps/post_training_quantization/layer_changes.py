"""One layer alone in fewer bits, by the rewriter that makes the files that ship."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from engine.inspection.layer_sensitivity import CannotChange, LayerChange, LayerOperator
from engine.steps.post_training_quantization.calibration import ActivationRange
from engine.steps.post_training_quantization.quantizer import QuantizerCannot, quantized

QuantisedScheme = Literal["int8", "int4", "float16"]


def layer_in(scheme: QuantisedScheme, ranges: Mapping[str, ActivationRange]) -> LayerChange:
    """Makes a layer's operator what `quantized_by_layer` makes of it in the whole file.

    int8: weights per channel, and activations over their ranges; int4 and float16: weights only, int4 per channel
    (int8 where depthwise).

    Args:
        ranges: of every activation of the whole network, by `used_ranges`.
    """

    def change(operator: LayerOperator) -> bytes:
        try:
            return quantized(operator.content, scheme, ranges)
        except QuantizerCannot as error:
            raise CannotChange(f"the quantizer cannot ({error})") from error

    return change
