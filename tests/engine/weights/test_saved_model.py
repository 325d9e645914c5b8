"""A SavedModel of Keras is read without TensorFlow, as TensorFlow itself reads it; a damaged one is a sentence."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.contract.errors import DataError
from engine.weights.found_weights import weights_in
from engine.weights.keras_configuration import read_configuration
from engine.weights.saved_model import GRAPH_FILE, LAYERS_FILE, OBJECT_GRAPH_KEY, VARIABLES
from engine.weights.stored_weights import read_stored_weights
from engine.weights.tensor_bundle import read_tensor_bundle
from engine.weights.weights_file import weights_digest

WITHOUT_TENSORFLOW = """
import json, sys
from pathlib import Path
from engine.weights.keras_configuration import read_configuration
from engine.weights.stored_weights import read_stored_weights
path = Path(sys.argv[1])
stored = read_stored_weights(path)
sums = [[float(array.sum()) for array in arrays] for arrays in stored.arrays(list(stored.layers))]
names = [layer.name for layer in stored.layers]
print(json.dumps([[one.name for one in read_configuration(path).layers], names, sums, "tensorflow" in sys.modules]))
"""


def network(seed: int) -> Any:
    """A network in a network, enough layers for numbers of two digits, and trained, so that it has an optimiser."""
    import tf_keras

    layers = tf_keras.layers
    tf_keras.utils.set_random_seed(seed)
    inner = [
        layers.Input((8, 8, 3)),
        layers.Conv2D(4, 3, name="inner_conv"),
        layers.BatchNormalization(name="inner_bn"),
    ]
    parts = [layers.Input((8, 8, 3)), tf_keras.Sequential(inner, name="inner"), layers.DepthwiseConv2D(3, name="deep")]
    parts += [layers.Conv2D(4, 1, use_bias=place % 2 == 0, name=f"conv_{place}") for place in range(12)]
    model = tf_keras.Sequential([*parts, layers.Flatten(), layers.Dense(3, "softmax", name="decision")])
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(np.random.default_rng(seed).random((8, 8, 8, 3)), np.zeros(8), verbose=0)
    return model


@pytest.fixture(scope="module")
def model() -> Any:
    return network(1)


@pytest.fixture(scope="module")
def folder(model: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "heart classifier"
    model.save(str(path))
    return path


def test_every_variable_is_as_tensorflow_reads_it(folder: Path) -> None:
    import tensorflow as tf

    theirs = tf.train.load_checkpoint(str(folder / VARIABLES))
    ours = read_tensor_bundle(folder / VARIABLES)
    shapes = theirs.get_variable_to_shape_map()
    assert len(shapes) > 30
    assert set(ours.entries) == set(shapes)
    for key, shape in shapes.items():
        assert list(ours.shape(key)) == shape
        if theirs.get_variable_to_dtype_map()[key] == tf.float32:
            np.testing.assert_array_equal(ours.array(key), theirs.get_tensor(key))
    assert ours.text(OBJECT_GRAPH_KEY) == theirs.get_tensor(OBJECT_GRAPH_KEY)


def test_layers_come_with_their_own_arrays_and_without_tensorflow(folder: Path, model: Any, checkout: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TENSORFLOW, str(folder)], cwd=checkout, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    configured, names, sums, tensorflow = json.loads(done.stdout)
    assert not tensorflow
    weighted = [*model.get_layer("inner").layers, *model.layers[1:-2], model.layers[-1]]
    assert names == [layer.name for layer in weighted]
    assert [name for name in configured if name in names] == names
    for layer, found in zip(weighted, sums, strict=True):
        assert found == pytest.approx([float(array.sum()) for array in layer.get_weights()], abs=1e-6), layer.name


def test_the_folder_and_the_graphs_file_in_it_are_the_same_weights(folder: Path) -> None:
    by_file, by_folder = read_stored_weights(folder / GRAPH_FILE), read_stored_weights(folder)
    assert by_file.layers == by_folder.layers
    assert read_configuration(folder / GRAPH_FILE) == read_configuration(folder)
    assert weights_digest(folder / GRAPH_FILE) == weights_digest(folder)
    assert [(one.path, one.title) for one in weights_in([folder.parent])] == [(folder / GRAPH_FILE, folder.name)]


def test_a_model_that_was_saved_anew_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "model"
    digests, biases = [], []
    for seed in (1, 2):
        network(seed).save(str(path))
        stored = read_stored_weights(path)
        digests.append(weights_digest(path))
        biases.append(next(stored.arrays([stored.layers[-1]]))[1])
    assert digests[0] != digests[1]
    assert not np.array_equal(*biases)


@pytest.mark.parametrize("damaged", [LAYERS_FILE, f"{VARIABLES}.index"])
@pytest.mark.parametrize("kept", [0.0, 0.3, 0.99])
def test_a_file_that_is_cut_short_is_a_sentence(folder: Path, tmp_path: Path, damaged: str, kept: float) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    content = (copy / damaged).read_bytes()
    (copy / damaged).write_bytes(content[: int(kept * len(content))])
    with pytest.raises(DataError, match=r"is not a (weights file|saved Keras model)"):
        read_configuration(copy), read_stored_weights(copy)


def test_missing_variables_are_a_sentence(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    (copy / f"{VARIABLES}.index").unlink()
    with pytest.raises(DataError, match="is not a weights file"):
        read_stored_weights(copy)


def test_noise_in_the_index_is_an_error_and_no_crash(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    index = copy / f"{VARIABLES}.index"
    content = np.frombuffer(index.read_bytes(), np.uint8)
    generator = np.random.default_rng(3)
    refused = 0
    for number in range(100):
        noisy = content.copy()
        noisy[generator.integers(0, len(noisy), 8)] ^= generator.integers(1, 256, 8, dtype=np.uint8)
        path = tmp_path / f"copy{number}"
        shutil.copytree(copy, path)
        (path / f"{VARIABLES}.index").write_bytes(noisy.tobytes())
        try:
            stored = read_stored_weights(path)
            list(stored.arrays(list(stored.layers)))
        except DataError:
            refused += 1
    assert refused > 10


def test_a_model_of_its_own_class_is_a_sentence(tmp_path: Path) -> None:
    import tf_keras

    class Own(tf_keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.dense = tf_keras.layers.Dense(3)

        def call(self, images: Any) -> Any:
            return self.dense(images)

    own = Own()
    own(np.zeros((1, 4), np.float32))
    own.save(str(tmp_path / "own"))
    with pytest.raises(DataError, match="of class Own, whose layers only its own code knows"):
        read_configuration(tmp_path / "own")
