"""A variant's file for TensorFlow Lite Micro, read and run again."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.chain.micro_variant import checked_places, micro_figures
from engine.contract.errors import Cancelled, NutshellError
from engine.contract.measurements import MicroFile
from engine.contract.progress import Progress
from engine.inspection.shipped_model import ShippedModel
from engine.measurement.micro_runtime import micro_is_installed
from engine.measurement.size import zipped_bytes
from engine.verification.answered_images import AnsweredImages, fed_images
from engine.verification.figure_comparison import compared_group
from engine.verification.read_images import ReadImages
from engine.verification.verified_figures import FigureGroup

GROUP = "TFLM file"


def micro_group(
    directory: Path,
    printed: MicroFile,
    macs: int,
    model: ShippedModel | None,
    answered: AnsweredImages | None,
    images: ReadImages | None,
    progress: Progress,
) -> FigureGroup:
    """
    Args:
        macs: of the variant, for one image.
        model: the variant's `.tflite`; None: it cannot be opened.
        answered: its answers; None: there are none.
    """
    path = directory / printed.file
    if not path.is_file():
        return FigureGroup(group=GROUP, why=f"{printed.file} is not there any more.")
    found: dict[str, object] = {"model_bytes": path.stat().st_size, "zip_bytes": zipped_bytes(path)}
    why = ""
    if model is not None and answered is not None and images is not None and micro_is_installed():
        try:
            found |= _run(path, model, macs, answered, images, progress)
        except Cancelled:
            raise
        except NutshellError as error:
            why = str(error)
    return compared_group(GROUP, {name: getattr(printed, name) for name in found}, found, why)


def _run(
    path: Path, model: ShippedModel, macs: int, answered: AnsweredImages, images: ReadImages, progress: Progress
) -> dict[str, object]:
    paths = answered.tested.paths
    places = checked_places(macs, len(paths))
    fed = fed_images(model, [paths[place] for place in places], images)
    found = micro_figures(model.path, path, fed, progress, quiet=True)
    return {
        "arena_bytes": found.arena_bytes,
        "plain_arena_bytes": found.plain_arena_bytes,
        # The run itself ends where an output differs.
        "images": found.same_outputs,
        "same_class": int(np.count_nonzero(answered.predicted[places] == np.array(found.predictions))),
    }
