"""Reading the image cache through before it is believed, against an epoch of training on it."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import numpy as np
import pytest

from engine.backbones.backbone import layer_graph
from engine.contract.backbone_settings import BackboneSettings
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.image_settings import ImageSettings
from engine.contract.training_settings import TrainingSettings
from engine.datasets.cache.image_cache import damage
from engine.datasets.cache.preparation import dataset_fingerprint, prepare, scan
from engine.feeding.pipeline import fit_pipeline, network_input_shape
from engine.training.control import Control
from engine.training.plan import TrainingPlan
from engine.training.tensorflow_setup import set_up_tensorflow
from engine.training.trainer import Trainer

SIDE, IMAGES, EPOCHS = 96, 2000, 3
MAX_OF_EPOCH = 0.02


@pytest.mark.benchmark
@pytest.mark.timeout(1800)
def test_checking_the_cache_is_a_small_part_of_an_epoch(tmp_path: Path) -> None:
    """A narrow network, whose epochs are short: of wider ones the check is a smaller part still."""
    from engine.training.keras_network import build_keras_network

    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (IMAGES, SIDE, SIDE, 3), np.uint8)
    np.savez(tmp_path / "d.npz", train_images=images, train_labels=np.arange(IMAGES) % 2)
    dataset = DatasetSettings(kind="npz", path=str(tmp_path / "d.npz"))
    shape = ImageSettings(size=SIDE)
    index = scan(dataset, 7, cache=tmp_path / "cache")
    prepared = prepare(index, dataset, shape, 7, tmp_path / "cache")
    folder = tmp_path / "cache" / dataset_fingerprint(index, shape, 7)
    checks = []
    for _ in range(5):
        began = time.perf_counter()
        assert damage(folder) == ""
        checks.append(time.perf_counter() - began)
    set_up_tensorflow(7)
    backbone = BackboneSettings(kind="resnet18", width=0.25)
    graph = layer_graph(backbone, network_input_shape(shape), 2)
    pipeline = fit_pipeline(shape, prepared)
    trainer = Trainer("baseline", prepared, pipeline, 7, Control(), lambda _: None, tmp_path / "checkpoint", EPOCHS)
    plan = TrainingPlan.of_recipe(TrainingSettings(epochs=EPOCHS, batch_size=32))
    outcome = trainer.train(build_keras_network(graph, 7), plan)
    epoch = statistics.median(record.seconds for record in outcome.records[1:])
    ratio = statistics.median(checks) / epoch
    print(
        f"\n{len(prepared.images):,} images of {SIDE}×{SIDE}: checked in {statistics.median(checks):.3f} s, epoch "
        f"{epoch:.1f} s, ratio {ratio:.4f} (at most {MAX_OF_EPOCH})"
    )
    assert ratio <= MAX_OF_EPOCH
