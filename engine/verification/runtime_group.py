"""A variant's file, run again in every runtime in which the run has run it."""

from __future__ import annotations

from collections.abc import Mapping

from engine.contract.errors import Cancelled, NutshellError
from engine.contract.progress import Progress
from engine.contract.runtime import RUNTIMES
from engine.contract.runtime_figures import RuntimeFigures
from engine.inspection.shipped_model import ShippedModel
from engine.measurement.runtime_measurement import runtime_figures, tried_places
from engine.verification.answered_images import AnsweredImages, fed_images
from engine.verification.figure_comparison import compared_group
from engine.verification.read_images import ReadImages
from engine.verification.verified_figures import FigureGroup

GROUP = "runtimes"
COMPARED = ("runs", "agreement", "max_difference", "arena_bytes", "images")


def runtime_group(
    printed: Mapping[str, RuntimeFigures],
    macs: int,
    model: ShippedModel | None,
    answered: AnsweredImages | None,
    images: ReadImages | None,
    progress: Progress,
) -> FigureGroup | None:
    """None where the run tried nothing.

    Args:
        macs: of the variant, for one image.
        model: its `.tflite`; None: it cannot be opened.
        answered: LiteRT's answers; None: there are none.
    """
    told = {key: one for key, one in printed.items() if one.runs is not None}
    if not told:
        return None
    if model is None or answered is None or images is None:
        return FigureGroup(group=GROUP, why="The file gives no answers.")
    unknown = [one for one in told if one not in RUNTIMES or RUNTIMES[one]().missing()]
    there = [key for key in told if key not in unknown]
    why = f"Not installed here: {', '.join(unknown)}." if unknown else ""
    paths = answered.tested.paths
    places = tried_places(macs, len(paths))
    file, rows = model, images
    try:
        found = runtime_figures(
            model.path,
            lambda: fed_images(file, [paths[place] for place in places], rows),
            answered.output[places],
            there,
            progress,
            quiet=True,
        )
    except Cancelled:
        raise
    except NutshellError as error:
        return FigureGroup(group=GROUP, why=str(error))
    return compared_group(GROUP, _figures(told, there), _figures(found, there), why)


def _figures(of: Mapping[str, RuntimeFigures], keys: list[str]) -> dict[str, object]:
    return {key: {name: getattr(of[key], name) for name in COMPARED} for key in keys}
