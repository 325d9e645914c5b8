"""Half the multiply-accumulates by lower ranks in time: the factored network's float32 file against the whole one's.

Ranks are half of each layer's multiply-accumulates, so that weights do not matter.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.backbones.backbone import layer_graph
from engine.contract.backbone_settings import BackboneSettings
from engine.export.tflite_conversion import float32_tflite
from engine.measurement.latency import time_in_turn
from engine.steps.low_rank.factored_network import factored_network
from engine.steps.low_rank.factors import Method, factorings, factors
from engine.training.keras_network import build_keras_network
from engine.training.kernels import kernels
from engine.training.model_graph import graph_of_model

SHARE = 0.5
MULTIPLE = 8
MAX_OF_WHOLE = 0.8
SECONDS_A_FILE = 15.0
METHODS: tuple[Method, ...] = ("spatial", "channel")


@pytest.mark.benchmark
@pytest.mark.parametrize(("kind", "width"), [("resnet18", 0.5), ("vgg16", 0.25)])
def test_half_the_macs_take_less_time(kind: str, width: float, tmp_path: Path) -> None:
    model = build_keras_network(layer_graph(BackboneSettings(kind=kind, width=width), (64, 64, 3), 10), seed=7)
    graph = graph_of_model(model)
    files, shares = {"whole": tmp_path / "whole.tflite"}, {}
    files["whole"].write_bytes(float32_tflite(model))
    for method in METHODS:
        found = factorings(graph, method, convolutions_only=False)
        wanted = {
            name: round(SHARE * one.layer.macs / one.macs_a_rank / MULTIPLE) * MULTIPLE for name, one in found.items()
        }
        ranks = {name: rank for name, rank in wanted.items() if 0 < rank <= found[name].most}
        layers = {name: factors(found[name], kernels(model)[name].numpy()) for name in ranks}
        small = factored_network(model, graph, layers, ranks)
        shares[method] = graph_of_model(small).macs / graph.macs
        files[method] = tmp_path / f"{method}.tflite"
        files[method].write_bytes(float32_tflite(small))
    figures = time_in_turn(files, threads=1, seconds_a_file=SECONDS_A_FILE)
    for method, share in shares.items():
        low, high = figures[method].ratio_ci95
        bytes_left = files[method].stat().st_size / files["whole"].stat().st_size
        print(
            f"\n{kind} ×{width:g} at 64², one thread, {method}: {share:.3f} of the MACs take "
            f"{figures[method].ratio:.2f} ({low:.2f} to {high:.2f}) of the time, {figures[method].p50_ms:.2f} ms of "
            f"{figures['whole'].p50_ms:.2f} ms; {bytes_left:.2f} of the bytes"
        )
    assert min(figures[method].ratio for method in METHODS) <= MAX_OF_WHOLE
