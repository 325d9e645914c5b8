"""Scales on which LiteRT aborts are refused before it sees them, and no others are."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import flatbuffers
import pytest
from ai_edge_litert import schema_py_generated as schema

from engine.measurement.interpreter import load_interpreter
from engine.measurement.runnable_scales import UnrunnableScale
from tests.tflite_toys import converted

LOADS = (
    "import sys; from ai_edge_litert.interpreter import Interpreter;"
    "one = Interpreter(model_path=sys.argv[1]); one.allocate_tensors(); one.invoke()"
)


@pytest.fixture(scope="module")
def sums() -> dict[str, bytes]:
    """A network with one sum, by scheme."""
    import tf_keras as keras

    image = keras.layers.Input((8, 8, 1))
    one = keras.layers.Conv2D(4, 3, padding="same", name="one")(image)
    other = keras.layers.Conv2D(4, 3, padding="same", name="other")(image)
    total = keras.layers.ReLU(name="joined")(keras.layers.Add(name="total")([one, other]))
    pooled = keras.layers.GlobalAveragePooling2D()(total)
    model = keras.Model(image, keras.layers.Dense(3, activation="softmax", name="head")(pooled), name="network")
    return {scheme: converted(model, scheme) for scheme in ("int8", "int16x8")}


def sum_in(model: Any) -> Any:
    """The operator ADD."""
    codes, add = model.operatorCodes, schema.BuiltinOperator.ADD
    return next(one for one in model.subgraphs[0].operators if codes[one.opcodeIndex].builtinCode == add)


def scales_of_summands(content: bytes) -> list[float]:
    model: Any = schema.ModelT.InitFromPackedBuf(content, 0)
    return [float(model.subgraphs[0].tensors[place].quantization.scale[0]) for place in sum_in(model).inputs]


def with_scale_of_sum(content: bytes, scale: float) -> bytes:
    """The file with another scale of what ADD computes."""
    model: Any = schema.ModelT.InitFromPackedBuf(content, 0)
    model.subgraphs[0].tensors[sum_in(model).outputs[0]].quantization.scale = [scale]
    builder = flatbuffers.Builder(len(content))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def is_aborted(content: bytes, folder: Path) -> bool:
    """Whether LiteRT itself ends its process by a signal on the file."""
    file = folder / "network.tflite"
    file.write_bytes(content)
    ended = subprocess.run([sys.executable, "-c", LOADS, str(file)], capture_output=True, check=False)
    # Windows tells an abort by an exit code of its own; an exception's is 1.
    return ended.returncode not in (0, 1)


def is_refused(content: bytes) -> bool:
    try:
        load_interpreter(content)
    except UnrunnableScale:
        return True
    return False


@pytest.mark.parametrize(("scheme", "bits"), [("int8", 20), ("int16x8", 15)])
@pytest.mark.parametrize("share", [0.99, 1.01])
def test_a_sum_is_refused_exactly_where_litert_aborts(
    sums: dict[str, bytes], tmp_path: Path, scheme: str, bits: int, share: float
) -> None:
    limit = 2 * max(scales_of_summands(sums[scheme])) / 2**bits
    content = with_scale_of_sum(sums[scheme], share * limit)
    assert is_refused(content) == is_aborted(content, tmp_path) == (share < 1)


@pytest.mark.parametrize("scale", [0.0, -1.0, float("nan"), float("inf")])
def test_a_scale_that_is_no_positive_number_is_refused(sums: dict[str, bytes], scale: float) -> None:
    with pytest.raises(UnrunnableScale, match=r'the layer "(joined|total)" gives zero .* a lower learning rate'):
        load_interpreter(with_scale_of_sum(sums["int8"], scale))
