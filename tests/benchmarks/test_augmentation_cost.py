"""What each augmentation and each preset costs: an epoch of the smallest backbone with it, over one without.

ResNet-8 at 32×32 in colour, batches of 64, feed and training step without validation. One epoch with and one without in
turn, and the ratio of the shortest, since other work on the machine only ever lengthens an epoch. The processor's time
is printed beside it: with every core busy the two are the same.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest

from engine.backbones.backbone import layer_graph
from engine.contract.augmentation import AUGMENTATIONS, usual_order
from engine.contract.backbone_settings import BackboneSettings
from engine.contract.image_settings import ImageSettings
from engine.contract.pixel_reading import AS_STORED
from engine.contract.training_settings import TrainingSettings
from engine.datasets.cache.prepared import PreparedDataset
from engine.datasets.source import Split
from engine.feeding.pipeline import fit_pipeline
from engine.training.feed import Feed
from engine.training.plan import TrainingPlan
from ui.wizard.network.augmentation_presets import augmentation_presets

MAX_SHARE = 0.10
"""Of an epoch, that augmentation may add."""
IMAGES = 1920
BATCH = 64
ROUNDS = 7
CLASSES = 10

Epoch = Callable[[tuple[str, ...]], tuple[float, float]]
"""Keys of augmentations → seconds, and seconds of the processor."""


def _epochs() -> Epoch:
    from engine.training.keras_network import build_keras_network
    from engine.training.objective import CrossEntropy
    from engine.training.tensorflow_setup import set_up_tensorflow
    from engine.training.update import Optimizers, training_step

    set_up_tensorflow(seed=7)
    settings = ImageSettings(size=32)
    small = np.random.default_rng(1).integers(0, 256, (IMAGES, 8, 8, 3), dtype=np.uint8)
    images, rows = small.repeat(4, axis=1).repeat(4, axis=2), np.arange(IMAGES)
    splits = {split: rows if split is Split.TRAIN else rows[:0] for split in Split}
    names = tuple(map(str, range(CLASSES)))
    dataset = PreparedDataset(names, images, rows % CLASSES, splits, (), None, None, None, AS_STORED, "", True)  # type: ignore[arg-type]
    pipeline = fit_pipeline(settings, dataset)
    model = build_keras_network(layer_graph(BackboneSettings(kind="resnet8"), (32, 32, 3), CLASSES), seed=7)
    plan = TrainingPlan.of_recipe(TrainingSettings(batch_size=BATCH))
    steps = {
        mixed: training_step(model, Optimizers(model, plan), (), CrossEntropy(model), mixed) for mixed in (False, True)
    }

    def epoch(augmentation: tuple[str, ...]) -> tuple[float, float]:
        feed = Feed(dataset, pipeline, 7, BATCH, augmentation)
        step = steps[feed.mixes]
        started = time.perf_counter(), time.process_time()
        for batch, labels in feed.training_epoch(1):
            loss, _ = step(batch, labels)
            float(loss)
        return time.perf_counter() - started[0], time.process_time() - started[1]

    return epoch


@pytest.mark.benchmark
@pytest.mark.timeout(3600)
def test_augmentation_adds_at_most_a_tenth_of_an_epoch_of_the_smallest_backbone() -> None:
    epoch = _epochs()
    chosen = {key: (key,) for key in usual_order(AUGMENTATIONS)}
    chosen |= {preset.title: preset.augment for preset in augmentation_presets() if preset.augment}
    shares = {}
    print()
    for title, names in chosen.items():
        epoch(names)
        epoch(())
        pairs = [(*epoch(names), *epoch(())) for _ in range(ROUNDS)]
        with_it, cpu_with, without, cpu_without = (min(times) for times in zip(*pairs, strict=True))
        shares[title] = with_it / without - 1
        cpu_share = cpu_with / cpu_without - 1
        print(
            f"{shares[title]:+7.1%} of {without:.2f} s, {cpu_share:+7.1%} of the processor's time  {title}", flush=True
        )
    assert {title: share for title, share in shares.items() if share > MAX_SHARE} == {}
