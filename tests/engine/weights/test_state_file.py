"""Files of PyTorch tensors are read exactly, run nothing, and are refused in one sentence where they hold more."""

from __future__ import annotations

import pickle
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from engine.contract.errors import DataError
from engine.weights.state_file import is_state_file
from engine.weights.stored_weights import faulty_layer, read_stored_weights
from tests.engine.weights.torch_writing import (
    described,
    dictionary,
    rows,
    save,
    save_legacy,
    tensor,
    text,
    whole,
    write_archive,
)

REAL = Path(__file__).parent / "torch_files"
"""Written by PyTorch 2.14: a convolution, a normalisation in bfloat16 and half whose weight and bias share a storage,
and a transposed dense layer in float64."""
ARRAYS = {
    "conv1.weight": np.arange(2 * 3 * 3 * 3, dtype=np.float32).reshape(2, 3, 3, 3),
    "bn1.weight": np.arange(2, dtype=np.float16),
    "bn1.running_mean": np.arange(2, dtype=np.float64) + 1,
    "bn1.num_batches_tracked": np.asarray(5, np.int64),
    "fc.weight": np.arange(6, dtype=np.float32).reshape(3, 2),
    "fc.bias": np.arange(3, dtype=np.float32),
}


def arrays(path: Path) -> dict[str, list[np.ndarray]]:
    stored = read_stored_weights(path)
    found = dict(zip((layer.name for layer in stored.layers), stored.arrays(list(stored.layers)), strict=True))
    for layer in stored.layers:
        assert tuple(array.shape for array in found[layer.name]) == layer.shapes
        assert all(array.dtype == np.float32 for array in found[layer.name])
    return found


@pytest.mark.parametrize("name", ["checkpoint.pth", "legacy.pth"])
def test_files_that_pytorch_wrote(name: str) -> None:
    found = arrays(REAL / name)
    assert [*found] == ["conv1", "bn1", "fc"]
    np.testing.assert_array_equal(found["conv1"][0].transpose(3, 2, 0, 1).ravel(), np.arange(108) / 8)
    expected = ([0, 1, 2, 3], [4, 5, 6, 7], np.arange(4) / 4, np.arange(4) / 2)
    np.testing.assert_array_equal(found["bn1"], expected)
    np.testing.assert_array_equal(found["fc"][0], np.arange(12).reshape(4, 3))


def saved_safetensors(path: Path, content: Mapping[str, np.ndarray]) -> None:
    save_file(dict(content), path)


WRITERS = {"zip.pth": save, "legacy.pt": save_legacy, "it.safetensors": saved_safetensors}


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("before", ["", "module.", "module.backbone."])
def test_every_format_gives_the_layers_as_keras_has_them(name: str, before: str, tmp_path: Path) -> None:
    WRITERS[name](tmp_path / name, {before + key: array for key, array in ARRAYS.items()})
    assert is_state_file(tmp_path / name)
    found = arrays(tmp_path / name)
    assert {*found} == {"conv1", "bn1", "fc"}
    np.testing.assert_array_equal(found["conv1"][0], ARRAYS["conv1.weight"].transpose(2, 3, 1, 0))
    np.testing.assert_array_equal(found["bn1"], [[0, 1], [1, 2]])
    np.testing.assert_array_equal(found["fc"][0], ARRAYS["fc.weight"].T)
    np.testing.assert_array_equal(found["fc"][1], [0, 1, 2])


def test_a_bfloat16_is_the_upper_half_of_a_float32(tmp_path: Path) -> None:
    values = np.asarray([1.0, -2.5, 0.0, np.inf], np.float32)
    halves = (values.view(np.uint32) >> 16).astype("<u2").tobytes()
    content = dictionary({"bn.weight": tensor("BFloat16Storage", "0", 4, (4,), (1,))})
    write_archive(tmp_path / "half.pth", content, {"0": halves})
    np.testing.assert_array_equal(arrays(tmp_path / "half.pth")["bn"][0], values)
    assert faulty_layer(tmp_path / "half.pth").startswith(
        'The layer "bn" of half.pth holds weights that are not finite'
    )


def test_tensors_may_share_a_storage_and_lie_across_it(tmp_path: Path) -> None:
    storage = np.arange(12, dtype=np.float32)
    content = dictionary(
        {
            "a.weight": tensor("FloatStorage", "0", 12, (3, 2), (1, 3), offset=6),
            "b.weight": tensor("FloatStorage", "0", 12, (2, 2), (6, 2), offset=1),
        }
    )
    write_archive(tmp_path / "shared.pth", content, {"0": storage.tobytes()})
    found = arrays(tmp_path / "shared.pth")
    np.testing.assert_array_equal(found["a"][0], storage[6:].reshape(2, 3))
    np.testing.assert_array_equal(found["b"][0], [[1, 7], [3, 9]])


def refusal(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        arrays(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("module.pth", "it holds a program (torch.nn"),
        ("script.pt", "it holds a program (TorchScript)"),
        ("quantised.pth", "it holds quantised tensors"),
    ],
)
def test_what_is_more_than_tensors_is_refused(name: str, words: str) -> None:
    assert words in refusal(REAL / name)


class Opens:
    """What runs as it is unpickled."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return open, (str(self._path), "w")


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_no_pickle_runs_anything(protocol: int, tmp_path: Path) -> None:
    trap = tmp_path / "trapped"
    poison = pickle.dumps({"state_dict": Opens(trap)}, protocol)
    (tmp_path / "bare.pth").write_bytes(poison)
    with zipfile.ZipFile(tmp_path / "archive.pth", "w") as archive:
        archive.writestr("archive/data.pkl", poison)
    assert "torch.save(model.state_dict(), …)" in refusal(tmp_path / "bare.pth")
    assert "io.open" in refusal(tmp_path / "archive.pth")
    assert not trap.exists()
    pickle.loads(poison)["state_dict"].close()
    assert trap.exists(), "unpickled, it would have run"


def test_a_call_of_what_is_allowed_makes_tensors_only(tmp_path: Path) -> None:
    """Of the known names too: a tensor without a storage, a storage type that is called, a state for a tensor."""
    tensors = {
        "no storage": b"ctorch._utils\n_rebuild_tensor_v2\n(" + text("x") + whole(0) + b"))tR",
        "a type": b"ctorch\nFloatStorage\n(" + whole(3) + b"tR",
        "a state": tensor("FloatStorage", "0", 1, (1,), (1,)) + b"}b",
        "other kinds": b"c__builtin__\neval\n(" + text("1") + b"tR",
        "an object": b"ctorch\nSize\n)\x81",
    }
    for name, content in tensors.items():
        write_archive(tmp_path / "bad.pth", dictionary({"a.weight": content}), {"0": bytes(4)})
        assert refusal(tmp_path / "bad.pth"), name


@pytest.mark.parametrize(
    ("count", "shape", "strides", "offset"),
    [
        (4, (1 << 30, 1 << 30), (0, 0), 0),
        (4, (5,), (1,), 0),
        (4, (2,), (4,), 0),
        (4, (2,), (1,), 3),
        (4, (2,), (-1,), 1),
        (4, (2, 2), (1,), 0),
        (1 << 30, (1,), (1,), 0),
    ],
    ids=["bomb", "longer", "wider", "behind", "backwards", "axes", "storage"],
)
@pytest.mark.parametrize("suffix", ["zip", "legacy"])
def test_a_tensor_larger_than_its_numbers_is_refused(
    suffix: str, count: int, shape: tuple[int, ...], strides: tuple[int, ...], offset: int, tmp_path: Path
) -> None:
    path, stored = tmp_path / "bomb.pth", np.zeros(4, np.float32)
    content = dictionary({"a.weight": tensor("FloatStorage", "0", count, shape, strides, offset)})
    if suffix == "zip":
        write_archive(path, content, {"0": stored.tobytes()})
    else:
        save_legacy(path, {"a.weight": stored})
        before = dictionary({name: one.replace(b"tQ", b"NtQ") for name, one in described({"a.weight": stored}).items()})
        assert path.read_bytes().count(before) == 1
        path.write_bytes(path.read_bytes().replace(before, content))
    assert "is not a weights file" in refusal(path)


def test_compressed_storages_nested_and_endless_containers_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "bad.pth"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        content = dictionary({"a.weight": tensor("FloatStorage", "0", 1 << 20, (1 << 20,), (1,))})
        archive.writestr("archive/data.pkl", b"\x80\x02" + content + b".")
        archive.writestr("archive/data/0", bytes(4 << 20))
    assert path.stat().st_size < 1 << 16
    assert "compressed" in refusal(path)
    # A list that holds itself; and lists of two of the list before, forty times.
    write_archive(path, b"]q\x00h\x00a", {})
    assert "no end" in refusal(path)
    write_archive(path, b"]" + b"".join(b"q%c](h%ch%ce" % (place, place, place) for place in range(40)), {})
    assert "no end" in refusal(path)
    # A text that says it were a tebibyte long.
    write_archive(path, b"\x8d" + (1 << 40).to_bytes(8, "little") + b"x", {})
    assert "is not a weights file" in refusal(path)


@pytest.mark.parametrize("name", WRITERS)
def test_a_file_that_was_cut_short_or_changed_is_a_sentence(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    WRITERS[name](path, ARRAYS)
    content = path.read_bytes()
    for length in range(0, len(content), 97):
        path.write_bytes(content[:length])
        refusal(path)
    generator = np.random.default_rng(0)
    for place in generator.integers(0, len(content), 40):
        changed = bytearray(content)
        changed[place] ^= 0xFF
        path.write_bytes(bytes(changed))
        with suppress(DataError):  # Not all changes can be noticed, and nothing else may be raised.
            arrays(path)


def test_other_machines_and_numbers_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "big.pth"
    write_archive(path, dictionary(described(ARRAYS)), {}, {"byteorder": b"big"})
    assert "big-endian machine" in refusal(path)
    save_legacy(path, ARRAYS, little_endian=False)
    assert "big-endian machine" in refusal(path)
    save(path, {"a.weight": np.zeros((2, 2), np.int64)})
    assert "its a.weight holds numbers of the type int64" in refusal(path)
    save(path, {"a.scale": np.zeros((2, 2), np.float32)})
    assert "holds no layer with weights" in refusal(path)
    write_archive(path, whole(3), {})
    assert "holds no tensors by name" in refusal(path)
    assert rows((2, 3, 4)) == (12, 4, 1)
