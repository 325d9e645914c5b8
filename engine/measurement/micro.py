"""Runs files in TensorFlow Lite Micro, on this computer: what they give, and the arena that they need.

Runs in a clean process. How fast they are here says nothing of a microcontroller, so nothing is timed.
"""

from __future__ import annotations

import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.contract.errors import NutshellError
from engine.measurement.accuracy import predicted
from engine.measurement.interpreter import dequantised, quantised
from engine.measurement.micro_runtime import require_micro

ARENA_OVER_IMAGE = 1024
LEAST_ARENA_BYTES, MOST_ARENA_BYTES = 64 * 2**20, 2**30
STDERR = 2
ARENA_LINE = re.compile(r"Arena allocation total (\d+) bytes")


@dataclass(frozen=True)
class MicroFigures:
    """Of one file, beside another of the same network."""

    arena_bytes: int
    """What the interpreter needs to keep its tensors, by its own account; pointers of this computer included."""
    plain_arena_bytes: int
    """The same for the other file."""
    images: int
    same_outputs: int
    """For so many images every number of the output is the same."""
    predictions: tuple[int, ...]
    """By the file, an image each."""


def compared_in_micro(plain: Path, file: Path, images_file: Path) -> MicroFigures:
    """Both files on the same images.

    Args:
        images_file: .npy of float32 (n, height, width, channels), as the network is fed.

    Raises:
        NutshellError: tflite_micro is not installed, or does not run a file.
    """
    require_micro()
    images = np.load(images_file)
    (expected, plain_arena), (found, arena) = _run(plain, images), _run(file, images)
    same = int(sum(np.array_equal(one, other) for one, other in zip(expected, found, strict=True)))
    return MicroFigures(arena, plain_arena, len(images), same, tuple(int(one) for one in predicted(found)))


def _run(file: Path, images: np.ndarray) -> tuple[np.ndarray, int]:
    """The outputs, float32 (n, classes or 1), and the bytes of the arena."""
    from tflite_micro.python.tflite_micro import runtime

    content = file.read_bytes()
    arena = min(max(LEAST_ARENA_BYTES, ARENA_OVER_IMAGE * images[0].nbytes), MOST_ARENA_BYTES)
    try:
        interpreter = runtime.Interpreter.from_bytes(content, arena_size=arena)
        source, target = _detail(interpreter.get_input_details(0)), _detail(interpreter.get_output_details(0))
        rows = []
        for image in images:
            interpreter.set_input(np.ascontiguousarray(quantised(image, source)[None]), 0)
            interpreter.invoke()
            rows.append(dequantised(interpreter.get_output(0)[0], target))
        return np.stack(rows), _arena_bytes(interpreter)
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else "see the run's log"
        raise NutshellError(
            f"TensorFlow Lite Micro does not run {file.name} ({reason}); set lookup_tables = false for a file that "
            "LiteRT runs."
        ) from None


def _detail(found: dict[str, Any]) -> dict[str, Any]:
    """As LiteRT's interpreter tells it."""
    scales, zeros = (found["quantization_parameters"][key] for key in ("scales", "zero_points"))
    pair = (float(scales[0]), int(zeros[0])) if len(scales) else (0.0, 0)
    return {"dtype": found["dtype"], "quantization": pair}


def _arena_bytes(interpreter: Any) -> int:
    """By what the interpreter prints; there is no other way to ask it."""
    kept = os.dup(STDERR)
    try:
        with tempfile.TemporaryFile() as printed:
            os.dup2(printed.fileno(), STDERR)
            interpreter.print_allocations()
            os.dup2(kept, STDERR)
            printed.seek(0)
            found = ARENA_LINE.search(printed.read().decode(errors="replace"))
    finally:
        os.dup2(kept, STDERR)
        os.close(kept)
    if found is None:
        raise NutshellError("tflite_micro no longer prints the size of its arena; install the version of constraints.")
    return int(found[1])
