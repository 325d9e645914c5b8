"""Post-training quantisation: a trained network in smaller numbers, as a `.tflite`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

from engine.contract.errors import NutshellError, PromiseBroken
from engine.contract.events import Notice
from engine.contract.findings import Finding
from engine.contract.runtime import FileForm
from engine.contract.step_parameters import StepParameters
from engine.export.integer_operators import without_integer_operator
from engine.export.layer_patterns import LayerScheme, operators_of, patterns_without_layer, schemes_by_layer
from engine.export.lookup_tables import with_lookup_tables
from engine.export.uint8_ends import with_uint8_ends
from engine.graph.layer_graph import Layer, LayerGraph
from engine.measurement.machine import is_x86
from engine.steps.post_training_quantization.lookup_table_option import found_tables, table_findings
from engine.steps.post_training_quantization.parameters import (
    INTEGER,
    USUAL_CALIBRATION_IMAGES,
    PostTrainingQuantizationParameters,
)
from engine.steps.post_training_quantization.planned_form import planned_form
from engine.steps.post_training_quantization.refinement_findings import refinement_findings
from engine.steps.post_training_quantization.rounding_cost import rounding_seconds
from engine.workbench.kept_promises import check_kept
from engine.workbench.step import Form, Step, StepPlace, Trait

if TYPE_CHECKING:
    from engine.measurement.tflite_file import TfliteFile
    from engine.measurement.tflite_graph import Kernel
    from engine.steps.post_training_quantization.calibration import ActivationRange
    from engine.workbench.network import Network
    from engine.workbench.step_context import StepContext

FEW_CALIBRATION_IMAGES = 50
TRAINED_FOR_INT8 = "quantization_aware_training"
NAMED_LAYERS = 8
TINY_KERNEL_VALUES = 1024
"""Smaller kernels stay float under dynamic range, by either route."""
SENSITIVITY_IMAGES = 256
"""Validation images by which the schemes of layers are chosen and verified."""
CHOSEN_DTYPES = ("float32", "float16", "int8", "int4")
FILE_BYTES_PER_PARAMETER: Mapping[str, float] = {
    "float16": 2.0,
    "dynamic_range": 1.0,
    "int8": 1.0,
    "int16x8": 1.0,
    "int4": 0.5,
    "mixed": 1.0,
}
STORED_AS: Mapping[str, str] = {
    "float32": "float32",
    "float16": "float16",
    "dynamic_range": "int8",
    "int8": "int8",
    "int16x8": "int8",
    "int4": "int4",
}


class PostTrainingQuantization(Step[PostTrainingQuantizationParameters]):
    key: ClassVar[str] = "post_training_quantization"
    title: ClassVar[str] = "Post-training quantisation"
    summary: ClassVar[str] = (
        "Stores weights, and for int8 and int16x8 activations too, in fewer bits, without training. Ends a chain."
    )
    paper: ClassVar[str] = "Garifulla et al. 2022; Lee et al. 2022; Predić et al. 2022; Trad et al. 2022"
    guide: ClassVar[Mapping[str, str]] = MappingProxyType(
        {"Low bits": "low-bits.md", "Sensitivity": "sensitivity.md", "Look-up tables": "look-up-tables.md"}
    )
    Parameters: ClassVar[type[StepParameters]] = PostTrainingQuantizationParameters
    gives: ClassVar[Form] = Form.TFLITE
    overhead_s: ClassVar[float] = 1.0

    def seconds_beside_epochs(self, parameters: PostTrainingQuantizationParameters, before: LayerGraph) -> float:
        if not parameters.learns_rounding:
            return self.overhead_s
        layers = sum(bool(layer.macs) for layer in before.layers)
        return self.overhead_s + rounding_seconds(layers, before.parameters, parameters.rounding_iterations)

    def file_bytes_per_parameter(self, parameters: PostTrainingQuantizationParameters) -> float:
        return FILE_BYTES_PER_PARAMETER[parameters.scheme]

    def file_form(self, parameters: PostTrainingQuantizationParameters, graph: LayerGraph) -> FileForm:
        return planned_form(parameters, graph)

    def findings(self, parameters: PostTrainingQuantizationParameters, place: StepPlace) -> Iterator[Finding]:
        aware = Trait.INT8_ROUNDING in place.made
        if aware and parameters.scheme != "int8":
            message = (
                f"The network was trained for int8 by quantisation-aware training, and {parameters.label()} does "
                'not use this; set scheme = "int8", or remove the quantisation-aware training.'
            )
            yield place.error(message, "scheme", place.set("scheme", "int8", "Quantise to int8"))
        if aware and parameters.bias_correction:
            message = (
                "The network was trained for int8 by quantisation-aware training, which learned its biases with the "
                "rounding; bias_correction does nothing there."
            )
            repair = place.set("bias_correction", False, "Keep the trained biases")
            yield place.warning(message, "bias_correction", repair)
        yield from refinement_findings(parameters, place)
        if parameters.scheme == "mixed" and not parameters.layers:
            message = (
                "The scheme mixed needs to know which layers get which scheme; "
                'add for example layers = { "stem_*" = "float16", "*" = "int8" }.'
            )
            repair = place.set("layers", {"*": "int8"}, "Begin with int8 for every layer")
            yield place.error(message, "layers", repair)
        if parameters.chooses and not parameters.is_bounded:
            message = (
                'layers = "auto" needs a bound to choose the schemes by; add max_bytes, max_latency, or '
                "max_accuracy_drop = 0.01."
            )
            repair = place.set("max_accuracy_drop", 0.01, "Lose at most one percentage point")
            yield place.error(message, "layers", repair)
        if not parameters.chooses and parameters.is_bounded:
            given = {"max_bytes": parameters.max_bytes, "max_latency": parameters.max_latency}
            name = next((name for name, value in given.items() if value), "max_accuracy_drop")
            message = f'{name} applies only to the scheme mixed with layers = "auto"; nothing is chosen here.'
            yield place.warning(message, name)
        if parameters.chooses and parameters.max_latency:
            message = (
                "The latency is timed on this machine, so the same recipe may choose other schemes on another one."
            )
            yield place.note(message, "max_latency")
        if parameters.scheme != "mixed" and parameters.layers:
            scheme = parameters.scheme.replace("_", " ")
            message = f"layers applies only to the scheme mixed, but the scheme is {scheme}."
            yield place.warning(message, "layers", place.set("scheme", "mixed", "Use these layers"))
        if not aware and parameters.calibrated and parameters.calibration_images < FEW_CALIBRATION_IMAGES:
            message = (
                f"{parameters.calibration_images} calibration images may miss the range of rare activations; "
                "Lee et al. 2022 use 100 to 500."
            )
            sentence = f"Calibrate on {USUAL_CALIBRATION_IMAGES} images"
            repair = place.set("calibration_images", USUAL_CALIBRATION_IMAGES, sentence)
            yield place.warning(message, "calibration_images", repair)
        yield from table_findings(parameters, place)
        layers = _layers(place)
        if parameters.scheme == "mixed" and parameters.patterns and layers:
            names, weighted = [layer.name for layer in layers], [layer.name for layer in layers if layer.macs]
            if strange := patterns_without_layer(names, parameters.patterns):
                yield place.error(_no_layer(strange[0], weighted), "layers")
        integers = parameters.scheme in ("int8", "int16x8") and not parameters.float_fallback and not aware
        if integers and (
            left := without_integer_operator(layers, "int8" if parameters.scheme == "int8" else "int16x8")
        ):
            bits = "16-bit" if parameters.scheme == "int16x8" else "8-bit"
            other = "dynamic_range" if without_integer_operator(layers, "int8") else "int8"
            message = (
                f"TensorFlow Lite has no {bits} operator for this network's {left}; choose {other}, or set "
                "float_fallback = true to compute it in floats."
            )
            yield place.error(message, "scheme")
        if parameters.scheme == "int4":
            message = "Four bits per weight without training usually cost accuracy; compare with int8."
            repair = place.set("bias_correction", True, "Correct the biases")
            is_refined = parameters.bias_correction or parameters.learns_rounding
            yield place.note(message, repair=None if is_refined else repair)
        if parameters.scheme == "int8" and not aware:
            message = (
                "int8 without quantisation-aware training costs half a percentage point in Garifulla et al. 2022; "
                "where yours "
                "costs more, put that training before it (Predić et al. 2022)."
            )
            yield place.note(message, repair=place.insert({"step": TRAINED_FOR_INT8}, "Put QAT before int8"))
        if parameters.scheme in INTEGER and is_x86():
            message = (
                "On an x86 processor, such as this machine's, integers may be slower than floats (Predić et al. 2022); "
                "measure on the device that will run the file."
            )
            yield place.note(message)

    def apply(self, parameters: PostTrainingQuantizationParameters, network: Network, context: StepContext) -> bytes:
        content = self._quantised(parameters, network, context)
        if parameters.has_uint8_ends:
            content = with_uint8_ends(content)
        if parameters.lookup_tables:
            context.progress.phase("storing kernels as look-up tables")
            tables = found_tables(content)
            context.found(tables)
            if tables.file_bytes is None:
                message = f"{parameters.label()}: {tables.sentence()}"
                context.trainer.emit(Notice(message=message, severity="warning"))
        return content

    def micro_form(self, parameters: PostTrainingQuantizationParameters, content: bytes) -> bytes | None:
        return with_lookup_tables(content).content if parameters.lookup_tables else None

    def _quantised(
        self, parameters: PostTrainingQuantizationParameters, network: Network, context: StepContext
    ) -> bytes:
        from engine.steps.post_training_quantization.quantizer import QuantizerCannot

        if network.facts.quantization_aware:
            # Fake quantisation brings its own ranges, which only the converter reads.
            return self._converted(parameters, network, context)
        try:
            return self._rewritten(parameters, network, context)
        except QuantizerCannot as error:
            context.progress.phase(f"quantising with TensorFlow's converter, because the quantizer cannot ({error})")
            return self._converted(parameters, network, context)

    def check_promise(self, parameters: PostTrainingQuantizationParameters, network: Network, file: TfliteFile) -> None:
        for kernel in file.kernels:
            promised = _promised_dtypes(parameters, network, kernel)
            if kernel.dtype not in promised:
                raise PromiseBroken(
                    f"{parameters.label()} promised {kernel.name} as {' or '.join(promised)}, and it is "
                    f"{kernel.dtype}; please report this with the run's log."
                )
        if parameters.scheme in INTEGER and not parameters.float_fallback and file.float_operators:
            names = sorted({operator.name for operator in file.operators if operator.computes_in_float})
            raise PromiseBroken(
                f"{parameters.label()} promised integer operators only, and {', '.join(names)} compute in floats; "
                "set float_fallback = true to allow that."
            )
        check_kept(parameters.label(), network, file)

    def _rewritten(
        self, parameters: PostTrainingQuantizationParameters, network: Network, context: StepContext
    ) -> bytes:
        """The shared float32 file, rewritten by the quantizer in a second."""
        from engine.measurement.tflite_file import TfliteFile
        from engine.steps.post_training_quantization.calibration import calibration_record
        from engine.steps.post_training_quantization.quantizer import QuantizerCannot, require_quantizer
        from engine.steps.post_training_quantization.rewriting import Rewriting, activation_ranges_of

        require_quantizer()
        float32 = context.float32_tflite(network)
        images = context.calibration_images(parameters.calibration_images)
        ranges = None
        if parameters.calibrated:
            ranges = activation_ranges_of(parameters, float32, images, context.progress)
        layers = self._layer_schemes(parameters, network, float32, ranges, context)
        rewriting = Rewriting(parameters, layers, ranges, images, context.recipe.seed, context.progress)
        made = rewriting.rewritten(float32)
        if (
            parameters.scheme in INTEGER
            and not parameters.float_fallback
            and TfliteFile.parse(made.content).float_operators
        ):
            raise QuantizerCannot("it left operators in floats")
        if ranges is not None:
            percentile = parameters.percentile if parameters.calibration == "percentile" else None
            record = calibration_record(ranges, parameters.calibration, percentile, len(images))
            context.found(record)
        for one in made.evidence:
            context.found(one)
        return made.content

    def _layer_schemes(
        self,
        parameters: PostTrainingQuantizationParameters,
        network: Network,
        float32: bytes,
        ranges: Mapping[str, ActivationRange] | None,
        context: StepContext,
    ) -> Mapping[str, LayerScheme]:
        """Of a mixed scheme, as patterns say or as measured; else none."""
        if not parameters.chooses:
            return _schemes_by_pattern(parameters, network) if parameters.scheme == "mixed" else {}
        from engine.steps.post_training_quantization.automatic_layers import Bounds, choose_layers
        from engine.steps.post_training_quantization.latency_bound import LatencyBound
        from engine.workbench.timed_share import timed_beside

        assert ranges is not None
        drop = parameters.max_accuracy_drop
        latency = None
        if parameters.max_latency:
            latency = LatencyBound(parameters.max_latency, timed_beside(lambda: float32, context.progress))
        described = context.most_shipped_bytes(float32) - len(float32)
        bounds = Bounds(parameters.max_bytes or None, drop if drop < 1.0 else None, described, latency)
        images = context.validation_images(SENSITIVITY_IMAGES)
        if not len(images):
            raise NutshellError(
                'layers = "auto" verifies its choice on validation images, and there are none; set '
                "dataset.validation_fraction."
            )
        if drop < 1 / len(images):
            message = (
                f"{parameters.label()}: of {len(images)} validation images one is {1 / len(images):.3f} of the "
                f"accuracy, more than max_accuracy_drop = {drop:g}, so the bound is kept to a whole image only; use "
                "more validation images for a finer one."
            )
            context.trainer.emit(Notice(message=message, severity="warning"))
        labels = context.dataset.labels[images.rows]
        layers, found = choose_layers(float32, ranges, images, labels, bounds, context.progress)
        context.found(found)
        return layers

    def _converted(
        self, parameters: PostTrainingQuantizationParameters, network: Network, context: StepContext
    ) -> bytes:
        from engine.export.tflite_conversion import converter_tflite

        scheme = parameters.scheme
        calibrated = parameters.calibrated and not network.facts.quantization_aware
        own_ranges = calibrated and parameters.calibration != "minmax"
        corrected = parameters.bias_correction and not network.facts.quantization_aware
        refined = (parameters.learns_rounding or parameters.clips_weights) and not network.facts.quantization_aware
        if scheme == "int4" or scheme == "mixed" or own_ranges or corrected or refined:
            raise NutshellError(
                "Only ai_edge_quantizer knows int4, mixed schemes, tight ranges, percentiles, ranges of least error, "
                "corrected biases, learned rounding and clipped weights, and it cannot make "
                f"{parameters.label()} of this network; choose another scheme, or "
                'calibration = "minmax", bias_correction = false, rounding = "nearest" and weight_ranges = "max".'
            )
        calibration = None
        if calibrated:
            calibration = context.calibration_images(parameters.calibration_images)
        context.progress.phase("converting")
        return converter_tflite(network.model, scheme, calibration, parameters.float_io, parameters.float_fallback)


def _layers(place: StepPlace) -> tuple[Layer, ...]:
    """The network's layers; none where it cannot be built, which the pre-flight says elsewhere."""
    try:
        return place.graph_before.layers
    except NutshellError:
        return ()


def _no_layer(pattern: str, weighted: list[str]) -> str:
    first = ", ".join(weighted[:NAMED_LAYERS])
    return (
        f"No layer of this network matches the pattern {pattern!r} of layers; "
        f"its {len(weighted)} layers with weights begin with {first} and end with {weighted[-1]}."
    )


def _schemes_by_pattern(parameters: PostTrainingQuantizationParameters, network: Network) -> dict[str, LayerScheme]:
    """The scheme of each layer; those with kernels last, because they decide for what is fused into them."""
    patterns = parameters.patterns
    names = [layer.name for layer in network.model.layers]
    weighted = _weighted_layers(network)
    if strange := patterns_without_layer(names, patterns):
        raise NutshellError(_no_layer(strange[0], weighted))
    return schemes_by_layer(sorted(names, key={*weighted, names[-1]}.__contains__), patterns)


def _weighted_layers(network: Network) -> list[str]:
    from engine.training.kernels import kernels

    return list(kernels(network.model))


def _promised_dtypes(
    parameters: PostTrainingQuantizationParameters, network: Network, kernel: Kernel
) -> tuple[str, ...]:
    """The number types that the kernel may have in the file."""
    scheme: str = parameters.scheme
    if parameters.chooses:
        return CHOSEN_DTYPES
    if scheme == "mixed":
        schemes = schemes_by_layer(_weighted_layers(network), parameters.patterns)
        scheme = next(schemes[name] for name in schemes if re.search(operators_of(name), kernel.name))
    elif scheme == "dynamic_range" and kernel.size < TINY_KERNEL_VALUES:
        return ("int8", "float32")
    if scheme == "int4" and kernel.operator == "DEPTHWISE_CONV_2D":
        return ("int8",)
    return (STORED_AS[scheme],)
