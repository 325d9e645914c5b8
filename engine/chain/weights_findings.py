"""What can be said of a weights file before anything is trained: what of it fits, and how its images were scaled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engine.backbones.backbone import ARCHITECTURES, BACKBONES
from engine.backbones.recognition import recognised, width_of_file
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
        stored = read_stored_weights(path)
    except DataError as error:
        yield _error(str(error))
        return
    try:
        match = match_weights(graph, stored)
        fault = faulty_layer(path)
    except DataError as error:
        yield _other_backbone(recipe, path) or _other_width(recipe, path) or _error(str(error))
        return
    if match.is_partial and (other := _other_backbone(recipe, path)) is not None:
        yield other
        return
    if fault:
        yield _error(f"{fault}; choose another file.")
    wanting = ARCHITECTURES[backbone.kind].takes_all_weights and not match.is_whole
    severity = Severity.ERROR if wanting else Severity.WARNING if match.is_partial else Severity.NOTE
    library = ARCHITECTURES[backbone.kind].library(backbone)
    whose = f"a {backbone.kind} of {library}; " if library and not match.missing else ""
    yield Finding(severity=severity, where=PLACE, message=f"Weights: {whose}{match.sentence()}")
    yield from _sharing_findings(recipe, graph)
    yield from _scale_findings(recipe, path)


def _other_backbone(recipe: Recipe, path: Path) -> Finding | None:
    """If the file has every layer of another backbone of this program, and not of the recipe's."""
    backbone = recipe.backbone
    if backbone.options is not None:  # Which another backbone would not know.
        return None
    if backbone.kind in BACKBONES and width_of_file(backbone) is not None:
        return None
    found = recognised(path, backbone.width)
    if found is None or found.kind == backbone.kind:
        return None
    repair = SetValue(place="backbone.kind", value=found.kind, sentence=f"Choose {ARCHITECTURES[found.kind].title}")
    wide = "" if found.width == backbone.width else f" at the width {found.width:g}"
    return _error(f"{path.name} is not of {backbone.kind}: it has the layers of {found.kind}{wide}.", repair)


def _other_width(recipe: Recipe, path: Path) -> Finding | None:
    """If the file has every layer of the recipe's backbone, at another width."""
    backbone = recipe.backbone
    width = width_of_file(backbone) if backbone.kind in BACKBONES else None
    if width is None or width == backbone.width:
        return None
    sentence = "Use the full width" if width == 1 else f"Use the width {width:g}"
    message = (
        f"{path.name} has the layers of {backbone.kind} at the width {width:g}; the recipe's width is "
        f"{backbone.width:g}, and weights cannot be scaled."
    )
    return _error(message, SetValue(place="backbone.width", value=width, sentence=sentence))


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
