"""A model that does not say how it is fed, for tests of the dialogue that asks."""

from __future__ import annotations

from pathlib import Path

from engine.measurement.tflite_file import TfliteFile
from tests.tflite_toys import gap_network
from workers.bench_work import UnsaidModel


def unsaid_model(folder: Path) -> UnsaidModel:
    """Of two classes."""
    file = TfliteFile.parse(gap_network((24, 24, 1), classes=2))
    return UnsaidModel(folder / "bare.tflite", file, (24, 24, 1), 2, ())
