"""Zipped sizes."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

from engine.measurement.size import zipped_bytes


def test_zeros_pay_once_zipped(tmp_path: Path) -> None:
    generator = np.random.default_rng(1)
    values = generator.random(20_000, dtype=np.float32)
    (tmp_path / "dense").write_bytes(values.tobytes())
    (tmp_path / "sparse").write_bytes(np.where(generator.random(20_000) < 0.8, np.float32(0), values).tobytes())
    assert zipped_bytes(tmp_path / "dense") > 0.8 * values.nbytes
    assert zipped_bytes(tmp_path / "sparse") < 0.4 * zipped_bytes(tmp_path / "dense")


def test_equal_files_have_equal_sizes_whatever_they_are_called(tmp_path: Path) -> None:
    (tmp_path / "a.tflite").write_bytes(bytes(range(256)) * 20)
    shutil.copyfile(tmp_path / "a.tflite", tmp_path / "a much longer name.tflite")
    assert zipped_bytes(tmp_path / "a.tflite") == zipped_bytes(tmp_path / "a much longer name.tflite")
