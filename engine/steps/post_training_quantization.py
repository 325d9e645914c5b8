"""Post-training quantisation: a trained network in smaller numbers, as a `.tflite` (papers T, G, P and L)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from engine.contract.errors import PromiseBroken
from engine.contract.findings import Finding, Severity
from engine.contract.step_parameters import StepParameters
from engine.steps.step import Form, Step

if TYPE_CHECKING:
    from engine.chain.bench import Bench
    from engine.chain.network import Network
    from engine.measurement.tflite_file import TfliteFile

CALIBRATED = {"int8", "int16x8"}
FEW_CALIBRATION_IMAGES = 50
TINY_KERNEL_VALUES = 1024
"""Kernels of fewer values may stay float under dynamic range: TFLiteConverter's own limit."""


class PostTrainingQuantizationParameters(StepParameters):
    """Which numbers weights and activations are stored and computed in."""

    key: ClassVar[str] = "post_training_quantization"

    step: Literal["post_training_quantization"] = "post_training_quantization"
    scheme: Literal["float16", "dynamic_range", "int8", "int16x8", "int4"] = Field(
        "dynamic_range",
        title="Scheme",
        description="float16: half the size, safe; dynamic_range: int8 weights, float activations; int8: integers "
        "throughout, calibrated; int16x8: int16 activations, int8 weights; int4: weights of four bits.",
    )
    calibration_images: int = Field(
        200,
        ge=1,
        le=100_000,
        title="Calibration images",
        description="Training images, the same share of each class, that the ranges of activations are taken from.",
        json_schema_extra={"unit": "images", "shown_for": {"scheme": ["int8", "int16x8"]}},
    )
    calibration: Literal["minmax"] = Field(
        "minmax",
        title="Calibration",
        description="Ranges are the least and greatest values seen.",
        json_schema_extra={"shown_for": {"scheme": ["int8", "int16x8"]}},
    )
    float_io: bool = Field(
        True,
        title="Float input and output",
        description="Feed and read floats, and quantise inside; off: the caller quantises, as some accelerators want.",
        json_schema_extra={"shown_for": {"scheme": ["int8", "int16x8"]}},
    )
    float_fallback: bool = Field(
        False,
        title="Float fallback",
        description="Let operators without an integer kernel compute in floats.",
        json_schema_extra={"shown_for": {"scheme": ["int8", "int16x8"]}},
    )

    def label(self) -> str:
        return self.scheme.replace("_", " ")


class PostTrainingQuantization(Step[PostTrainingQuantizationParameters]):
    key: ClassVar[str] = "post_training_quantization"
    title: ClassVar[str] = "Post-training quantisation"
    summary: ClassVar[str] = (
        "Stores weights, and for int8 and int16x8 activations too, in fewer bits, without training. Ends a chain."
    )
    paper: ClassVar[str] = "Trad et al. 2022; Garifulla et al. 2022; Lee et al. 2022"
    Parameters: ClassVar[type[StepParameters]] = PostTrainingQuantizationParameters
    gives: ClassVar[Form] = Form.TFLITE

    def findings(
        self, parameters: PostTrainingQuantizationParameters, earlier: tuple[StepParameters, ...], where: str
    ) -> Iterator[Finding]:
        if parameters.scheme in CALIBRATED and parameters.calibration_images < FEW_CALIBRATION_IMAGES:
            message = (
                f"{parameters.calibration_images} calibration images may miss the range of rare activations; "
                "the papers use 100 to 500."
            )
            yield Finding(severity=Severity.WARNING, where=where, message=message)
        if parameters.scheme == "int4":
            message = "Four bits a weight without training usually cost accuracy; compare with int8."
            yield Finding(severity=Severity.NOTE, where=where, message=message)

    def apply(self, parameters: PostTrainingQuantizationParameters, network: Network, bench: Bench) -> bytes:
        from engine.export.quantizer import quantized, quantizer_available
        from engine.export.tflite_conversion import converter_tflite

        calibration = None
        if parameters.scheme in CALIBRATED and not network.facts.quantization_aware:
            bench.say_phase("calibrating")
            calibration = bench.calibration_images(parameters.calibration_images)
        # Fake quantisation holds its own ranges, and a fallback is the converter's notion: both are its business.
        rewritable = not network.facts.quantization_aware and not parameters.float_fallback
        if rewritable and quantizer_available():
            bench.say_phase("quantising")
            try:
                return quantized(bench.float32_tflite(network), parameters.scheme, calibration, parameters.float_io)
            except (ValueError, RuntimeError, NotImplementedError) as error:
                if parameters.scheme == "int4":
                    raise
                bench.say_phase(f"quantising with the converter, because the quantizer cannot ({error})")
        bench.say_phase("converting")
        scheme = "int8" if parameters.scheme == "int4" else parameters.scheme
        return converter_tflite(network.model, scheme, calibration, parameters.float_io, parameters.float_fallback)

    def check_promise(self, parameters: PostTrainingQuantizationParameters, network: Network, file: TfliteFile) -> None:
        from engine.training.kernels import kernels, zero_count

        stored = {"float16": {"float16"}, "int4": {"int4"}}.get(parameters.scheme, {"int8"})
        for kernel in file.kernels:
            tiny = kernel.size < TINY_KERNEL_VALUES and parameters.scheme != "int8"
            if kernel.dtype not in stored and not tiny:
                raise PromiseBroken(
                    f"{parameters.label()} promised {' or '.join(stored)} kernels, and {kernel.name} is {kernel.dtype}."
                )
        if parameters.scheme in CALIBRATED and not parameters.float_fallback and file.float_operators:
            raise PromiseBroken(
                f"{parameters.label()} promised integer operators only, and {file.float_operators} compute in floats; "
                "set float_fallback = true to allow that."
            )
        if network.facts.pruned_layers and not network.facts.quantization_aware:
            model_kernels = kernels(network.model)
            zeros = zero_count(model_kernels[name] for name in network.facts.pruned_layers)
            if file.zero_kernel_values < zeros:
                raise PromiseBroken(
                    f"{parameters.label()} must keep the {zeros:,} zeros of the pruning, and the file has "
                    f"{file.zero_kernel_values:,}."
                )
