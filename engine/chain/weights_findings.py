"""What can be said of a weights file before anything is trained: what of it fits, and how its images were scaled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engine.backbones.backbone import ARCHITECTURES
from engine.backbones.graph import LayerGraph
from engine.contract.errors import DataError
from engine.contract.findings import Finding, Severity
from engine.contract.recipe import Recipe
from engine.contract.repairs import SetValue
from engine.imaging.scale import SCALES
from engine.weights.matching import match_weights
from engine.weights.saved_model import saved_model_folder
from engine.weights.stored_weights import read_stored_weights

PLACE, SCALE_PLACE = "backbone.weights", "images.scale"


def weights_findings(recipe: Recipe, graph: LayerGraph) -> Iterator[Finding]:
    """Nothing where the recipe names no file."""
    backbone = recipe.backbone
    if not backbone.weights:
        return
    path = Path(backbone.weights).expanduser()
    if not path.exists():
        yield _error(f"There is no weights file at {backbone.weights}; check the path.")
        return
    try:
        match = match_weights(graph, read_stored_weights(path))
    except DataError as error:
        if backbone.width == 1:
            yield _error(str(error))
            return
        repair = SetValue(place="backbone.width", value=1.0, sentence="Take the full width")
        yield _error(f"{error} The width is {backbone.width:g}, and weights cannot be scaled.", repair)
    else:
        wanting = ARCHITECTURES[backbone.kind].takes_all_weights and not match.is_whole
        severity = Severity.ERROR if wanting else Severity.WARNING if match.is_partial else Severity.NOTE
        yield Finding(severity=severity, where=PLACE, message=f"Weights: {match.sentence()}")
        yield from _scale_findings(recipe, path)


def _scale_findings(recipe: Recipe, path: Path) -> Iterator[Finding]:
    """Weights see what they were trained on only at its scale."""
    wanted = ARCHITECTURES[recipe.backbone.kind].expected_scale(recipe.backbone)
    images = recipe.images.first
    if not wanted or images.scale == wanted:
        return
    if SCALES[wanted].blue_first and images.color == "grayscale":
        return
    name = (saved_model_folder(path) or path).name
    then = ", and training has to make up for it" if recipe.training.train else ""
    message = (
        f'{name} was trained on images of the scale "{wanted}", and these are fed as "{images.scale}"; its features '
        f"fit less well{then}."
    )
    repair = SetValue(place=SCALE_PLACE, value=wanted, sentence="Scale the images as those were")
    yield Finding(severity=Severity.WARNING, where=SCALE_PLACE, message=message, repair=repair)


def _error(message: str, repair: SetValue | None = None) -> Finding:
    return Finding(severity=Severity.ERROR, where=PLACE, message=message, repair=repair)
