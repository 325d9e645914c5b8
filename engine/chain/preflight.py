"""Says before anything is computed what of a recipe cannot work, and why. No TensorFlow; a few milliseconds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engine.backbones.backbone import BACKBONES, layer_graph
from engine.contract.errors import NutshellError
from engine.contract.findings import Finding, Severity
from engine.contract.recipe import DatasetSettings, Recipe
from engine.datasets.source import DATASETS, special_keys
from engine.imaging.pipeline import network_input_shape
from engine.steps.step import STEPS, Form, StepPlace


def preflight(recipe: Recipe, class_count: int | None = None) -> tuple[Finding, ...]:
    """All findings on a recipe, in its own order; what holds for several image settings is said once.

    Args:
        class_count: as found in the images; None where they are not read yet.
    """
    branches = recipe.branches()
    found = (
        *_dataset_findings(recipe),
        *_grid_findings(recipe),
        *(finding for branch in branches for finding in _network_findings(branch, class_count)),
        *(
            finding
            for chain in range(len(recipe.chains))
            for branch in branches
            for finding in _chain_findings(branch, chain, class_count)
        ),
        *_same_chains(recipe),
    )
    return tuple(dict.fromkeys(found))


def errors(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Those findings that keep the run from starting."""
    return tuple(finding for finding in findings if finding.severity is Severity.ERROR)


def _dataset_findings(recipe: Recipe) -> Iterator[Finding]:
    try:
        source = DATASETS[recipe.dataset.kind]
    except NutshellError as error:
        yield _error("dataset.kind", str(error))
        return
    for key in sorted(special_keys().difference(source.special_keys())):
        if getattr(recipe.dataset, key) != DatasetSettings.model_fields[key].get_default():
            message = f"The source {source.key} does not read {key}, so it changes nothing; take it out."
            yield Finding(severity=Severity.WARNING, where=f"dataset.{key}", message=message)


def _grid_findings(recipe: Recipe) -> Iterator[Finding]:
    """What the lists of the image settings come to, and a pair that may have been meant as one."""
    if (count := len(recipe.images.settings)) > 1:
        message = f"{count} image settings are compared: {count} baselines are trained, each with all chains."
        yield Finding(severity=Severity.NOTE, where="images", message=message)
    size = recipe.images.size
    if size in recipe.images.sizes and isinstance(size, tuple) and size[0] != size[1]:
        height, width = size
        message = (
            f"size = [{height}, {width}] is one size, {height} pixels high and {width} wide; two sizes would be "
            f"[[{height}, {height}], [{width}, {width}]]."
        )
        yield Finding(severity=Severity.NOTE, where="images.size", message=message)


def _network_findings(recipe: Recipe, class_count: int | None) -> Iterator[Finding]:
    try:
        shape = network_input_shape(recipe.images.first)
    except NutshellError as error:
        yield _error("images", str(error))
        return
    if recipe.backbone.kind not in BACKBONES:
        try:
            _ = BACKBONES[recipe.backbone.kind]
        except NutshellError as error:
            yield _error("backbone.kind", str(error))
        return
    try:
        layer_graph(recipe.backbone, shape, class_count or _guessed_classes(recipe))
    except NutshellError as error:
        yield _error("backbone", str(error))
    if recipe.backbone.weights and not Path(recipe.backbone.weights).expanduser().is_file():
        yield _error("backbone.weights", f"There is no weights file at {recipe.backbone.weights}; check the path.")
    yield from _training_findings(recipe)
    if recipe.backbone.freeze_base and not recipe.backbone.weights:
        message = "The base is frozen with random weights, so it learns nothing of the images; give a weights file."
        yield Finding(severity=Severity.WARNING, where="backbone.freeze_base", message=message)


def _training_findings(recipe: Recipe) -> Iterator[Finding]:
    training = recipe.training
    if training.unfreeze_epoch and not recipe.backbone.freeze_base:
        message = "There is nothing to unfreeze, since the base is not frozen; set backbone.freeze_base."
        yield Finding(severity=Severity.WARNING, where="training.unfreeze_epoch", message=message)
    if training.optimizer == "adamw" and not training.weight_decay:
        message = "adamw without weight decay is adam; set training.weight_decay."
        yield Finding(severity=Severity.WARNING, where="training.optimizer", message=message)


def _guessed_classes(recipe: Recipe) -> int:
    return len(recipe.dataset.classes) or 2


def _chain_findings(recipe: Recipe, number: int, class_count: int | None) -> Iterator[Finding]:
    chain = recipe.chains[number]
    if not chain.steps:
        message = f'The chain "{chain.name}" has no steps, so it is the baseline again; add a step or remove it.'
        yield Finding(severity=Severity.WARNING, where=f"chains[{number}]", message=message)
    for index, parameters in enumerate(chain.steps):
        place = StepPlace(recipe, number, index, class_count or _guessed_classes(recipe))
        ended = next((step for step in place.earlier if STEPS[step.step].gives is Form.TFLITE), None)
        if ended is not None:
            yield place.error(
                f'In chain "{chain.name}", {parameters.label()} comes after {ended.label()}, which leaves a finished '
                f".tflite file that cannot be trained on; move {ended.label()} to the end.",
            )
            continue
        yield from STEPS[parameters.step]().findings(parameters, place)


def _same_chains(recipe: Recipe) -> Iterator[Finding]:
    for place, chain in enumerate(recipe.chains):
        for other in recipe.chains[:place]:
            if chain.steps and chain.steps == other.steps:
                message = f'The chains "{other.name}" and "{chain.name}" are the same steps; both rows will be equal.'
                yield Finding(severity=Severity.NOTE, where=f"chains[{place}]", message=message)


def _error(where: str, message: str) -> Finding:
    return Finding(severity=Severity.ERROR, where=where, message=message)
