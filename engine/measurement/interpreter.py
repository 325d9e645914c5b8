"""Loads a `.tflite` into a LiteRT interpreter, one image at a time."""

from __future__ import annotations

import mmap
import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from engine.contract.errors import NutshellError
from engine.measurement.lookup_table_form import DECODE_OPERATOR
from engine.measurement.runnable_scales import refuse_unrunnable_scales


def load_interpreter(file: Path | bytes, threads: int = 1, keep_all: bool = False, reference: bool = False) -> Any:
    """An interpreter with its tensors allocated.

    Args:
        keep_all: keep what each operator computed, to be looked at; the kernels that compute are the same.
        reference: take the kernels that were written to be read, and no delegate.

    Raises:
        NutshellError: the file is missing or is no `.tflite` that this interpreter runs.
        UnrunnableScale: the interpreter would end this process on it.
    """
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    name = file.name if isinstance(file, Path) else "The file"
    _refuse_unrunnable(file, name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            interpreter = Interpreter(
                **_source(file),
                num_threads=threads,
                experimental_preserve_all_tensors=keep_all,
                experimental_op_resolver_type=OpResolverType.BUILTIN_REF if reference else OpResolverType.AUTO,
            )
            interpreter.allocate_tensors()
    except (ValueError, RuntimeError, OSError) as error:
        if DECODE_OPERATOR.decode() in str(error):
            message = f"{name} has look-up tables, which TensorFlow Lite Micro alone reads; take the file without."
            raise NutshellError(message) from None
        message = f"{name} is no .tflite file that can be run here ({first_line(error)}); make it again."
        raise NutshellError(message) from None
    return interpreter


def first_line(error: Exception) -> str:
    """What native code says went wrong, without the lines of its source that follow."""
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__


def _refuse_unrunnable(file: Path | bytes, name: str) -> None:
    if isinstance(file, bytes):
        refuse_unrunnable_scales(file, name)
    elif file.is_file() and file.stat().st_size:
        # Mapped, and only while it is read, so that the memory measured afterwards is the interpreter's.
        with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            refuse_unrunnable_scales(mapped, name)


def _source(file: Path | bytes) -> dict[str, Any]:
    if isinstance(file, bytes):
        return {"model_content": file}
    # A path is mapped into memory, not copied; but on Windows the native code cannot open every name.
    if os.name == "nt" and not str(file).isascii():
        return {"model_content": file.read_bytes()}
    return {"model_path": str(file)}


class ImageClassifier:
    """One interpreter with one float32 image in and float32 probabilities out, whatever the file's own types are."""

    def __init__(self, file: Path | bytes, threads: int = 1, keep_all: bool = False, reference: bool = False) -> None:
        self._interpreter = load_interpreter(file, threads, keep_all, reference)
        self._input = self._interpreter.get_input_details()[0]
        self._output = self._interpreter.get_output_details()[0]

    @property
    def input_shape(self) -> tuple[int, ...]:
        """(height, width, channels)."""
        return tuple(int(side) for side in self._input["shape"][1:])

    def set_image(self, image: np.ndarray) -> None:
        """Quantise and copy one float32 image (height, width, channels) into the input."""
        self._interpreter.set_tensor(self._input["index"], quantised(image, self._input)[None])

    def invoke(self) -> None:
        """Run the network on the image that was set."""
        self._interpreter.invoke()

    def answers(self, images: np.ndarray) -> np.ndarray:
        """The probabilities for images (n, height, width, channels), float32 (n, classes or 1).

        Raises:
            NutshellError: an operator refuses what it is given.
        """
        rows = []
        try:
            for image in images:
                self.set_image(image)
                self.invoke()
                rows.append(self.probabilities())
        except (ValueError, RuntimeError) as error:
            raise NutshellError(f"{first_line(error)}.") from None
        return np.stack(rows)

    def stored(self, place: int) -> np.ndarray:
        """The tensor with this number in the file, as stored; of one that is computed, needs `keep_all`."""
        return np.array(self._interpreter.get_tensor(place))

    def probabilities(self) -> np.ndarray:
        """The output, dequantised, float32 (classes or 1,)."""
        return dequantised(self._interpreter.get_tensor(self._output["index"])[0], self._output)


def dequantised(values: np.ndarray, detail: dict[str, Any]) -> np.ndarray:
    """What an output stands for, float32 in its shape; `detail` as an interpreter tells it of its tensor."""
    if values.dtype == np.float32:
        return np.array(values)
    scale, zero_point = detail["quantization"]
    return (values.astype(np.float32) - zero_point) * np.float32(scale)


def quantised(image: np.ndarray, detail: dict[str, Any]) -> np.ndarray:
    """An image, float32, in the numbers and the type of an input."""
    if detail["dtype"] == np.float32:
        return image.astype(np.float32, copy=False)
    scale, zero_point = detail["quantization"]
    limits = np.iinfo(detail["dtype"])
    return np.clip(np.rint(image / scale + zero_point), limits.min, limits.max).astype(detail["dtype"])
