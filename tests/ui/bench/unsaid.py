"""A model that does not say how it is fed, for tests of the dialogue that asks."""

from __future__ import annotations

from pathlib import Path

from engine.measurement.tflite_file import TfliteFile
from engine.measurement.tflite_graph import EndTensor
from workers.bench_work import UnsaidModel


def unsaid_model(folder: Path) -> UnsaidModel:
    """Of two classes."""
    file = TfliteFile((), (), EndTensor("image", (1, 24, 24, 1), "float32"), EndTensor("answer", (1, 2), "float32"))
    return UnsaidModel(folder / "bare.tflite", file, (24, 24, 1), 2, ())
