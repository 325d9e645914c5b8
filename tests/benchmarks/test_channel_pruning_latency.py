"""Half the multiply-accumulates in time: the float32 file of the smaller network against the whole one's, in turn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.backbones.backbone import layer_graph
from engine.contract.backbone_settings import BackboneSettings
from engine.export.tflite_conversion import float32_tflite
from engine.measurement.latency import time_in_turn
from engine.steps.channel_pruning.allocation import ChannelTarget, CountRule, kept_counts, uniform
from engine.steps.channel_pruning.channel_costs import channel_costs
from engine.steps.channel_pruning.coupled_channels import coupled_channels
from engine.steps.channel_pruning.smaller_network import smaller_network
from engine.training.keras_network import build_keras_network
from engine.training.model_graph import graph_of_model

MAX_OF_WHOLE = 0.65
SECONDS_A_FILE = 15.0
MULTIPLES = (8, 16)
"""Of channels: what AVX2 and ARM compute at once, and what AVX-512 does."""


def half_the_macs(model: Any, multiple_of: int) -> tuple[Any, float]:
    """The network with every layer narrowed alike, and the share of MACs that is left."""
    graph = graph_of_model(model)
    coupled = coupled_channels(graph)
    counts = [len(one.groups) for one in coupled.tied]
    target, rule = ChannelTarget("macs", 0.5), CountRule(multiple_of, 1)
    kept = kept_counts(counts, uniform(counts), channel_costs(graph, coupled), graph.macs, target, rule)
    removed = np.concatenate([one.groups[count:] for one, count in zip(coupled.tied, kept, strict=True)])
    small = smaller_network(model, graph, coupled, removed)
    return small, graph_of_model(small).macs / graph.macs


@pytest.mark.benchmark
@pytest.mark.parametrize(("kind", "width"), [("resnet18", 0.5), ("vgg16", 0.25)])
def test_half_the_macs_take_two_thirds_of_the_time(kind: str, width: float, tmp_path: Path) -> None:
    graph = layer_graph(BackboneSettings(kind=kind, width=width), (64, 64, 3), 10)
    model = build_keras_network(graph, seed=7)
    files, shares = {"whole": tmp_path / "whole.tflite"}, {}
    files["whole"].write_bytes(float32_tflite(model))
    for multiple in MULTIPLES:
        small, shares[multiple] = half_the_macs(model, multiple)
        files[f"{multiple}"] = tmp_path / f"{multiple}.tflite"
        files[f"{multiple}"].write_bytes(float32_tflite(small))
    figures = time_in_turn(files, threads=1, seconds_a_file=SECONDS_A_FILE)
    for multiple, share in shares.items():
        half, bytes_of = figures[f"{multiple}"], files[f"{multiple}"].stat().st_size / files["whole"].stat().st_size
        low, high = half.ratio_ci95
        print(
            f"\n{kind} ×{width:g} at 64², one thread, multiples of {multiple}: {share:.3f} of the MACs take "
            f"{half.ratio:.2f} ({low:.2f} to {high:.2f}) of the time, {half.p50_ms:.2f} ms of "
            f"{figures['whole'].p50_ms:.2f} ms; {bytes_of:.2f} of the bytes"
        )
        assert share <= 0.5
    assert min(figures[f"{multiple}"].ratio for multiple in MULTIPLES) <= MAX_OF_WHOLE


def test_a_smaller_file_is_quicker(tmp_path: Path) -> None:
    """The small version: one convolution after another, wide enough that its arithmetic is its time."""
    import tf_keras

    layers = tf_keras.layers
    image = tf_keras.Input((32, 32, 8))
    x = image
    for number in range(3):
        x = layers.Conv2D(96, 3, padding="same", name=f"conv{number}")(x)
    model = tf_keras.Model(image, layers.Dense(2, "softmax", name="classifier")(layers.GlobalAveragePooling2D()(x)))
    small, share = half_the_macs(model, 8)
    files = {"whole": tmp_path / "whole.tflite", "half": tmp_path / "half.tflite"}
    files["whole"].write_bytes(float32_tflite(model))
    files["half"].write_bytes(float32_tflite(small))
    ratio = time_in_turn(files, threads=1, seconds_a_file=0.3)["half"].ratio
    assert share <= 0.5
    assert ratio < 0.85
