"""Each augmentation and preset is quick enough for the smallest backbone; the benchmark measures whole epochs."""

from __future__ import annotations

import time

import numpy as np
import pytest

from engine.contract.augmentation import AUGMENTATIONS, usual_order
from engine.imaging.augment import augment, augmentation_streams
from ui.wizard.network.augmentation_presets import augmentation_presets

MAX_SECONDS_PER_IMAGE = 74e-6
"""A tenth of what ResNet-8 trains an image in with two cores, 370 µs each on an AMD EPYC server."""
BATCHES, MOST_BATCHES = 12, 240
IMAGES = np.random.default_rng(1).integers(0, 256, (64, 32, 32, 3), dtype=np.uint8)
CHOSEN = [(key,) for key in usual_order(AUGMENTATIONS)]
CHOSEN += [preset.augment for preset in augmentation_presets() if preset.augment]


@pytest.mark.parametrize("names", CHOSEN, ids="+".join)
def test_it_takes_little_of_the_processor(names: tuple[str, ...]) -> None:
    best, batch = np.inf, 0
    # Of this thread alone, and the best of several: other processes do not count, but where they share a core they slow
    # it down for seconds.
    while batch < BATCHES or (best >= MAX_SECONDS_PER_IMAGE and batch < MOST_BATCHES):
        batch += 1
        started = time.thread_time()
        augment(IMAGES, augmentation_streams(names, 7, batch))
        best = min(best, (time.thread_time() - started) / len(IMAGES))
    assert best < MAX_SECONDS_PER_IMAGE
