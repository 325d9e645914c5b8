"""The file for TensorFlow Lite Micro that a variant may have beside its `.tflite`: made, checked, and measured."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from engine.chain.stage_tree import Stage
from engine.contract.errors import PromiseBroken
from engine.contract.measurements import MicroFile
from engine.contract.progress import Progress
from engine.datasets.source import Split
from engine.feeding.study_images import StudyImages
from engine.measurement.clean_process import measure_in_clean_process
from engine.measurement.measurement_job import MicroJob
from engine.measurement.micro import MicroFigures
from engine.measurement.size import zipped_bytes
from engine.workbench.step import STEPS

MOST_IMAGES, LEAST_IMAGES = 200, 8
MACS_BUDGET = 20e9
"""Multiply-accumulates that a check may take: its kernels are written to be read, not to be fast."""


def micro_form(stage: Stage, content: bytes) -> bytes | None:
    """What `Step.micro_form` makes of the stage's `.tflite`.

    Raises:
        NutshellError: as it does.
    """
    if stage.parameters is None:
        return None
    return STEPS[stage.parameters.step]().micro_form(stage.parameters, content)


def checked_images(macs: int, images: int) -> int:
    """On how many of the test images a network of so many multiply-accumulates is checked."""
    return min(int(np.clip(MACS_BUDGET // max(macs, 1), LEAST_IMAGES, MOST_IMAGES)), images)


def checked_places(macs: int, images: int) -> np.ndarray:
    """Which of the test images these are, int64."""
    return np.linspace(0, images - 1, checked_images(macs, images)).round().astype(np.int64)


def micro_figures(plain: Path, file: Path, fed: np.ndarray, progress: Progress, quiet: bool = False) -> MicroFigures:
    """Both files on the same images, float32 (n, height, width, channels), in a clean process.

    Args:
        quiet: as `measure_in_clean_process`.

    Raises:
        NutshellError: a file does not run there.
    """
    progress.phase("checking the file in TensorFlow Lite Micro")
    with tempfile.TemporaryDirectory() as folder:
        images = Path(folder) / "images.npy"
        np.save(images, fed)
        job = MicroJob(plain=str(plain), file=str(file), images=str(images))
        found = measure_in_clean_process(job, progress, quiet=quiet).micro
    assert found is not None
    return found


def measure_micro(
    plain: Path, file: Path, relative_name: str, macs: int, images: StudyImages, decided: np.ndarray, progress: Progress
) -> MicroFile:
    """Run both files in TensorFlow Lite Micro on some test images.

    Args:
        plain: the variant's `.tflite`.
        macs: of it, for one image.
        decided: int64 (test images,): the class by LiteRT.

    Raises:
        PromiseBroken: an output of the file is not that of the plain one.
        NutshellError: a file does not run there.
    """
    rows = images.dataset.splits[Split.TEST]
    places = checked_places(macs, len(rows))
    found = micro_figures(plain, file, images.pipeline.feed(images.dataset.images[rows[places]]), progress)
    if found.same_outputs != found.images:
        raise PromiseBroken(
            f"{file.name} must give what the plain file gives, and in TensorFlow Lite Micro it does not for "
            f"{found.images - found.same_outputs} of {found.images} test images; set lookup_tables = false, and please "
            "report this with the run's log."
        )
    return MicroFile(
        file=relative_name,
        model_bytes=file.stat().st_size,
        zip_bytes=zipped_bytes(file),
        arena_bytes=found.arena_bytes,
        plain_arena_bytes=found.plain_arena_bytes,
        images=found.images,
        same_class=int(np.count_nonzero(decided[places] == np.array(found.predictions))),
    )
