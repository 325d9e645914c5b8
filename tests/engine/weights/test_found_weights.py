"""What is on this machine is found, and offered where it fits; a network that was trained before is one of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.backbones.backbone import layer_graph
from engine.contract.backbone_settings import BackboneSettings
from engine.contract.errors import Cancelled
from engine.contract.network_facts import NetworkFacts
from engine.contract.progress import UNWATCHED, Progress
from engine.store.locations import Locations
from engine.store.stage_store import StageFacts, StageStore
from engine.weights.found_weights import earlier_networks, fitting, keras_cache, torch_cache, weights_in
from engine.weights.weights_file import load_weights
from engine.workbench.network import Network
from engine.workbench.network_file import save_network

pytestmark = pytest.mark.usefixtures("small_context")

SETTINGS = BackboneSettings(kind="mobilenet_v3_small", width=0.05)


def test_a_network_of_an_earlier_run_is_taken_whole(tmp_path: Path) -> None:
    from engine.training.keras_network import build_keras_network

    graph = layer_graph(SETTINGS, (32, 32, 3), 2)
    trained = build_keras_network(graph, seed=1)
    store = StageStore(Locations(tmp_path).create())
    with store.finishing("key") as folder:
        save_network(folder, Network(trained, NetworkFacts(parameters=1, trainable_parameters=1)))
        store.finish("key", folder, StageFacts(title="Baseline mobilenet", seconds=1.0))
    (found,) = fitting(lambda _: graph, earlier_networks(tmp_path), UNWATCHED)
    assert found.title.startswith("Baseline mobilenet, 20")
    wider = layer_graph(SETTINGS.model_copy(update={"width": 0.5}), (32, 32, 3), 2)
    assert not list(fitting(lambda _: wider, earlier_networks(tmp_path), UNWATCHED))
    model = build_keras_network(graph, seed=2)
    assert load_weights(model, graph, found.path).is_whole
    assert all(np.array_equal(a, b) for a, b in zip(model.get_weights(), trained.get_weights(), strict=True))


def test_folders_are_looked_through_and_what_is_none_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    for name in ("one.h5", "deep/two.weights.h5", "three.keras", "four.txt"):
        (tmp_path / name).write_bytes(b"nothing")
    assert [one.title for one in weights_in((tmp_path, tmp_path))] == ["two.weights.h5", "one.h5", "three.keras"]
    assert not list(fitting(lambda _: layer_graph(SETTINGS, (32, 32, 3), 2), weights_in((tmp_path,)), UNWATCHED))
    assert not list(weights_in((tmp_path / "not there",)))

    def stale() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        list(fitting(lambda _: layer_graph(SETTINGS, (32, 32, 3), 2), weights_in((tmp_path,)), Progress(stale)))


def test_the_cache_of_keras_is_where_keras_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    assert keras_cache() == tmp_path / "models"
    monkeypatch.delenv("KERAS_HOME")
    assert keras_cache() == Path.home() / ".keras" / "models"


def test_the_cache_of_pytorch_is_where_torchvision_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    assert torch_cache() == tmp_path / "hub" / "checkpoints"
    monkeypatch.delenv("TORCH_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert torch_cache() == tmp_path / "torch" / "hub" / "checkpoints"
