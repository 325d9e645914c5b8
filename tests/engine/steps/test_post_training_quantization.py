"""Post-training quantisation keeps its promise by either route, and says beforehand what cannot work."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest

from engine.contract.errors import NutshellError, PromiseBroken, RecipeError
from engine.contract.evidence import Evidence
from engine.contract.findings import Severity
from engine.contract.progress import Progress
from engine.contract.recipe_file import parse_recipe, recipe_text
from engine.contract.repairs import SetValue
from engine.contract.step_parameters import StepParameters
from engine.export.feeding_description import described
from engine.export.tflite_conversion import converter_tflite, float32_tflite
from engine.measurement.tflite_file import TfliteFile
from engine.steps.post_training_quantization.evidence import CalibrationRecord, LearnedRounding, MixedPrecision
from engine.steps.post_training_quantization.parameters import PostTrainingQuantizationParameters
from engine.steps.post_training_quantization.step import PostTrainingQuantization
from engine.steps.quantization_aware_training.step import QuantizationAwareTrainingParameters
from engine.steps.weight_clustering.step import WeightClusteringParameters
from engine.workbench.network import Network
from engine.workbench.step_context import StepContext
from tests.step_place import after

STEP = PostTrainingQuantization()


def parameters(**given: object) -> PostTrainingQuantizationParameters:
    return PostTrainingQuantizationParameters.model_validate({"calibration_images": 20} | given)


def apply(context: StepContext, network: Network, **given: object) -> TfliteFile:
    """Apply the step, hold its promise against the file, and give the file."""
    chosen = parameters(**given)
    file = TfliteFile.parse(STEP.apply(chosen, network, context))
    STEP.check_promise(chosen, network, file)
    return file


@pytest.mark.parametrize("scheme", ["float16", "dynamic_range", "int8", "int16x8", "int4"])
def test_every_scheme_keeps_its_promise(small_context: StepContext, trained_network: Network, scheme: str) -> None:
    file = apply(small_context, trained_network, scheme=scheme)
    assert (file.input_dtype, file.output_dtype) == ("float32", "float32")


@pytest.mark.parametrize("scheme", ["int8", "int16x8", "int4"])
def test_corrected_biases_cost_no_bytes(small_context: StepContext, trained_network: Network, scheme: str) -> None:
    phases: list[str] = []
    context = replace(small_context, progress=Progress(on_phase=phases.append))
    contents = []
    for corrected in (False, True):
        chosen = parameters(scheme=scheme, bias_correction=corrected)
        contents.append(STEP.apply(chosen, trained_network, context))
        STEP.check_promise(chosen, trained_network, TfliteFile.parse(contents[-1]))
    plain, corrected_biases = contents
    assert len(corrected_biases) == len(plain)
    assert corrected_biases != plain
    assert phases.count("correcting biases") == 1


@pytest.mark.parametrize("scheme", ["int8", "int4"])
def test_refined_kernels_are_told_and_ship(small_context: StepContext, trained_network: Network, scheme: str) -> None:
    kept: list[Evidence] = []
    phases: list[str] = []
    context = replace(small_context, found=kept.append, progress=Progress(on_phase=phases.append))
    contents = []
    for options in ({}, {"weight_ranges": "mse", "rounding": "adaptive", "rounding_iterations": 3}):
        chosen = parameters(scheme=scheme, calibration_images=10, bias_correction=bool(options), **options)
        contents.append(STEP.apply(chosen, trained_network, context))
        STEP.check_promise(chosen, trained_network, TfliteFile.parse(contents[-1]))
    plain, refined = (TfliteFile.parse(one).kernels for one in contents)
    assert any(not np.array_equal(one.scales, other.scales) for one, other in zip(plain, refined, strict=True))
    (told,) = [one for one in kept if isinstance(one, LearnedRounding)]
    assert (told.images, told.iterations, len(told.layers)) == (10, 3, len(refined))
    assert any(phase.startswith("learning the rounding of weights") for phase in phases)


def test_the_zeros_of_a_pruning_stay_where_rounding_is_learned(
    small_context: StepContext, trained_network: Network
) -> None:
    facts = trained_network.facts.model_copy(update={"pruned_layers": ("stage4_block2_conv2",)})
    pruned = Network(_with_zeros(trained_network.model, "stage4_block2_conv2"), facts)
    options = {"weight_ranges": "mse", "rounding": "adaptive", "rounding_iterations": 3, "calibration_images": 4}
    apply(small_context, pruned, scheme="int4", **options)


@pytest.mark.parametrize(("scheme", "dtype"), [("int8", "int8"), ("int16x8", "int16")])
def test_integer_borders(small_context: StepContext, trained_network: Network, scheme: str, dtype: str) -> None:
    file = apply(small_context, trained_network, scheme=scheme, float_io=False)
    assert (file.input_dtype, file.output_dtype, file.float_operators) == (dtype, dtype, 0)


def test_a_scheme_a_layer(small_context: StepContext, trained_network: Network) -> None:
    layers = {"stem_*": "float16", "stage4_*": "int4", "classifier": "float32", "*": "int8"}
    file = apply(small_context, trained_network, scheme="mixed", layers=layers)
    stored = [kernel.dtype for kernel in file.kernels]
    assert stored[0] == "float16"
    assert stored[-1] == "float32"
    assert (stored.count("int4"), stored.count("int8")) == (5, 14)


def test_a_pattern_that_matches_no_layer_is_named(small_context: StepContext, trained_network: Network) -> None:
    with pytest.raises(NutshellError, match=r"matches the pattern 'stage9_\*' .* stem_conv, stage1_block1_conv1"):
        STEP.apply(parameters(scheme="mixed", layers={"stage9_*": "int8"}), trained_network, small_context)


@pytest.mark.parametrize("calibration", ["minmax", "tight_minmax", "percentile", "mse"])
def test_the_ranges_are_kept_beside_the_file(
    small_context: StepContext, trained_network: Network, calibration: str
) -> None:
    kept: list[Evidence] = []
    context = replace(small_context, found=kept.append)
    apply(context, trained_network, scheme="int8", calibration=calibration, percentile=99.0, calibration_images=6)
    (record,) = kept
    assert isinstance(record, CalibrationRecord)
    assert (record.method, record.images) == (calibration, 6)
    assert record.percentile == (99.0 if calibration == "percentile" else None)
    assert any(one.clipped_fraction > 0 for one in record.ranges) == (calibration in ("percentile", "mse"))
    kept.clear()
    apply(context, trained_network, scheme="dynamic_range")
    assert not kept


def test_a_percentile_gives_another_file_than_minmax(small_context: StepContext, trained_network: Network) -> None:
    minmax = STEP.apply(parameters(scheme="int8"), trained_network, small_context)
    cut = parameters(scheme="int8", calibration="percentile", percentile=99.0)
    content = STEP.apply(cut, trained_network, small_context)
    STEP.check_promise(cut, trained_network, TfliteFile.parse(content))
    assert content != minmax


def test_without_being_told_int8_has_the_ranges_of_the_converter(
    small_context: StepContext, trained_network: Network
) -> None:
    theirs = _activation_scales(converter_tflite(trained_network.model, "int8", small_context.calibration_images(20)))
    ours = _activation_scales(STEP.apply(parameters(scheme="int8"), trained_network, small_context))
    assert sorted(ours.values()) == pytest.approx(sorted(theirs.values()), rel=1e-3)
    tight = parameters(scheme="int8", calibration="tight_minmax")
    of_values = _activation_scales(STEP.apply(tight, trained_network, small_context))
    narrower = {name for name in ours if of_values[name] < 0.99 * ours[name]}
    assert 0 < len(narrower) <= len(ours) // 3
    assert all("_conv2/" in name or "_shortcut" in name for name in narrower)


def test_a_method_by_its_other_name() -> None:
    assert parameters(scheme="int8", calibration="tflite_converter") == parameters(scheme="int8")


@pytest.mark.parametrize("scheme", ["float16", "dynamic_range", "int8", "int16x8"])
def test_where_there_is_no_quantizer_the_converter_takes_over_and_it_is_said(
    small_context: StepContext, trained_network: Network, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ai_edge_quantizer", None)  # Importing it fails now, as where it has no wheel.
    phases: list[str] = []
    apply(replace(small_context, progress=Progress(on_phase=phases.append)), trained_network, scheme=scheme)
    assert phases[0].startswith("quantising with TensorFlow's converter, because the quantizer cannot (it cannot be")


@pytest.mark.parametrize(
    "given",
    [
        {"scheme": "int4"},
        {"scheme": "mixed", "layers": {"*": "int8"}},
        {"calibration": "percentile"},
        {"bias_correction": True},
        {"calibration": "tight_minmax"},
        {"calibration": "mse"},
        {"rounding": "adaptive"},
        {"weight_ranges": "mse"},
    ],
)
def test_what_only_the_quantizer_knows_is_an_error_without_it(
    small_context: StepContext, trained_network: Network, given: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ai_edge_quantizer", None)
    with pytest.raises(NutshellError, match=r"Only ai_edge_quantizer knows .*; choose another scheme"):
        STEP.apply(parameters(**({"scheme": "int8"} | given)), trained_network, small_context)


def test_a_broken_promise_is_an_error(small_context: StepContext, trained_network: Network) -> None:
    float32 = TfliteFile.parse(float32_tflite(trained_network.model))
    with pytest.raises(PromiseBroken, match=r"int8 promised .*stem_conv.* as int8, and it is float32"):
        STEP.check_promise(parameters(scheme="int8"), trained_network, float32)
    hybrid = TfliteFile.parse(STEP.apply(parameters(scheme="int4"), trained_network, small_context))
    with pytest.raises(PromiseBroken, match=r"dynamic range promised .* as int8 or float32, and it is int4"):
        STEP.check_promise(parameters(scheme="dynamic_range"), trained_network, hybrid)


def test_lost_zeros_are_an_error(small_context: StepContext, trained_network: Network) -> None:
    facts = trained_network.facts.model_copy(update={"pruned_layers": ("stage4_block2_conv2",)})
    pruned = Network(_with_zeros(trained_network.model, "stage4_block2_conv2"), facts)
    kept = TfliteFile.parse(float32_tflite(pruned.model))
    assert kept.zero_kernel_values > 0
    lost = TfliteFile.parse(converter_tflite(trained_network.model, "float16", None))
    with pytest.raises(PromiseBroken, match=r"must keep the .* zeros of the pruning"):
        STEP.check_promise(parameters(scheme="float16"), pruned, lost)


def messages(*earlier: StepParameters, severity: Severity, **given: object) -> list[str]:
    found = STEP.findings(parameters(**given), after(*earlier))
    return [finding.message for finding in found if finding.severity is severity]


def test_the_pre_flight_says_what_cannot_work() -> None:
    (message,) = messages(severity=Severity.ERROR, scheme="mixed")
    assert "layers = {" in message
    (message,) = messages(severity=Severity.WARNING, scheme="int8", calibration_images=10)
    assert message.startswith("10 calibration images")
    assert not messages(severity=Severity.WARNING, scheme="dynamic_range", calibration_images=10)
    aware = QuantizationAwareTrainingParameters()
    (message,) = messages(aware, severity=Severity.ERROR, scheme="int16x8")
    assert 'scheme = "int8"' in message
    assert not messages(aware, severity=Severity.ERROR, scheme="int8")
    (message,) = messages(aware, severity=Severity.WARNING, scheme="int8", bias_correction=True)
    assert "bias_correction does nothing" in message


def test_four_bits_offer_to_correct_their_biases() -> None:
    (offered,) = STEP.findings(parameters(scheme="int4"), after())
    assert offered.repair == SetValue(
        place="chains[0].steps[0].bias_correction", value=True, sentence="Correct the biases"
    )
    (taken,) = STEP.findings(parameters(scheme="int4", bias_correction=True), after())
    assert taken.repair is None
    (learned,) = STEP.findings(parameters(scheme="int4", rounding="adaptive", calibration_images=200), after())
    assert learned.repair is None


def test_labels_tell_the_options() -> None:
    options = {"calibration": "mse", "weight_ranges": "mse", "rounding": "adaptive", "bias_correction": True}
    every = "ranges by mse, clipped weights, learned rounding, corrected biases"
    assert parameters(scheme="int8", **options).label() == f"int8, {every}"
    # Activations are floats there.
    assert parameters(scheme="int4", **options).label() == f"int4, {every.removeprefix('ranges by mse, ')}"
    assert parameters(scheme="float16", **options).label() == "float16, corrected biases"


def test_refinements_that_cannot_be_are_said_before() -> None:
    both = {"weight_ranges": "mse", "rounding": "adaptive"}
    automatic = {"scheme": "mixed", "layers": "auto", "max_bytes": 10_000}
    refused = messages(severity=Severity.ERROR, **automatic, **both)
    assert [message.split("without ")[1].split(",")[0] for message in refused] == [
        'rounding = "adaptive"',
        'weight_ranges = "mse"',
    ]
    assert not messages(severity=Severity.ERROR, **automatic, calibration="mse")
    (message,) = messages(WeightClusteringParameters(), severity=Severity.ERROR, scheme="int4", **both)
    assert message.startswith("An earlier clustering leaves few distinct values")
    unused = messages(severity=Severity.WARNING, scheme="dynamic_range", **both)
    assert [message.split()[0] for message in unused] == ["rounding", "weight_ranges"]
    aware = messages(QuantizationAwareTrainingParameters(), severity=Severity.WARNING, scheme="int8", **both)
    assert [message.endswith("does nothing there.") for message in aware] == [True, True]
    corrected = {"bias_correction": True, "calibration_images": 200}
    (message,) = messages(severity=Severity.WARNING, scheme="int4", rounding="adaptive", **corrected)
    assert "meets the mean of each channel already" in message
    (message,) = messages(severity=Severity.WARNING, scheme="int4", rounding="adaptive", calibration_images=10)
    assert message.startswith("calibration_images = 10 is little")


def test_layers_are_written_and_read_in_recipes() -> None:
    text = """schema = 1
[[chains]]
name = "mixed"
steps = [{ step = "post_training_quantization", scheme = "mixed", layers = { "stem_*" = "float16", "*" = "int8" } }]
"""
    recipe = parse_recipe(text)
    assert parse_recipe(recipe_text(recipe)) == recipe
    (step,) = recipe.chains[0].steps
    assert isinstance(step, PostTrainingQuantizationParameters)
    assert list(step.patterns.items()) == [("stem_*", "float16"), ("*", "int8")]


def test_layers_may_be_left_to_the_program() -> None:
    text = """schema = 1
[[chains]]
name = "mixed"
steps = [{ step = "post_training_quantization", scheme = "mixed", layers = "auto", max_bytes = 100000 }]
"""
    recipe = parse_recipe(text)
    assert parse_recipe(recipe_text(recipe)) == recipe
    (step,) = recipe.chains[0].steps
    assert isinstance(step, PostTrainingQuantizationParameters)
    assert step.chooses
    assert step.calibrated
    assert step.label() == "mixed, at most 100,000 bytes"
    with pytest.raises(RecipeError, match=r'layers.* = "automatic"'):
        parse_recipe(text.replace('"auto"', '"automatic"'))


def test_what_is_left_to_the_program_needs_a_bound() -> None:
    (message,) = messages(severity=Severity.ERROR, scheme="mixed", layers="auto")
    assert "needs a bound" in message
    assert not messages(severity=Severity.ERROR, scheme="mixed", layers="auto", max_accuracy_drop=0.0)
    for given in ({"max_bytes": 1000}, {"max_accuracy_drop": 0.1}):
        (message,) = messages(severity=Severity.WARNING, scheme="int8", calibration_images=100, **given)
        assert message.startswith(next(iter(given)))


def test_schemes_are_chosen_within_bytes_and_told(small_context: StepContext, trained_network: Network) -> None:
    found: list[Evidence] = []
    context = replace(small_context, found=found.append)
    max_bytes = 190_000
    chosen = parameters(scheme="mixed", layers="auto", max_bytes=max_bytes)
    content = STEP.apply(chosen, trained_network, context)
    STEP.check_promise(chosen, trained_network, TfliteFile.parse(content))
    shipped, _ = described(content, context.pipeline, context.dataset.classes)
    assert 0.9 * max_bytes < len(shipped) <= max_bytes
    (told,) = [one for one in found if isinstance(one, MixedPrecision)]
    stored = [kernel.dtype for kernel in TfliteFile.parse(content).kernels]
    assert [one.scheme for one in told.layers] == stored
    assert {"int4", "int8"} <= set(stored)


def _with_zeros(model: object, layer: str) -> object:
    from engine.training.kernels import clone

    copy = clone(model)
    kernel = copy.get_layer(layer).kernel
    kernel.assign(kernel * 0)
    return copy


def _activation_scales(int8: bytes) -> dict[str, float]:
    """Name → scale of what each operator of a file computes."""
    from ai_edge_litert import schema_py_generated as schema

    graph = schema.ModelT.InitFromPackedBuf(int8, 0).subgraphs[0]
    results = [graph.tensors[place] for operator in graph.operators for place in operator.outputs]
    integers = [result for result in results if result.type == schema.TensorType.INT8]
    return {result.name.decode(): float(result.quantization.scale[0]) for result in integers}
