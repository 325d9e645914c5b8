"""Schemes that are chosen per layer: the exact optimum, within the bound, and better than uniform or random ones."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.contract.errors import NutshellError
from engine.contract.progress import UNWATCHED
from engine.datasets.source import Split
from engine.export.layer_patterns import LayerScheme
from engine.feeding.fed_images import FedImages
from engine.measurement.accuracy import predicted, share_equal
from engine.measurement.classification import classify
from engine.measurement.tflite_file import TfliteFile
from engine.steps.post_training_quantization.automatic_layers import BEHIND_ALL_LAYERS, Bounds, choose_layers
from engine.steps.post_training_quantization.calibration import ActivationRange
from engine.steps.post_training_quantization.evidence import MixedPrecision
from engine.steps.post_training_quantization.latency_bound import LatencyBound, least_divergence_in_time
from engine.steps.post_training_quantization.quantizer import quantized, quantized_by_layer
from engine.steps.post_training_quantization.used_ranges import used_ranges
from engine.workbench.layer_assignment import Assignment, LayerOption, least_cost, least_divergence
from engine.workbench.timed_share import TimedShare, timed_beside
from tests.engine.export.conftest import Trained, draw_stripes
from tests.small_study import cifar_context, untrained

VALIDATION_IMAGES = 128
RANDOM_CHOICES = 5


@pytest.fixture(scope="module")
def ranges(residual: Trained) -> Mapping[str, ActivationRange]:
    return used_ranges(residual.float32, residual.calibration)


def chosen(
    residual: Trained, ranges: Mapping[str, ActivationRange], bounds: Bounds
) -> tuple[dict[str, LayerScheme], MixedPrecision]:
    images, labels = draw_stripes(VALIDATION_IMAGES, seed=3)
    return choose_layers(residual.float32, ranges, images, labels, bounds)


def test_the_assignment_is_the_optimum() -> None:
    generator = np.random.default_rng(5)
    layers = [
        [LayerOption("float32", 0, 0.0)]
        + [
            LayerOption(scheme, -int(generator.integers(50, 4000)), float(10 ** generator.uniform(-7, -1)))
            for scheme in ("int8", "int4")
        ]
        for _ in range(6)
    ]
    every = list(itertools.product(*layers))
    for bound in (-2000, -6000, -9000):
        by_hand = min(
            (one for one in every if sum(option.cost for option in one) <= bound),
            key=lambda one: sum(option.divergence for option in one),
        )
        found = least_divergence(layers, bound)
        assert found is not None
        assert found.cost <= bound
        assert found.divergence == pytest.approx(sum(option.divergence for option in by_hand), rel=1e-9)
        timed = [[replace(one, time=0.01 * (one.choice == "int4")) for one in layer] for layer in layers]
        quick = least_divergence(timed, bound, 0.02)
        few = [one for one in every if sum(option.choice == "int4" for option in one) <= 2]
        assert quick is not None
        assert quick.divergence == pytest.approx(
            min(sum(option.divergence for option in one) for one in few if sum(option.cost for option in one) <= bound),
            rel=1e-9,
        )
        smallest = least_cost(layers, found.divergence * (1 + 1e-9))
        assert smallest is not None
        assert smallest.cost <= found.cost
    assert least_divergence(layers, -(10**6)) is None


def compared(
    float32: bytes,
    ranges: Mapping[str, ActivationRange],
    validation: tuple[Sequence[np.ndarray], np.ndarray],
    test_images: Sequence[np.ndarray],
) -> tuple[float, float, list[float]]:
    """Agreement with the float32 file of the chosen schemes, of uniform int4, and of random choices.

    At the mean of int8's and int4's bytes, the random choices of int8 and int4 too.
    """
    int8, int4 = (quantized(float32, scheme, ranges) for scheme in ("int8", "int4"))  # type: ignore[arg-type]
    max_bytes = (len(int8) + len(int4)) // 2
    layers, found = choose_layers(float32, ranges, *validation, Bounds(max_bytes, None))
    content = quantized_by_layer(float32, layers, ranges)
    assert len(content) == found.file_bytes <= max_bytes
    expected = answers(float32, test_images)
    weighted = [name for name in layers if name != BEHIND_ALL_LAYERS]
    generator = np.random.default_rng(1)
    others: list[float] = []
    while len(others) < RANDOM_CHOICES:
        fractions = generator.random(len(weighted)) < generator.random()
        picked: dict[str, LayerScheme] = {
            name: "int8" if wide else "int4" for name, wide in zip(weighted, fractions, strict=True)
        }
        other = quantized_by_layer(float32, picked | {BEHIND_ALL_LAYERS: "float32"}, ranges)
        if 0.9 * max_bytes <= len(other) <= max_bytes:
            others.append(share_equal(answers(other, test_images), expected))
    ours, uniform = (share_equal(answers(one, test_images), expected) for one in (content, int4))
    print(f"agreement {ours:.4f}, uniform int4 {uniform:.4f}, random {np.mean(others):.4f} {others}")
    print(f"{found.sentence()} int8 {len(int8):,} bytes, int4 {len(int4):,} bytes")
    return ours, uniform, others


def answers(content: bytes, images: Sequence[np.ndarray]) -> np.ndarray:
    return predicted(classify(content, (np.asarray(image)[None] for image in images)))


def test_it_beats_uniform_int4_and_random_choices(residual: Trained, ranges: Mapping[str, ActivationRange]) -> None:
    validation = draw_stripes(VALIDATION_IMAGES, seed=3)
    ours, uniform, others = compared(residual.float32, ranges, validation, residual.test_images)
    assert ours > uniform
    assert ours > np.mean(others)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kind", ["resnet18", "mobilenet_v2", "vgg16"])
def test_it_beats_them_on_backbones(kind: str, checkout: Path, tmp_path: Path) -> None:
    context = cifar_context(checkout, tmp_path, kind)
    network = untrained(context)
    context.trainer.train(network.model, context.baseline_plan)
    float32 = context.float32_tflite(network)
    images = context.validation_images(256)
    validation = images, context.dataset.labels[images.rows]
    test_images = FedImages(context.dataset, context.pipeline, context.dataset.splits[Split.TEST])
    ours, uniform, others = compared(
        float32, used_ranges(float32, context.calibration_images(200)), validation, test_images
    )
    assert ours > uniform
    assert ours > max(others)


def test_the_smallest_file_within_an_accuracy(residual: Trained, ranges: Mapping[str, ActivationRange]) -> None:
    sizes = []
    for drop in (0.02, 0.0):
        layers, found = chosen(residual, ranges, Bounds(None, drop))
        assert found.accuracy_float32 - found.accuracy <= drop
        content = quantized_by_layer(residual.float32, layers, ranges)
        assert len(content) == found.file_bytes
        assert found.file_bytes < len(residual.float32) / 2
        kernels = TfliteFile.parse(content).kernels
        assert len(found.rows()) == len(kernels)
        sizes.append(found.file_bytes)
    assert sizes[0] <= sizes[1]


def test_what_cannot_be_kept_is_refused(residual: Trained, ranges: Mapping[str, ActivationRange]) -> None:
    with pytest.raises(NutshellError, match=r"max_bytes = 5,000 cannot be kept: .* takes up to [\d,]+ bytes"):
        chosen(residual, ranges, Bounds(5000, None))
    smallest = len(quantized(residual.float32, "int4", ranges)) + 600
    with pytest.raises(NutshellError, match="raise one of the bounds"):
        chosen(residual, ranges, Bounds(smallest, 0.0))
    bound = LatencyBound(0.01, timed_beside(lambda: residual.float32, UNWATCHED))
    with pytest.raises(NutshellError, match=r"max_bytes = 5,000 cannot be kept: .* takes up to [\d,]+ bytes"):
        chosen(residual, ranges, Bounds(5000, None, latency=bound))
    with pytest.raises(NutshellError, match=r"max_latency = 0\.01 was not reached: .* takes \d+\.\d\d of the float32"):
        chosen(residual, ranges, Bounds(None, None, latency=bound))


def test_within_a_latency_the_file_is_the_one_that_was_timed(
    residual: Trained, ranges: Mapping[str, ActivationRange]
) -> None:
    timed: dict[bytes, TimedShare] = {}
    time = timed_beside(lambda: residual.float32, UNWATCHED)

    def noted(content: bytes) -> TimedShare:
        timed[content] = time(content)
        return timed[content]

    everything_fits = 2.0
    layers, found = chosen(residual, ranges, Bounds(30_000, None, latency=LatencyBound(everything_fits, noted)))
    content = quantized_by_layer(residual.float32, layers, ranges)
    assert len(content) == found.file_bytes <= 30_000
    assert (found.latency_ratio, found.latency_ratio_most) == (timed[content].median, timed[content].most)
    assert timed[content].most <= everything_fits
    assert "of the float32 file's time on this machine" in found.sentence()


def test_where_nothing_keeps_both_bounds_it_says_so() -> None:
    """No file is even timed: none is expected in time, and the quickest is too large."""
    bound = LatencyBound(0.5, lambda content: pytest.fail("timed"))
    said = r"max_latency = 0\.5 cannot be kept: no file of at most 26,000 bytes is expected"
    with pytest.raises(NutshellError, match=said):
        least_divergence_in_time(bound, lambda share: None, None, UNWATCHED, " of at most 26,000 bytes")


def test_what_fits_as_it_is_stays_as_it_is() -> None:
    """Also where all divergences are below the solver's tolerance."""
    layers = [
        [LayerOption[LayerScheme]("float32", 0, 0.0), LayerOption[LayerScheme]("float16", -32, 1e-14)] for _ in range(9)
    ]
    found = least_divergence(layers, 1e9)
    assert found is not None
    assert {one.choice for one in found.options} == {"float32"}


def test_tiny_divergences_are_told_apart_beside_large_ones() -> None:
    """The solver's tolerance is a millionth of the largest divergence; among 1e-14 the optimum is still found."""
    generator = np.random.default_rng(4)
    layers = [
        [
            LayerOption[LayerScheme]("float32", 0, 0.0),
            LayerOption[LayerScheme](
                "float16", -int(generator.integers(50, 4000)), float(generator.uniform(1, 9)) * 1e-14
            ),
            LayerOption[LayerScheme]("int4", -int(generator.integers(4000, 8000)), 1.0),
        ]
        for _ in range(7)
    ]
    for bound in (-100, -5000, -9000):
        found = least_divergence(layers, bound)
        fitting = (one for one in itertools.product(*layers) if sum(option.cost for option in one) <= bound)
        assert found is not None
        assert found.divergence == pytest.approx(
            min(sum(option.divergence for option in one) for one in fitting), rel=1e-9
        )


def test_the_search_for_a_latency_keeps_the_least_divergence_within_it() -> None:
    """Where times are exactly as expected but for a constant that mixing costs."""
    layers = [
        [LayerOption[LayerScheme]("float32", 0, 0.0), LayerOption[LayerScheme]("int8", 0, 2.0**-place, -0.1)]
        for place in range(8)
    ]

    def solved(share: float) -> tuple[Assignment[LayerScheme], bytes] | None:
        found = least_divergence(layers, np.inf, share - 1)
        return None if found is None else (found, bytes(one.choice == "int8" for one in found.options))

    def timed(content: bytes) -> TimedShare:
        share = 1 - 0.1 * sum(content) + 0.15
        return TimedShare(share, share + 0.01)

    fastest = Assignment(tuple(layer[1] for layer in layers))
    made = least_divergence_in_time(LatencyBound(0.7, timed), solved, (fastest, bytes(8 * [1])), UNWATCHED)
    assert list(made.content) == [0, 0, 0, 1, 1, 1, 1, 1]
    assert made.time.most <= 0.7
    with pytest.raises(NutshellError, match=r"of the \d files tried takes 0\.35 of the float32 file's time"):
        least_divergence_in_time(LatencyBound(0.3, timed), solved, (fastest, bytes(8 * [1])), UNWATCHED)
