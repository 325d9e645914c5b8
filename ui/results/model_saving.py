"""Saves a variant's `.tflite`, with how to feed it beside it, where the user says."""

from __future__ import annotations

import shutil
from pathlib import Path

from engine.contract.measurements import VariantMeasurement
from engine.store.durable_file import appearing_file


def save_model(run_directory: Path, variant: VariantMeasurement, target: Path) -> None:
    """Copy the file, and its JSON with the same name, over whatever has these names.

    Raises:
        OSError: it cannot be read or written.
    """
    source = run_directory / variant.file
    target = target if target.suffix == ".tflite" else target.with_name(f"{target.name}.tflite")
    for suffix in (".tflite", ".json"):
        if source.with_suffix(suffix).is_file():
            with appearing_file(target.with_suffix(suffix)) as temporary:
                shutil.copyfile(source.with_suffix(suffix), temporary)
