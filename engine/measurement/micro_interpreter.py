"""One file in TensorFlow Lite Micro, on this computer: its answers, its arena, and why it does not run.

How fast it is here says nothing of a microcontroller, so nothing is timed.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np

from engine.contract.errors import NutshellError
from engine.measurement.interpreter import dequantised, first_line, quantised
from engine.measurement.tflite_file import TfliteFile

ARENA_OVER_IMAGE = 1024
LEAST_ARENA_BYTES, MOST_ARENA_BYTES = 64 * 2**20, 2**30
STDERR = 2
ARENA_LINE = re.compile(r"Arena allocation total (\d+) bytes")
FAILED_NODE = re.compile(r"Node (\w+) \(number (\d+)\) failed to (?:prepare|invoke)")
UNKNOWN_OPERATOR = re.compile(r"Didn't find op for builtin opcode '(\w+)'")
SOURCE_PLACE = re.compile(r"^tensorflow/\S+\s+")
CONDITION = re.compile(r"->|==|\|\|")
NAME = "TensorFlow Lite Micro"


class MicroRefused(NutshellError):
    """TensorFlow Lite Micro does not run a file; the message is the reason."""


class MicroInterpreter:
    """A file that is loaded there."""

    def __init__(self, file: Path, image_bytes: int) -> None:
        """
        Args:
            image_bytes: of one image as float32, by which the arena that is offered is chosen.

        Raises:
            MicroRefused: it does not load there.
        """
        from tflite_micro.python.tflite_micro import runtime

        self._file = file
        arena = min(max(LEAST_ARENA_BYTES, ARENA_OVER_IMAGE * image_bytes), MOST_ARENA_BYTES)
        with self._told():
            self._interpreter = runtime.Interpreter.from_bytes(file.read_bytes(), arena_size=arena)
        self._input = _detail(self._interpreter.get_input_details(0))
        self._output = _detail(self._interpreter.get_output_details(0))

    def answers(self, images: np.ndarray) -> np.ndarray:
        """The outputs, float32 (n, classes or 1).

        Args:
            images: float32 (n, height, width, channels), as the network is fed.

        Raises:
            MicroRefused: an operator refuses what it is given.
        """
        rows = []
        with self._told():
            for image in images:
                self._interpreter.set_input(np.ascontiguousarray(quantised(image, self._input)[None]), 0)
                self._interpreter.invoke()
                rows.append(dequantised(self._interpreter.get_output(0)[0], self._output))
        return np.stack(rows)

    def arena_bytes(self) -> int:
        """What it needs to keep its tensors; by what it prints, as there is no other way to ask it."""
        with _printed() as printed:
            self._interpreter.print_allocations()
            found = ARENA_LINE.search(_text(printed))
        if found is None:
            message = "tflite_micro no longer prints the size of its arena; install the version of constraints."
            raise NutshellError(message)
        return int(found[1])

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turns what it raises, and prints, into a reason."""
        with _printed() as printed:
            try:
                yield
            except RuntimeError as error:
                raise MicroRefused(refusal(_text(printed), self._file, first_line(error))) from None


def refusal(printed: str, file: Path, otherwise: str) -> str:
    """Why a file does not run there, in one sentence.

    Args:
        printed: by the runtime.
        otherwise: what is known besides.
    """
    if unknown := UNKNOWN_OPERATOR.search(printed):
        return f"{NAME} has no operator {unknown[1]}."
    failed = FAILED_NODE.search(printed)
    if failed is None:
        return f"{NAME} does not run it ({otherwise})."
    # The first line is what the operator itself says; conditions of its source text say nothing to a reader.
    said = SOURCE_PLACE.sub("", printed.strip().splitlines()[0]).rstrip(".")
    because = f" ({said})" if not CONDITION.search(said) and not FAILED_NODE.search(said) else ""
    types = TfliteFile.read(file).operators[int(failed[2])].input_dtypes
    return f"{NAME} has no {failed[1]} for {_types_text(types)}{because}."


def _types_text(types: tuple[str, ...]) -> str:
    """Such as "float32 values with int8 weights"; the first is of what is computed, and the second of a kernel."""
    if len(types) < 2 or types[0] == types[1]:
        return f"{types[0] if types else 'no'} values"
    return f"{types[0]} values with {types[1]} weights"


@contextmanager
def _printed() -> Iterator[IO[bytes]]:
    """What native code prints on stderr meanwhile goes into this file."""
    kept = os.dup(STDERR)
    with tempfile.TemporaryFile() as printed:
        os.dup2(printed.fileno(), STDERR)
        try:
            yield printed
        finally:
            os.dup2(kept, STDERR)
            os.close(kept)


def _text(printed: IO[bytes]) -> str:
    printed.seek(0)
    return printed.read().decode(errors="replace")


def _detail(found: dict[str, Any]) -> dict[str, Any]:
    """As LiteRT's interpreter tells it."""
    scales, zeros = (found["quantization_parameters"][key] for key in ("scales", "zero_points"))
    pair = (float(scales[0]), int(zeros[0])) if len(scales) else (0.0, 0)
    return {"dtype": found["dtype"], "quantization": pair}
