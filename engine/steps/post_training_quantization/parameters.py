"""Parameters of post-training quantisation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field

from engine.contract.automatic import AUTO
from engine.contract.document import Document
from engine.contract.step_parameters import StepParameters
from engine.export.layer_patterns import LayerScheme
from engine.steps.post_training_quantization.layers_or_auto import LayersOrAuto

CALIBRATED = ("int8", "int16x8", "mixed")
INTEGER = ("int8", "int16x8")
FEW_BITS = (*CALIBRATED, "int4")
"""In which rounding moves a kernel so far that its biases are worth correcting."""
USUAL_ITERATIONS = 1000
KEPT_IN_FLOATS = frozenset({"float32", "float16"})
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
    layers: LayersOrAuto = Field(
        None,
        title="Layers",
        description="Pattern of layer names → float32, float16, dynamic_range, int8 or int4; the first that matches "
        'decides, and the rest stays float32. Such as { "stem_*" = "float16", "*" = "int8" }. Or "auto": the schemes '
        "that cost least within max_bytes, max_latency or max_accuracy_drop, by the measured sensitivity of layers.",
        json_schema_extra={"shown_for": {"scheme": ["mixed"]}},
    )
    max_bytes: int = Field(
        0,
        ge=0,
        title="Max. bytes of the file",
        description='For layers = "auto": the .tflite is at most so large, and its layers have the schemes that change '
        "the output least. 0: no bound.",
        json_schema_extra={"unit": "bytes", "zero": "no bound", "shown_for": {"scheme": ["mixed"]}},
    )
    max_accuracy_drop: float = Field(
        1.0,
        ge=0.0,
        le=1.0,
        title="Max. accuracy drop",
        description='For layers = "auto": the smallest file that loses at most so much accuracy on 256 validation '
        "images; with max_bytes, an error where both cannot be kept. 1: no bound.",
        json_schema_extra={"shown_for": {"scheme": ["mixed"]}},
    )
    max_latency: float = Field(
        0.0,
        ge=0.0,
        le=2.0,
        title="Max. latency",
        description='For layers = "auto": the file takes at most this share of the float32 file\'s time, timed in turn '
        "on this machine with one thread; its layers have the schemes that change the output least. 0: no bound.",
        json_schema_extra={"zero": "no bound", "shown_for": {"scheme": ["mixed"]}},
    )
    calibration_images: int = Field(
        USUAL_CALIBRATION_IMAGES,
        ge=1,
        le=10_000,
        title="Calibration images",
        description="Training images, the same share of each class, that give the ranges of the activations, the "
        "corrected biases and the learned rounding.",
        json_schema_extra={"unit": "images", "shown_for": {"scheme": list(FEW_BITS)}},
    )
    calibration: Annotated[Literal["minmax", "tight_minmax", "percentile", "mse"], BeforeValidator(_by_its_name)] = (
        Field(
            "minmax",
            title="Calibration",
            description="minmax: from the minimum to the maximum seen, as in TensorFlow's converter, so that both "
            "files predict the same; tight_minmax: without the sums that widen the ranges of a ResNet's branches;"
            " percentile: rare values beyond a percentile are clipped, which leaves finer steps for the rest; "
            "mse: clipped where the mean square error of a tensor's integers is least.",
            json_schema_extra={"shown_for": {"scheme": list(CALIBRATED)}},
        )
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
    io_type: Literal["int8", "uint8"] = Field(
        "int8",
        title="Type of input and output",
        description="Of integers at both ends: int8, as the activations are; uint8: the same shifted by 128, which "
        "cameras give and some accelerators take. Answers are the same.",
        json_schema_extra={"shown_for": {"scheme": ["int8"], "float_io": [False]}},
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
        "at no cost in size or speed (Nagel et al. 2019); most useful for int4.",
        json_schema_extra={"shown_for": {"scheme": list(FEW_BITS)}},
    )

    rounding: Literal["nearest", "adaptive"] = Field(
        "nearest",
        title="Rounding of weights",
        description="nearest: each weight to the nearest integer; adaptive: up or down, as learned layer by layer, so "
        "that each layer's output on the calibration images stays what it was (AdaRound, Nagel et al. 2020); takes "
        "some seconds per layer, and is worth most for int4.",
        json_schema_extra={"shown_for": {"scheme": list(FEW_BITS)}},
    )
    rounding_iterations: int = Field(
        USUAL_ITERATIONS,
        ge=1,
        le=100_000,
        title="Iterations of the rounding",
        description="Steps by which the rounding of each layer is learned.",
        json_schema_extra={"unit": "per layer", "shown_for": {"scheme": list(FEW_BITS), "rounding": ["adaptive"]}},
    )
    weight_ranges: Literal["max", "mse"] = Field(
        "max",
        title="Ranges of weights",
        description="max: the integers reach to the largest weight of each channel; mse: larger weights are clipped "
        "where the mean square error of the channel is least (OCTAV, Sakr et al. 2022); for int4.",
        json_schema_extra={"shown_for": {"scheme": list(FEW_BITS)}},
    )

    lookup_tables: bool = Field(
        False,
        title="Look-up tables",
        description="After weight clustering: a second file for TensorFlow Lite Micro, whose kernels are indices of a "
        "few bits and tables of their values, so that it is small without being zipped. Its arena is larger, and no "
        "other runtime reads it.",
        json_schema_extra={"shown_for": {"scheme": ["int8"]}, "advanced": True},
    )

    @property
    def has_uint8_ends(self) -> bool:
        """Whether input and output are uint8."""
        return self.scheme == "int8" and not self.float_io and self.io_type == "uint8"

    @property
    def chooses(self) -> bool:
        """Whether the schemes of the layers are found by their sensitivity."""
        return self.scheme == "mixed" and self.layers == AUTO

    @property
    def patterns(self) -> Mapping[str, LayerScheme]:
        """Pattern → scheme, where they are given."""
        return self.layers if isinstance(self.layers, dict) else {}

    @property
    def is_bounded(self) -> bool:
        """Whether there is a bound to choose by."""
        return bool(self.max_bytes or self.max_latency) or self.max_accuracy_drop < 1.0

    @property
    def calibrated(self) -> bool:
        """Whether activations become integers, so that their ranges are needed."""
        return self.scheme in INTEGER or self.chooses or (self.scheme == "mixed" and "int8" in self.patterns.values())

    @property
    def rounds_kernels(self) -> bool:
        """Whether there are kernels of few bits, whose ranges, rounding and biases can be chosen with care."""
        if self.scheme == "mixed" and not self.chooses:
            return not KEPT_IN_FLOATS.issuperset(self.patterns.values())
        return self.scheme in FEW_BITS

    @property
    def learns_rounding(self) -> bool:
        return self.rounding == "adaptive" and self.rounds_kernels

    @property
    def clips_weights(self) -> bool:
        return self.weight_ranges == "mse" and self.rounds_kernels

    @property
    def activation_bits(self) -> int:
        """Of an activation that becomes an integer."""
        return 16 if self.scheme == "int16x8" else 8

    def stage_document(self) -> Document:
        # Where the ends are not uint8, as in versions that did not know the setting: their stages stay valid.
        document = super().stage_document()
        return document if self.has_uint8_ends else {name: document[name] for name in document if name != "io_type"}

    def label(self) -> str:
        chosen = ""
        if self.chooses:
            bounds = [f"at most {self.max_bytes:,} bytes"] if self.max_bytes else []
            bounds += [f"at most {self.max_accuracy_drop:g} accuracy lost"] if self.max_accuracy_drop < 1.0 else []
            bounds += [f"at most {self.max_latency:g} of the time"] if self.max_latency else []
            chosen = f", {' and '.join(bounds)}" if bounds else ", automatic"
        options = [
            ("ranges by mse", self.calibrated and self.calibration == "mse"),
            ("clipped weights", self.clips_weights),
            ("learned rounding", self.learns_rounding),
            ("corrected biases", self.bias_correction),
            ("look-up tables", self.lookup_tables),
            ("uint8 ends", self.has_uint8_ends),
        ]
        return ", ".join([self.scheme.replace("_", " ") + chosen, *(name for name, taken in options if taken)])
