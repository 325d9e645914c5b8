"""What can be said of a weights file before anything is trained: what of it fits, and how its images were scaled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engine.backbones.backbone import ARCHITECTURES
from engine.backbones.recognition import backbones_of_file
from engine.contract.errors import DataError
from engine.contract.findings import Finding, Severity
from engine.contract.recipe import Recipe
from engine.contract.repairs import SetValue
from engine.graph.layer_graph import LayerGraph
from engine.imaging.scale import SCALES
from engine.weights.matching import match_weights
from engine.weights.saved_model import saved_model_folder
from engine.weights.stored_weights import faulty_layer, read_stored_weights

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
        if fault := faulty_layer(path):
            yield _error(f"{fault}; choose another file.")
    except DataError as error:
        if (other := _other_backbone(recipe, path)) is not None:
            message = f"{path.name} is not of {backbone.kind}: it has the layers of {other.value}."
            yield _error(message, other)
            return
        if backbone.width == 1:
            yield _error(str(error))
            return
        repair = SetValue(place="backbone.width", value=1.0, sentence="Use the full width")
        yield _error(f"{error} The width is {backbone.width:g}, and weights cannot be scaled.", repair)
    else:
        wanting = ARCHITECTURES[backbone.kind].takes_all_weights and not match.is_whole
        severity = Severity.ERROR if wanting else Severity.WARNING if match.is_partial else Severity.NOTE
        library = ARCHITECTURES[backbone.kind].library(backbone)
        whose = f"a {backbone.kind} of {library}; " if library else ""
        other = _other_backbone(recipe, path) if match.is_partial else None
        yield Finding(severity=severity, where=PLACE, message=f"Weights: {whose}{match.sentence()}", repair=other)
        yield from _sharing_findings(recipe, graph)
        yield from _scale_findings(recipe, path)


def _other_backbone(recipe: Recipe, path: Path) -> SetValue | None:
    """The backbone that the file is of, if it is another one of this program."""
    if recipe.backbone.options is not None:  # Which another backbone would not know.
        return None
    found = backbones_of_file(path)
    if not found or recipe.backbone.kind in found:
        return None
    return SetValue(place="backbone.kind", value=found[0], sentence=f"Choose {ARCHITECTURES[found[0]].title}")


def _sharing_findings(recipe: Recipe, graph: LayerGraph) -> Iterator[Finding]:
    """Each use of a shared layer is a layer of its own here, which training no longer keeps equal."""
    stored = [(layer.name, layer.stored.name) for layer in graph.layers if layer.stored]
    if shared := sorted({theirs for ours, theirs in stored if ours.startswith(f"{theirs}_use")}):
        trains = "train" if recipe.training.train else "would train"
        message = (
            f"The file uses {', '.join(shared)} more than once. Each use becomes a layer of its own with the "
            f"same weights: as read they answer the same, but they {trains} apart, and count as parameters each."
        )
        yield Finding(severity=Severity.WARNING, where=PLACE, message=message)


def _scale_findings(recipe: Recipe, path: Path) -> Iterator[Finding]:
    """Weights see what they were trained on only at its scale."""
    try:
        wanted = ARCHITECTURES[recipe.backbone.kind].expected_scale(recipe.backbone)
    except DataError as error:
        yield Finding(severity=Severity.WARNING, where=SCALE_PLACE, message=str(error))
        return
    images = recipe.images.first
    if not wanted or images.scale == wanted:
        return
    if SCALES[wanted].of_colours and images.color == "grayscale":
        return
    name = (saved_model_folder(path) or path).name
    then = ", and training has to make up for it" if recipe.training.train else ""
    library = ARCHITECTURES[recipe.backbone.kind].library(recipe.backbone)
    trained = f"is of {library}, whose ImageNet weights were trained" if library else "was trained"
    message = (
        f'{name} {trained} on images of the scale "{wanted}", and these are fed as "{images.scale}"; its features '
        f"fit less well{then}."
    )
    repair = SetValue(place=SCALE_PLACE, value=wanted, sentence="Scale the images in the same way")
    yield Finding(severity=Severity.WARNING, where=SCALE_PLACE, message=message, repair=repair)


def _error(message: str, repair: SetValue | None = None) -> Finding:
    return Finding(severity=Severity.ERROR, where=PLACE, message=message, repair=repair)
