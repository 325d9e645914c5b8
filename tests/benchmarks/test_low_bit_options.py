"""What each option of post-training quantisation is worth in int8 and int4, on three backbones; a page of the docs."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from engine.steps.post_training_quantization.parameters import PostTrainingQuantizationParameters
from engine.steps.post_training_quantization.step import PostTrainingQuantization
from tests.benchmarks.trained_network import TrainedNetwork

BACKBONES = (("mobilenet_v2", 0.5), ("mobilenet_v3_small", 1.0), ("resnet18", 0.25))
Options = Mapping[str, Any]
MSE = {"calibration": "mse"}
CLIPPED = {"weight_ranges": "mse"}
LEARNED = {"rounding": "adaptive"}
BIASES = {"bias_correction": True}
OPTIONS: Mapping[str, Sequence[Options]] = {
    "int8": ({}, BIASES, MSE, CLIPPED, LEARNED, MSE | LEARNED),
    "int4": ({}, BIASES, CLIPPED, CLIPPED | BIASES, LEARNED, CLIPPED | LEARNED, CLIPPED | LEARNED | BIASES),
}
RECOMMENDED: Mapping[str, Options] = {"int8": MSE | LEARNED, "int4": CLIPPED | LEARNED}
"""By the docs."""


@pytest.mark.benchmark
@pytest.mark.timeout(7200)
@pytest.mark.parametrize(("kind", "width"), BACKBONES)
def test_what_the_docs_recommend_agrees_better(kind: str, width: float, tmp_path: Path, cifar10_mini: Path) -> None:
    trained = TrainedNetwork(kind, width, cifar10_mini, tmp_path)
    print(
        f"\n{kind} ×{width:g}, {trained.images} test images of CIFAR-10 at 32², float32 accuracy {trained.accuracy:.3f}"
    )
    print("| file | agreement | accuracy | KL (nats) | s |\n| --- | ---: | ---: | ---: | ---: |")
    for scheme, options in OPTIONS.items():
        found = {}
        for one in options:
            chosen = PostTrainingQuantizationParameters.model_validate({"scheme": scheme} | dict(one))
            began = time.monotonic()
            content = PostTrainingQuantization().apply(chosen, trained.network, trained.context)
            took = time.monotonic() - began
            measured = trained.agreement_of(content)
            found[frozenset(one.items())] = measured
            print(
                f"| {chosen.label()} | {measured.agreement:.3f} | {measured.accuracy:.3f} | {measured.kl:.4f} "
                f"| {took:.0f} |",
                flush=True,
            )
        plain, recommended = (found[frozenset(one.items())] for one in ({}, RECOMMENDED[scheme]))
        assert recommended.kl < plain.kl
        assert recommended.agreement > plain.agreement
        if scheme == "int4":
            assert 1 - recommended.agreement < 0.5 * (1 - plain.agreement)
