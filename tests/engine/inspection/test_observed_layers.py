"""Layers, their filters and their feature maps are Keras' own; errors and bytes are those of the file."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras

from engine.inspection.byte_layout import byte_layout
from engine.inspection.feature_maps import compare_feature_maps, feature_maps
from engine.inspection.filters import compare_filters, filters_of, weight_histograms
from engine.inspection.layer_errors import layer_errors
from engine.inspection.observed_file import ObservedFile
from engine.inspection.observed_layers import layer_name, match_layers
from engine.inspection.paired_images import FedImage
from engine.inspection.shipped_model import ShippedModel
from engine.measurement.size import zipped_bytes
from tests.engine.inspection.toy_heads import SHAPE, file_of, image, keras_output, with_head

L = keras.layers
NAMES = ("first", "last", "deep", "head")


def all_kinds() -> Any:
    """A depthwise convolution whose activation stands alone, beside plain ones and a dense layer."""
    head = [
        L.DepthwiseConv2D(3, name="deep"),
        L.Activation(lambda x: x * tf.nn.relu6(x + 3) / 6, name="swish"),
        L.GlobalAveragePooling2D(),
        L.Dense(3, activation="softmax", name="head"),
    ]
    return with_head(head)


@pytest.fixture(scope="module")
def model() -> Any:
    return all_kinds()


@pytest.fixture(scope="module")
def files(model: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, ObservedFile]:
    folder = tmp_path_factory.mktemp("kinds")
    schemes = ("", "float16", "dynamic_range", "int8")
    return {scheme: file_of(model, folder, scheme, scheme or "float") for scheme in schemes}


def test_feature_maps_of_a_float_file_are_keras_layer_outputs(model: Any, files: dict[str, ObservedFile]) -> None:
    fed = image()
    files[""].look_at(fed)
    layers = files[""].layers
    assert [layer.name for layer in layers] == list(NAMES)
    assert [layer.activation for layer in layers] == ["RELU", "RELU", "HARD_SWISH", "NONE"]
    for layer, name in zip(layers[:3], ("first", "last", "swish"), strict=True):
        np.testing.assert_allclose(feature_maps(files[""], layer), keras_output(model, name, fed), atol=1e-5)


@pytest.mark.parametrize("scheme", ["float16", "dynamic_range", "int8"])
def test_a_compressed_files_layers_are_its_baselines(scheme: str, files: dict[str, ObservedFile]) -> None:
    matched = match_layers(files[""].layers, files[scheme].layers)
    assert matched.by == "order"
    assert not matched.said
    for pair in matched.pairs:
        maps = compare_feature_maps(files[""], files[scheme], pair, image(), image())
        assert maps.difference is not None
        # The converter leaves kernels of under 1,024 weights as they are in dynamic range files.
        assert np.any(maps.difference) == (scheme != "dynamic_range")
        assert np.abs(maps.difference).max() < 0.05 * np.abs(maps.baseline).max()
        assert maps.scale == (min(maps.baseline.min(), maps.other.min()), max(maps.baseline.max(), maps.other.max()))
        found = weight_histograms(pair)
        assert found.baseline.sum() == found.other.sum() == pair.other.kernel.size


def test_filters_are_keras_kernels(model: Any, files: dict[str, ObservedFile]) -> None:
    kernels = [model.get_layer(name).get_weights()[0] for name in NAMES]
    expected = [
        kernels[0].transpose(3, 0, 1, 2),
        kernels[1].transpose(3, 0, 1, 2),
        kernels[2].transpose(2, 0, 1, 3),
        kernels[3].T[:, None, None],
    ]
    for layer, kernel in zip(files[""].layers, expected, strict=True):
        np.testing.assert_allclose(filters_of(layer.kernel), kernel, atol=1e-6)
    pair = match_layers(files[""].layers, files["int8"].layers).pairs[0]
    filters = compare_filters(pair)
    steps = np.abs(expected[0]).max(axis=(1, 2, 3), keepdims=True) / 127
    assert filters.difference is not None
    assert np.all(np.abs(filters.difference) <= steps / 2 + 1e-6)


def test_files_of_other_architectures_are_matched_by_name_or_not_at_all(
    files: dict[str, ObservedFile], tmp_path: Path
) -> None:
    shorter = file_of(with_head([L.GlobalAveragePooling2D(), L.Dense(3, name="head")]), tmp_path)
    matched = match_layers(files[""].layers, shorter.layers)
    assert matched.by == "name"
    assert [pair.baseline.name for pair in matched.pairs] == ["first", "last", "head"]
    assert matched.only_baseline == ("deep",)
    assert "1 of the baseline, 0 of the file" in matched.said
    dense = file_of(keras.Sequential([L.Input(SHAPE), L.Flatten(), L.Dense(2, name="other")]), tmp_path, name="dense")
    assert "another architecture" in match_layers(files[""].layers, dense.layers).said


def test_a_layer_that_lost_channels_is_matched_but_not_compared(tmp_path: Path) -> None:
    def network(filters: int) -> Any:
        layers = [L.Conv2D(filters, 3, name="thin"), L.GlobalAveragePooling2D(), L.Dense(2, name="head")]
        return with_head(layers)

    wide, thin = (file_of(network(count), tmp_path, name=f"n{count}") for count in (8, 5))
    matched = match_layers(wide.layers, thin.layers)
    assert [pair.same_shape for pair in matched.pairs] == [True, True, False, False]
    assert matched.said.endswith("whose values are not compared: 2.")
    maps = compare_feature_maps(wide, thin, matched.pairs[2], image(), image())
    assert (maps.difference, maps.baseline.shape[2], maps.other.shape[2]) == (None, 8, 5)
    errors = layer_errors(wide, thin, matched, [FedImage("", image(), image())], 1)
    assert {error.pair.baseline.name for error in errors} == {"first", "last"}


def test_sqnr_is_numpys_and_the_worst_is_first(files: dict[str, ObservedFile]) -> None:
    first, second = files[""], files["int8"]
    matched = match_layers(first.layers, second.layers)
    images = [FedImage(str(seed), image(seed), image(seed)) for seed in range(3)]
    errors = layer_errors(first, second, matched, images, len(images))
    assert len(errors) == 4
    assert [error.output_sqnr_db for error in errors] == sorted(error.output_sqnr_db for error in errors)
    for error in errors:
        pairs = [compare_feature_maps(first, second, error.pair, one.baseline, one.other) for one in images]
        x = np.concatenate([maps.baseline.ravel() for maps in pairs]).astype(np.float64)
        y = np.concatenate([maps.other.ravel() for maps in pairs]).astype(np.float64)
        assert error.output_sqnr_db == pytest.approx(10 * np.log10((x**2).sum() / ((x - y) ** 2).sum()))
        x, y = (layer.kernel.real_values.astype(np.float64) for layer in (error.pair.baseline, error.pair.other))
        assert error.weight_sqnr_db == pytest.approx(10 * np.log10((x**2).sum() / ((x - y) ** 2).sum()))
    same = layer_errors(first, first, match_layers(first.layers, first.layers), images, len(images))
    assert {error.output_sqnr_db for error in same} == {math.inf}


@pytest.mark.parametrize("scheme", ["", "float16", "dynamic_range", "int8"])
def test_bytes_add_up_to_the_file(scheme: str, files: dict[str, ObservedFile]) -> None:
    model = files[scheme].model
    parts = byte_layout(model)
    assert sum(part.raw_bytes for part in parts) == model.path.stat().st_size
    assert sum(part.zipped_bytes for part in parts) == zipped_bytes(model.path)
    layers = [part for part in parts if part.kind == "layer"]
    assert [part.name for part in layers] == [f"{number} {name}" for number, name in enumerate(NAMES, start=1)]
    for part, layer in zip(layers, files[scheme].layers, strict=True):
        assert part.raw_bytes >= layer.kernel.values.nbytes > 0


def test_bytes_of_a_file_that_ships_count_its_metadata(toy_run: Path) -> None:
    for file in (toy_run / "models").glob("*.tflite"):
        parts = byte_layout(ShippedModel.open(file))
        assert sum(part.raw_bytes for part in parts) == file.stat().st_size
        assert sum(part.zipped_bytes for part in parts) == zipped_bytes(file)
        (metadata,) = (part for part in parts if part.kind == "metadata")
        assert metadata.raw_bytes > 1000


@pytest.mark.parametrize(
    ("kernel", "name"),
    [
        ("network/stem_conv/Conv2D", "stem_conv"),
        ("network/quant_stem/Conv2D;network/quant_stem/LastValueQuant/FakeQuantWithMinMaxVars", "stem"),
        ("network/bn/FusedBatchNormV3;network/deep/depthwise;network/pw/Conv2D", "deep"),
        ("network/classifier/MatMul1", "classifier"),
        ("network/expanded_conv_1/expand/Conv2D", "expanded_conv_1/expand"),
        ("arith.constant7", "layer 3"),
    ],
)
def test_a_layers_name_is_found_in_its_kernels(kernel: str, name: str) -> None:
    assert layer_name(kernel, 3) == name
