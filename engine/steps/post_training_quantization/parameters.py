"""Parameters of post-training quantisation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field

from engine.contract.step_parameters import StepParameters
from engine.export.layer_patterns import LayerScheme

CALIBRATED = ("int8", "int16x8", "mixed")
INTEGER = ("int8", "int16x8")
FEW_BITS = (*CALIBRATED, "int4")
"""In which rounding moves a kernel so far that its biases are worth correcting."""
USUAL_CALIBRATION_IMAGES = 200
OTHER_NAMES: Mapping[str, str] = {"tflite_converter": "minmax"}
"""What recipes may call a method besides its name."""


def _by_its_name(method: object) -> object:
    return OTHER_NAMES.get(method, method) if isinstance(method, str) else method


class PostTrainingQuantizationParameters(StepParameters):
    """The number types in which weights and activations are stored and computed."""

    key: ClassVar[str] = "post_training_quantization"

    step: Literal["post_training_quantization"] = "post_training_quantization"
    scheme: Literal["float16", "dynamic_range", "int8", "int16x8", "int4", "mixed"] = Field(
        "dynamic_range",
        title="Scheme",
        description="float16: half the size, safe; dynamic_range: int8 weights, float activations; int8: integers "
        "throughout, calibrated; int16x8: int16 activations, int8 weights; int4: weights of four bits (int8 where "
        "depthwise), widened when the file is loaded; mixed: one scheme per layer.",
    )
    layers: dict[str, LayerScheme] | None = Field(
        None,
        title="Layers",
        description="Pattern of layer names → float32, float16, dynamic_range, int8 or int4; the first that matches "
        'decides, and the rest stays float32. Such as { "stem_*" = "float16", "*" = "int8" }.',
        json_schema_extra={"shown_for": {"scheme": ["mixed"]}},
    )
    calibration_images: int = Field(
        USUAL_CALIBRATION_IMAGES,
        ge=1,
        le=10_000,
        title="Calibration images",
        description="Training images, the same share of each class, that give the ranges of the activations and the "
        "corrected biases."
        "",
        json_schema_extra={"unit": "images", "shown_for": {"scheme": list(FEW_BITS)}},
    )
    calibration: Annotated[Literal["minmax", "tight_minmax", "percentile"], BeforeValidator(_by_its_name)] = Field(
        "minmax",
        title="Calibration",
        description="minmax: from the minimum to the maximum seen, as in TensorFlow's converter, so that both files "
        "predict the same; tight_minmax: without the sums that widen the ranges of a ResNet's branches;"
        " percentile: rare values beyond a percentile are clipped, which leaves finer steps for the rest.",
        json_schema_extra={"shown_for": {"scheme": list(CALIBRATED)}},
    )
    percentile: float = Field(
        99.99,
        ge=90.0,
        lt=100.0,
        title="Percentile",
        description="Values of an activation beyond it, at either end, are clipped.",
        json_schema_extra={"unit": "%", "shown_for": {"scheme": list(CALIBRATED), "calibration": ["percentile"]}},
    )
    float_io: bool = Field(
        True,
        title="Float input and output",
        description="Input and output are floats, quantised inside the model; off: they are integers, as some "
        "accelerators need.",
        json_schema_extra={"shown_for": {"scheme": list(INTEGER)}},
    )
    float_fallback: bool = Field(
        False,
        title="Float fallback",
        description="Let operators without an integer kernel compute in floats; off: such a network is an error.",
        json_schema_extra={"shown_for": {"scheme": list(INTEGER)}},
    )

    bias_correction: bool = Field(
        False,
        title="Bias correction",
        description="Correct the biases for the shift that rounding the kernels causes in the mean of each channel, "
        "at no cost in size or speed (Nagel et al. 2019); most useful for int4."
        "",
        json_schema_extra={"shown_for": {"scheme": list(FEW_BITS)}},
    )

    @property
    def calibrated(self) -> bool:
        """Whether activations become integers, so that their ranges are needed."""
        return self.scheme in INTEGER or (self.scheme == "mixed" and "int8" in (self.layers or {}).values())

    def label(self) -> str:
        return self.scheme.replace("_", " ") + (", corrected biases" if self.bias_correction else "")
