"""Two networks that are really trained, in seconds: noisy stripes of eight orientations, told apart with mistakes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from engine.graph.graph_builder import GraphBuilder
from engine.graph.layer_graph import LayerGraph, Tensor
from engine.measurement.interpreter import ImageClassifier

SIDE = 16
ORIENTATIONS = 8
NOISE = 0.8
TRAINING_IMAGES = 1024
TEST_IMAGES = 512
EPOCHS = 6


@dataclass(frozen=True)
class Trained:
    """A network with what it was trained on, and its float32 `.tflite`."""

    model: Any
    calibration: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    float32: bytes


def draw_stripes(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Images float32 (count, side, side, 1) and labels int64 (count,)."""
    generator = np.random.default_rng(seed)
    labels = np.arange(count) % ORIENTATIONS
    angles = labels * np.pi / ORIENTATIONS
    rows, columns = np.mgrid[:SIDE, :SIDE]
    along = rows * np.sin(angles)[:, None, None] + columns * np.cos(angles)[:, None, None]
    stripes = np.sin(along * 1.2 + generator.uniform(0, 2 * np.pi, (count, 1, 1)))
    images = 0.5 + 0.3 * stripes + NOISE * generator.standard_normal(stripes.shape)
    return images[..., None].astype(np.float32), labels


def probabilities(content: bytes, images: np.ndarray) -> np.ndarray:
    """What a `.tflite` gives for each image, float32 (n, classes)."""
    classifier = ImageClassifier(content)
    found = []
    for image in images:
        classifier.set_image(image)
        classifier.invoke()
        found.append(classifier.probabilities())
    return np.array(found)


def agreement(first: bytes, second: bytes, images: np.ndarray) -> float:
    """Share of the images on which two files decide for the same class."""
    return float(np.mean(probabilities(first, images).argmax(axis=1) == probabilities(second, images).argmax(axis=1)))


def _trained(with_additions: bool) -> Trained:
    import tf_keras

    from engine.export.tflite_conversion import float32_tflite
    from engine.training.keras_network import build_keras_network
    from engine.training.tensorflow_setup import set_up_tensorflow

    set_up_tensorflow(seed=7)
    model: Any = build_keras_network(_layers(with_additions), seed=7)
    model.compile(tf_keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy")
    images, labels = draw_stripes(TRAINING_IMAGES, seed=1)
    model.fit(images, labels, batch_size=32, epochs=EPOCHS, verbose=0)
    test_images, test_labels = draw_stripes(TEST_IMAGES, seed=2)
    return Trained(model, images[:100], test_images, test_labels, float32_tflite(model))


def _layers(with_additions: bool) -> LayerGraph:
    builder = GraphBuilder((SIDE, SIDE, 1))
    x = _block(builder, builder.input, 16, "stem")
    x = builder.max_pool(x, 2, "pool")
    for number in (1, 2, 3):
        y = _block(builder, x, 16, f"body{number}")
        x = builder.add(x, y, f"add{number}") if with_additions else y
    x = builder.relu(builder.batch_norm(builder.depthwise_conv(x, 3, "depth_conv"), "depth_bn"), "depth_relu")
    x = _block(builder, x, 32, "tip")
    builder.dense(builder.global_average_pool(x), ORIENTATIONS, "classifier", "softmax")
    return builder.graph()


def _block(builder: GraphBuilder, x: Tensor, filters: int, name: str) -> Tensor:
    x = builder.conv(x, filters, 3, f"{name}_conv")
    return builder.relu(builder.batch_norm(x, f"{name}_bn"), f"{name}_relu")


@pytest.fixture(scope="session")
def residual() -> Trained:
    """With additions, as ResNet."""
    return _trained(with_additions=True)


@pytest.fixture(scope="session")
def sequential() -> Trained:
    """One layer after the other, as VGG."""
    return _trained(with_additions=False)
