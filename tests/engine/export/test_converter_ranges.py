"""Ranges as TFLiteConverter takes them: a summand that is written over has the sum in its range."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.chain.bench import Bench
from engine.datasets.source import Split
from engine.export.calibration import activation_ranges
from engine.export.converter_ranges import converter_ranges
from engine.export.quantizer import quantized
from engine.export.tflite_conversion import converter_tflite, float32_tflite
from engine.imaging.fed_images import FedImages
from tests.engine.export.conftest import Trained, agreement
from tests.small_study import cifar_bench, untrained

CALIBRATION_IMAGES = 200


def test_only_summands_that_nothing_else_reads_are_wider(residual: Trained, sequential: Trained) -> None:
    ranges = activation_ranges(residual.float32, residual.calibration)
    as_converter = converter_ranges(residual.float32, ranges)
    wider = {name for name in ranges if as_converter[name] != ranges[name]}
    assert len(wider) == 3
    assert all("body" in name for name in wider)
    plain = activation_ranges(sequential.float32, sequential.calibration)
    assert converter_ranges(sequential.float32, plain) == plain


def test_with_them_the_file_decides_as_the_converters_does(residual: Trained) -> None:
    theirs = converter_tflite(residual.model, "int8", residual.calibration)
    ranges = activation_ranges(residual.float32, residual.calibration)
    ours = quantized(residual.float32, "int8", converter_ranges(residual.float32, ranges))
    assert agreement(ours, theirs, residual.test_images) >= 0.995


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kind", ["resnet18", "vgg16"])
def test_a_network_for_cifar_images_by_both(kind: str, checkout: Path, tmp_path: Path) -> None:
    from engine.training.plan import TrainingPlan

    bench: Bench = cifar_bench(checkout, tmp_path, kind)
    network = untrained(bench)
    bench.trainer.train(network.model, TrainingPlan.of_recipe(bench.recipe.training))
    calibration = bench.calibration_images(CALIBRATION_IMAGES)
    train = bench.dataset.splits[Split.TRAIN]
    others = np.sort(np.random.default_rng(1).choice(train, CALIBRATION_IMAGES, replace=False))
    images = bench.pipeline.feed(np.asarray(bench.dataset.images[bench.dataset.splits[Split.TEST]]))
    float32 = float32_tflite(network.model)
    ranges = activation_ranges(float32, calibration)
    theirs = {scheme: converter_tflite(network.model, scheme, calibration) for scheme in ("dynamic_range", "int8")}
    ours = {
        "dynamic_range": quantized(float32, "dynamic_range"),
        "int8": quantized(float32, "int8", converter_ranges(float32, ranges)),
    }
    own_int8 = quantized(float32, "int8", ranges)
    their_other_int8 = converter_tflite(network.model, "int8", FedImages(bench.dataset, bench.pipeline, others))
    found = {scheme: agreement(ours[scheme], theirs[scheme], images) for scheme in ours}
    by_own = agreement(own_int8, theirs["int8"], images)
    by_others = agreement(their_other_int8, theirs["int8"], images)
    print(
        f"\n{kind} ×0.25, {len(images)} CIFAR images, agreement with TFLiteConverter's files: dynamic range "
        f"{found['dynamic_range']:.3f}, int8 by its ranges {found['int8']:.3f}, by the values' own {by_own:.3f}, "
        f"TFLiteConverter's own by as many other images {by_others:.3f}; with the float32 file: int8 by the values' "
        f"own ranges {agreement(own_int8, float32, images):.3f}, by TFLiteConverter "
        f"{agreement(theirs['int8'], float32, images):.3f}"
    )
    assert min(found.values()) >= 0.99
