"""Saves a variant's `.tflite`, with how to feed it and its file for TensorFlow Lite Micro, where the user says."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from engine.contract.measurements import VariantMeasurement
from engine.language.speech import tr
from engine.store.durable_file import appearing_file

MODEL, PREPROCESSING = ".tflite", ".json"


def planned_copies(run_directory: Path, variant: VariantMeasurement, target: Path) -> dict[Path, Path]:
    """Which file of a run goes where: the `.tflite` to `target`, given that suffix, and its JSON, if any, beside it.

    A file for TensorFlow Lite Micro goes into a folder of its own there, as in the run: no other runtime reads it.

    Raises:
        FileNotFoundError: a file of the run is gone.
    """
    source = run_directory / variant.file
    micro = run_directory / variant.micro.file if variant.micro else None
    for wanted in filter(None, (source, micro)):
        if not wanted.is_file():
            raise FileNotFoundError(2, tr("it is no longer there"), str(wanted))
    target = target if target.suffix == MODEL else target.with_name(f"{target.name}{MODEL}")
    copies = {source: target}
    if source.with_suffix(PREPROCESSING).is_file():
        copies[source.with_suffix(PREPROCESSING)] = target.with_suffix(PREPROCESSING)
    if micro is not None:
        copies[micro] = target.parent / micro.parent.name / f"{target.stem}-{micro.parent.name}{MODEL}"
    return copies


def copy_files(copies: Mapping[Path, Path]) -> None:
    """Copy each source over its target, whole or not at all.

    Raises:
        OSError: a file cannot be read or written.
    """
    for source, target in copies.items():
        with appearing_file(target) as temporary:
            shutil.copyfile(source, temporary)
