"""A description that would make Python recurse, loop or grow without end is refused at once, in one sentence."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from engine.contract.errors import DataError
from engine.weights.stored_weights import read_stored_weights
from engine.weights.tensor_pickle import MAX_KEY_CHARACTERS, MAX_OPERATIONS
from tests.engine.weights.torch_writing import dictionary, save, tensor, text, whole, write_archive

MAX_SECONDS = 3.0
"""A second on an idle machine; without the limits these take minutes, or end the process."""
TWICE = b"h\x00h\x00\x86q\x00"
"""A tuple of twice the tuple before."""
EXPONENTIAL = b")q\x00" + 60 * TWICE
DEEP = b")" + 200_000 * b"\x85"
NO_END, DEPTH, KEY = "its containers have no end", "nested more than 100 deep", "has a key that is neither"
HOSTILE = {
    "a deep key": (b"}" + DEEP + b"Ns", DEPTH),
    "a deep value": (b"}" + text("a") + DEEP + b"s", DEPTH),
    "deep lists": (150 * b"](" + 150 * b"e", DEPTH),
    "deep dictionaries": (b"}" + 150 * (text("a") + b"}") + 150 * b"s", DEPTH),
    "a key of shared tuples": (b"}" + EXPONENTIAL + b"Ns", NO_END),
    "a small tuple as a key": (b"})Ns", KEY),
    "a key of bytes": (b"}C\x01aNs", KEY),
    "a large number as a key": (b"}\x8a\x09" + 8 * b"\x00" + b"\x01Ns", KEY),
    "a long key": (b"}" + text("a" * (MAX_KEY_CHARACTERS + 1)) + b"Ns", KEY),
    "pairs with a tuple as a key": (b"ccollections\nOrderedDict\n](]()Nee\x85R", KEY),
    "a call of shared tuples": (EXPONENTIAL + b")R", NO_END),
    "a call of a tuple": (b"))R", "it calls something, which makes no tensor"),
    "shared lists": (b"]" + b"".join(b"q%c](h%ch%ce" % (at, at, at) for at in range(40)), NO_END),
    "marks": (MAX_OPERATIONS * b"(", DEPTH),
    "marks that end": (MAX_OPERATIONS // 2 * b"()", DEPTH),
    "a dictionary in itself": (b"}q\x00" + text("a") + b"h\x00s", NO_END),
    "a list in a list in itself": (b"]q\x00]h\x00aah\x00]h\x00aa", NO_END),
    "a tuple with its list": (b"]q\x00h\x00\x85a", NO_END),
    "operations": (MAX_OPERATIONS * b"N", "more than 500,000 parts"),
    "a shape of many axes": (b"ctorch\nSize\n](" + 65 * whole(1) + b"e\x85R", "a shape that is none"),
    "a shape of texts": (b"ctorch\nSize\n](" + text("x") + b"e\x85R", "a shape that is none"),
    "a storage with a tuple as its key": (
        b"(" + text("storage") + b"ctorch\nFloatStorage\n)" + text("cpu") + whole(1) + b"tQ",
        "a storage is described",
    ),
    "a container that ends before it begins": (b"]N(0]e", ""),
    "a tuple of nothing": (b"\x87", ""),
    "complex numbers": (b"ctorch\nComplexFloatStorage\n", "complex numbers; weights of a network are real ones"),
    "a name that is a tuple": (b"))\x93", "something is named by what is no text"),
    "a name with a line break": (text("a\nb") + text("c" * 500) + b"\x93", "it holds a program (a?b.ccc"),
}


def refusal(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        read_stored_weights(path)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < len(str(path)) + 400
    return message


@pytest.mark.parametrize("name", HOSTILE)
def test_what_has_no_end_is_refused_at_once(name: str, tmp_path: Path) -> None:
    content, words = HOSTILE[name]
    path = tmp_path / "hostile.pth"
    write_archive(path, content, {})
    began = time.perf_counter()
    assert words in refusal(path)
    assert time.perf_counter() - began < MAX_SECONDS


def test_the_process_outlives_a_key_of_two_million_tuples(tmp_path: Path) -> None:
    """In a process of its own, which a fault of memory would end."""
    path = tmp_path / "hostile.pth"
    write_archive(path, b"})" + 2_000_000 * b"\x85" + b"Ns", {})
    program = (
        "import sys; from pathlib import Path; from engine.contract.errors import DataError\n"
        "from engine.weights.stored_weights import read_stored_weights\n"
        "try: read_stored_weights(Path(sys.argv[1]))\n"
        "except DataError as error: print(error)"
    )
    ended = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert DEPTH in ended.stdout


def test_a_refusal_is_remembered_until_the_file_changes(tmp_path: Path) -> None:
    """The wizard asks about one file many times."""
    path = tmp_path / "hostile.pth"
    write_archive(path, MAX_OPERATIONS * b"N", {})
    refusal(path)
    began = time.perf_counter()
    for _ in range(20):
        refusal(path)
    assert time.perf_counter() - began < MAX_SECONDS / 20
    write_archive(path, dictionary({"a.weight": tensor("FloatStorage", "0", 1, (1,), (1,))}), {"0": bytes(4)})
    assert [layer.name for layer in read_stored_weights(path).layers] == ["a"]


def test_a_byte_order_that_stands_for_gigabytes_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "hostile.pth"
    content = dictionary({"a.weight": tensor("FloatStorage", "0", 1, (1,), (1,))})
    write_archive(path, content, {"0": bytes(4)}, {"byteorder": b"little" + bytes(1 << 20)})
    assert "big-endian" in refusal(path)


@pytest.mark.parametrize("name", ["a\nb.weight", "a" * 300 + ".weight"])
def test_a_name_that_fills_a_message_is_refused(name: str, tmp_path: Path) -> None:
    for path, write in ((tmp_path / "a.pth", save), (tmp_path / "a.safetensors", lambda to, what: save_file(what, to))):
        write(path, {name: np.zeros((2, 2), np.float32)})
        assert "a name of a tensor is not one line of up to 200 characters" in refusal(path)


def test_pairs_as_python_2_wrote_them_are_a_dictionary(tmp_path: Path) -> None:
    pair = b"](" + text("a.weight") + tensor("FloatStorage", "0", 2, (2,), (1,)) + b"e"
    write_archive(tmp_path / "old.pth", b"ccollections\nOrderedDict\n](" + pair + b"e\x85R", {"0": bytes(8)})
    (layer,) = read_stored_weights(tmp_path / "old.pth").layers
    assert (layer.name, layer.shapes) == ("a", ((2,),))
