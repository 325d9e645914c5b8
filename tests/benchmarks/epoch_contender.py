"""One way to train, in a process of its own: trains an epoch for each line on standard input and prints its seconds.

    python -m tests.benchmarks.epoch_contender WAY FOLDER EPOCHS

WAY is one of `WAYS`. FOLDER has `images` (one folder per class) and is where the contender keeps what it needs. All
train the same network on the same split, each epoch with its validation.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from engine.contract.backbone_settings import BackboneSettings
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.events import EngineEvent, EpochFinished
from engine.contract.image_settings import ImageSettings
from engine.contract.recipe import Recipe
from engine.contract.training_settings import Precision, TrainingSettings
from engine.datasets.cache.preparation import prepare, scan
from engine.datasets.cache.prepared import PreparedDataset
from engine.datasets.source import Split

BATCH = 64


def recipe(folder: Path, epochs: int, augmented: bool, precision: Precision = "float32") -> Recipe:
    """The same arithmetic as the other ways: adam at one rate, without a label that is smoothed."""
    return Recipe(
        name="overhead",
        dataset=DatasetSettings(kind="image_folder", path=str(folder / "images")),
        images=ImageSettings(size=32),
        backbone=BackboneSettings(kind="resnet18", width=0.25),
        training=TrainingSettings(
            epochs=epochs,
            batch_size=BATCH,
            optimizer="adam",
            learning_rate=1e-3,
            schedule="constant",
            weight_decay=0.0,
            warmup_epochs=0,
            label_smoothing=0.0,
            augment=("hflip",) if augmented else (),
            precision=precision,
        ),
    )


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


class Clock:
    """Begins when it is made; as text, the seconds since then and the processor's."""

    def __init__(self) -> None:
        self._started = time.perf_counter(), time.process_time()

    def __str__(self) -> str:
        seconds, processor_seconds = self._started
        return f"{time.perf_counter() - seconds:.3f} {time.process_time() - processor_seconds:.3f}"


def each_epoch_on_request(train: Callable[[], Any]) -> None:
    """Warm up with one epoch, then one for each line that comes."""
    train()
    say("ready")
    for _ in sys.stdin:
        clock = Clock()
        train()
        say(f"{clock}")


def run(folder: Path, epochs: int, precision: Precision = "float32") -> None:
    """The engine's own `run_recipe`, held after each epoch until the next is asked for."""
    from engine.chain.run import run_recipe
    from engine.store.locations import Locations
    from engine.training.control import Control

    control = Control()
    clock: Clock | None = None

    def emit(event: EngineEvent) -> None:
        nonlocal clock
        if isinstance(event, EpochFinished):
            say(f"{clock}" if clock else "ready")
            if not sys.stdin.readline():
                os._exit(0)
            clock = Clock()

    run_recipe(
        recipe(folder, epochs, augmented=True, precision=precision),
        Locations(folder / "runs"),
        control,
        emit,
        lambda directory: None,
    )


def fit(folder: Path, epochs: int, channels_first: bool = False, **compiled: Any) -> None:
    """`model.fit` of the same compiled model on arrays that are in memory, decoded and scaled.

    Args:
        channels_first: whether images and feature maps lie in memory a channel after the other.
        compiled: for `model.compile`.
    """
    data = _dataset(folder, epochs)
    arrays = {
        split: (np.asarray(data.images[data.splits[split]]).astype(np.float32) / 255, data.labels[data.splits[split]])
        for split in (Split.TRAIN, Split.VALIDATION)
    }
    if channels_first:
        arrays = {split: (np.moveaxis(images, -1, 1).copy(), labels) for split, (images, labels) in arrays.items()}
    model = _compiled_model(len(data.classes), channels_first, **compiled)
    images, labels = arrays[Split.TRAIN]
    each_epoch_on_request(
        lambda: model.fit(
            images, labels, batch_size=BATCH, epochs=1, verbose=0, validation_data=arrays[Split.VALIDATION]
        )
    )


def generator(folder: Path, epochs: int) -> None:
    """The papers' way: `ImageDataGenerator.flow_from_directory` on the files, with the same flips."""
    data = _dataset(folder, epochs)
    for split in (Split.TRAIN, Split.VALIDATION):
        for row in data.splits[split]:
            link = folder / "split" / split.value / data.classes[data.labels[row]] / Path(data.paths[row]).name
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(data.paths[row])
    model = _compiled_model(len(data.classes))
    from tf_keras.preprocessing.image import ImageDataGenerator

    def flow(split: Split, **augmentation: bool) -> Any:
        return ImageDataGenerator(rescale=1 / 255, **augmentation).flow_from_directory(
            folder / "split" / split.value, target_size=(32, 32), batch_size=BATCH, class_mode="sparse", seed=7
        )

    with Path(os.devnull).open("w") as nowhere:
        stdout, sys.stdout = sys.stdout, nowhere
        training, validation = flow(Split.TRAIN, horizontal_flip=True), flow(Split.VALIDATION)
        sys.stdout = stdout
    each_epoch_on_request(lambda: model.fit(training, epochs=1, verbose=0, validation_data=validation))


def _dataset(folder: Path, epochs: int) -> PreparedDataset:
    chosen = recipe(folder, epochs, augmented=False)
    return prepare(scan(chosen.dataset, chosen.seed), chosen.dataset, chosen.images, chosen.seed, folder / "cache")


def _compiled_model(classes: int, channels_first: bool = False, **compiled: Any) -> Any:
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    import tf_keras

    from engine.backbones.backbone import layer_graph
    from engine.training.keras_network import build_keras_network

    graph = layer_graph(BackboneSettings(kind="resnet18", width=0.25), (32, 32, 3), classes)
    model = build_keras_network(graph, seed=7)
    if channels_first:
        model = tf_keras.Model.from_config(_with_channels_first(model.get_config()))
    model.compile(tf_keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy", ["accuracy"], **compiled)
    return model


def _with_channels_first(configuration: dict[str, Any]) -> dict[str, Any]:
    """A network's configuration with every layer in the other layout."""
    for layer in configuration["layers"]:
        settings = layer["config"]
        if layer["class_name"] == "InputLayer":
            count, height, width, channels = settings["batch_input_shape"]
            settings["batch_input_shape"] = (count, channels, height, width)
        elif layer["class_name"] == "BatchNormalization":
            settings["axis"] = [1]
        elif "data_format" in settings:
            settings["data_format"] = "channels_first"
    return configuration


WAYS: dict[str, Callable[[Path, int], None]] = {
    "run": run,
    "run-bfloat16": partial(run, precision="mixed_bfloat16"),
    "fit": fit,
    "fit-steps-8": partial(fit, steps_per_execution=8),
    "fit-xla": partial(fit, jit_compile=True),
    "fit-channels-first": partial(fit, channels_first=True),
    "generator": generator,
}


if __name__ == "__main__":
    WAYS[sys.argv[1]](Path(sys.argv[2]), int(sys.argv[3]))
