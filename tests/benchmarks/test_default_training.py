"""What a recipe that names no training settings gets out of a network, beside a plain `model.fit` with Adam."""

from __future__ import annotations

import os
import statistics
from pathlib import Path

import numpy as np
import pytest

from engine.chain.run import run_recipe
from engine.contract.recipe_file import parse_recipe
from engine.datasets.cache.preparation import prepare, scan
from engine.datasets.source import Split
from engine.store.locations import Locations
from engine.training.control import Control
from engine.training.tensorflow_setup import set_up_tensorflow

SEEDS = (1, 2, 3)
EPOCHS = 10
MIN_MEAN_ACCURACY = 0.56
RECIPE = """
schema = 1
seed = {seed}
[dataset]
kind = "image_folder"
path = '{path}'
[images]
size = 32
[backbone]
kind = "resnet18"
width = 0.25
[training]
epochs = {epochs}
"""


@pytest.mark.benchmark
@pytest.mark.timeout(3600)
def test_a_recipe_without_training_settings_beats_a_plain_fit(tmp_path: Path, cifar10_mini: Path) -> None:
    ours, theirs = [], []
    for seed in SEEDS:
        text = RECIPE.format(seed=seed, path=cifar10_mini, epochs=EPOCHS)
        ours.append(_run(text, tmp_path / f"runs {seed}"))
        theirs.append(_plain_fit(text, tmp_path / "cache", seed))
    print(f"\nresnet18 ×0.25, 32×32, {EPOCHS} epochs, seeds {SEEDS}, test accuracy of the shipped float file:")
    print(f"  recipe's defaults   {', '.join(f'{one:.3f}' for one in ours)}   mean {statistics.mean(ours):.3f}")
    print(f"  model.fit, Adam     {', '.join(f'{one:.3f}' for one in theirs)}   mean {statistics.mean(theirs):.3f}")
    assert statistics.mean(ours) >= MIN_MEAN_ACCURACY
    assert statistics.mean(ours) > statistics.mean(theirs)


def _run(text: str, runs: Path) -> float:
    result = run_recipe(parse_recipe(text), Locations(runs), Control(), lambda event: None, lambda directory: None)
    return result.variants[0].accuracy


def _plain_fit(text: str, cache: Path, seed: int) -> float:
    """What most examples do, with the same network on the same arrays."""
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    set_up_tensorflow(seed)
    import tf_keras

    from engine.backbones.backbone import layer_graph
    from engine.training.keras_network import build_keras_network

    recipe = parse_recipe(text)
    data = prepare(scan(recipe.dataset, seed), recipe.dataset, recipe.images.first, seed, cache)

    def arrays(split: Split) -> tuple[np.ndarray, np.ndarray]:
        rows = data.splits[split]
        return np.asarray(data.images[rows]).astype(np.float32) / 255, data.labels[rows]

    model = build_keras_network(layer_graph(recipe.backbone, (32, 32, 3), len(data.classes)), seed)
    model.compile(tf_keras.optimizers.Adam(), "sparse_categorical_crossentropy", ["accuracy"])
    model.fit(*arrays(Split.TRAIN), batch_size=32, epochs=EPOCHS, verbose=0, validation_data=arrays(Split.VALIDATION))
    return float(model.evaluate(*arrays(Split.TEST), verbose=0)[1])
