"""What is wrong with a file that is none is said in plain words; a checkpoint's network is found beside the rest."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from engine.contract.errors import DataError
from engine.weights.stored_weights import read_stored_weights
from tests.engine.weights.torch_writing import (
    described,
    dictionary,
    save,
    save_legacy,
    tensor,
    text,
    whole,
    write_archive,
)

ARRAYS = {"a.weight": np.arange(600, dtype=np.float32).reshape(20, 30), "a.bias": np.zeros(20, np.float32)}


def refusal(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        read_stored_weights(path)
    return str(caught.value)


def hdf5(path: Path) -> None:
    import h5py

    with h5py.File(path, "w") as file:
        file["a"] = ARRAYS["a.weight"]


def write(path: Path) -> bytes:
    if path.suffix == ".safetensors":
        save_file(ARRAYS, path)
    elif path.suffix == ".h5":
        hdf5(path)
    elif path.name.startswith("legacy"):
        save_legacy(path, ARRAYS)
    else:
        save(path, ARRAYS)
    return path.read_bytes()


@pytest.mark.parametrize("name", ["zip.pth", "zip.pt", "legacy.pth", "checkpoint.pth.tar", "a.safetensors", "a.h5"])
def test_a_file_that_is_cut_short_or_empty_is_called_that(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    content = write(path)
    for length in (len(content) - 1, len(content) // 2, 100):
        path.write_bytes(content[:length])
        assert "is cut short" in refusal(path), length
    path.write_bytes(b"")
    assert "(it is empty: copy or download it again)" in refusal(path)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.pth", b"hello\n", "it is not a file of PyTorch"),
        ("a.pth.tar", b"hello\n", "it is not a file of PyTorch"),
        ("a.h5", b"hello\n", "it is a file of neither Keras nor PyTorch"),
        ("a.h5", b"\x89HDF\r\n\x1a\n torn", "it is damaged"),
        ("a.h5", b"PK\x03\x04 torn", "it is cut short"),
        ("a.safetensors", b"hello, hello", "it is not a safetensors file"),
        ("a.safetensors", b"\x02\x00\x00\x00\x00\x00\x00\x00[]", "its description is damaged"),
        ("a.safetensors", b"\x02\x00", "it is cut short"),
    ],
)
def test_what_is_something_else_is_called_that(name: str, content: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    assert words in refusal(tmp_path / name)


def test_an_archive_of_something_else_and_damage_within_a_description(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", a=np.zeros(3))
    assert "the archive holds no weights of Keras or PyTorch" in refusal(tmp_path / "a.npz")
    for content in (b"}Na", b"e", b"h\x07", b"}(" + text("a") + b"u", b"NN"):
        write_archive(tmp_path / "a.pth", content, {})
        assert "damaged" in refusal(tmp_path / "a.pth") or "no list" in refusal(tmp_path / "a.pth"), content
    write_archive(tmp_path / "a.pth", dictionary(described(ARRAYS)), {"0": ARRAYS["a.weight"].tobytes()})
    assert "its storage 1 is not there" in refusal(tmp_path / "a.pth")


def test_an_hdf5_file_may_have_any_name(tmp_path: Path) -> None:
    hdf5(tmp_path / "a.pth")
    assert "PyTorch file" not in refusal(tmp_path / "a.pth")
    assert "cut short" not in refusal(tmp_path / "a.pth")


def test_the_network_of_a_checkpoint_is_found_beside_loose_tensors(tmp_path: Path) -> None:
    """As PyTorch's ImageNet example saves it: the best accuracy is a tensor, and Adam's state has tensors too."""
    network = dictionary(described({f"module.{name}": array for name, array in ARRAYS.items()}))
    best = tensor("FloatStorage", "2", 1, (), ())
    moments = b"}" + text("state") + b"}" + whole(0) + b"}" + text("exp_avg") + best + b"sss"
    entries = {"epoch": whole(90), "arch": text("x"), "state_dict": network, "best_acc1": best, "optimizer": moments}
    storages = {"0": ARRAYS["a.weight"].tobytes(), "1": ARRAYS["a.bias"].tobytes(), "2": bytes(4)}
    for key in ("state_dict", "model", "net"):
        renamed = {key if name == "state_dict" else name: value for name, value in entries.items()}
        write_archive(tmp_path / f"{key}.pth.tar", dictionary(renamed), storages)
        stored = read_stored_weights(tmp_path / f"{key}.pth.tar")
        (layer,) = stored.layers
        assert layer.name == "a"
        ((weight, bias),) = stored.arrays([layer])
        np.testing.assert_array_equal(weight, ARRAYS["a.weight"].T)
        assert bias.shape == (20,)
    # A key that holds something else, before the one that holds the network.
    write_archive(tmp_path / "two.pth", dictionary({"state_dict": b"}", "weights": network}), storages)
    assert len(read_stored_weights(tmp_path / "two.pth").layers) == 1
