"""Says what in a recipe cannot work, and why, before anything is computed. No TensorFlow; a few milliseconds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.backbones.backbone import ARCHITECTURES, layer_graph, sigmoid_output
from engine.backbones.freezing import frozen_epochs
from engine.chain.augmentation_findings import augmentation_findings
from engine.chain.runtime_findings import runtime_findings
from engine.chain.step_order import chain_findings
from engine.chain.weights_findings import weights_findings
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.errors import NutshellError, RecipeError
from engine.contract.findings import Finding, Severity
from engine.contract.recipe import Recipe
from engine.contract.registry import Registry, nearest_name
from engine.contract.repairs import RemoveEntry, Repair, SetValue
from engine.datasets.source import DATASETS, special_keys
from engine.feeding.pipeline import network_input_shape
from engine.launch.bfloat16_processor import missing_bfloat16

MIN_CLASSES = 2
USUAL_WEIGHT_DECAY = 0.01
"""Of AdamW: the default of PyTorch."""


class RecipeRefused(RecipeError):
    """The pre-flight found what keeps the recipe from running."""

    def __init__(self, faults: tuple[Finding, ...]) -> None:
        super().__init__("\n".join(f"{fault.where}: {fault.message}" for fault in faults))
        self.faults = faults


def accepted(recipe: Recipe, class_count: int | None = None) -> tuple[Finding, ...]:
    """All findings on a recipe that can run.

    Raises:
        RecipeRefused: it cannot.
    """
    findings = preflight(recipe, class_count)
    if faults := errors(findings):
        raise RecipeRefused(faults)
    return findings


def preflight(recipe: Recipe, class_count: int | None = None) -> tuple[Finding, ...]:
    """All findings on a recipe, in its own order; each is listed once, even if it applies to several settings or
    chains.

    Args:
        class_count: as found in the images; None where they are not read yet.
    """
    branches = recipe.branches()
    found = (
        *(finding for dataset, where in _datasets(recipe) for finding in _dataset_findings(dataset, where)),
        *_grid_findings(recipe),
        *_repeat_findings(recipe),
        *_search_findings(recipe),
        *(finding for branch in branches for finding in _network_findings(branch, class_count)),
        *(
            finding
            for chain in range(len(recipe.chains))
            for branch in branches
            for finding in chain_findings(branch, chain, class_count or guessed_classes(recipe))
        ),
        *_same_chains(recipe),
        *_target_findings(recipe),
        *(
            finding
            for branch in branches
            for finding in runtime_findings(branch, class_count or guessed_classes(recipe))
        ),
    )
    once: dict[tuple[str, str], Finding] = {}
    for finding in found:
        once.setdefault(_what_it_says(finding), finding)
    return tuple(once.values())


def errors(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Those findings that keep the run from starting."""
    return tuple(finding for finding in findings if finding.severity is Severity.ERROR)


def _what_it_says(finding: Finding) -> tuple[str, str]:
    """The same of two findings where one is enough: advice at the first place that it holds for, and at one place what
    one edit mends, as where several image settings differ in a figure only."""
    if finding.severity is Severity.NOTE:
        return finding.message, ""
    return finding.repair.sentence if finding.repair else finding.message, finding.where


def _known_kind(registry: Registry[Any], key: str, where: str) -> Iterator[Finding]:
    if key not in registry:
        try:
            _ = registry[key]
        except NutshellError as error:
            near = nearest_name(key, registry.keys())
            repair = SetValue(place=where, value=near, sentence=f'Use "{near}"') if near else None
            yield _error(where, str(error), repair)


def _datasets(recipe: Recipe) -> Iterator[tuple[DatasetSettings, str]]:
    """The recipe's own dataset and those that steps bring, each with its place."""
    yield recipe.dataset, "dataset"
    for number, chain in enumerate(recipe.chains):
        for index, step in enumerate(chain.steps):
            if (other := step.other_dataset()) is not None:
                yield other, f"chains[{number}].steps[{index}].dataset"


def _dataset_findings(dataset: DatasetSettings, where: str) -> Iterator[Finding]:
    if dataset.kind not in DATASETS:
        yield from _known_kind(DATASETS, dataset.kind, f"{where}.kind")
        return
    source = DATASETS[dataset.kind]
    for key in sorted(special_keys().difference(source.special_keys())):
        if getattr(dataset, key) != DatasetSettings.model_fields[key].get_default():
            place = f"{where}.{key}"
            message = f"The source {source.key} does not read {key}; remove it."
            repair = RemoveEntry(place=place, sentence=f"Remove {key}")
            yield Finding(severity=Severity.WARNING, where=place, message=message, repair=repair)


def _grid_findings(recipe: Recipe) -> Iterator[Finding]:
    """How many image settings the lists make, and a pair of sizes that may have been meant as one."""
    if (count := len(recipe.images.settings)) > 1:
        message = f"{count} image settings are compared: {count} baselines are trained, each with all chains."
        yield Finding(severity=Severity.NOTE, where="images", message=message)
    size = recipe.images.size
    if size in recipe.images.sizes and isinstance(size, tuple) and size[0] != size[1]:
        height, width = size
        message = (
            f"The size is one, {height} pixels high and {width} wide; two sizes would be "
            f"[[{height}, {height}], [{width}, {width}]]."
        )
        yield Finding(severity=Severity.NOTE, where="images.size", message=message)


def _repeat_findings(recipe: Recipe) -> Iterator[Finding]:
    """How many baselines the repetitions make, and settings that change nothing."""
    if recipe.split_seed is not None and len(recipe.seeds) < 2:
        message = "With one seed, split_seed only gives the split another seed than the rest; it is meant for several."
        repair = RemoveEntry(place="split_seed", sentence="Remove split_seed")
        yield Finding(severity=Severity.NOTE, where="split_seed", message=message, repair=repair)
    repeats, settings = len(recipe.repeats), len(recipe.images.settings)
    if repeats < 2:
        return
    of = [f"{len(recipe.seeds)} seeds"] if len(recipe.seeds) > 1 else []
    of += [f"{recipe.folds} folds"] if recipe.folds else []
    each = f", at each of {settings} image settings" if settings > 1 else ""
    message = (
        f"The study is repeated with {' and '.join(of)}{each}: {repeats * settings} baselines are trained, each with "
        "all chains."
    )
    yield Finding(severity=Severity.NOTE, where="folds" if recipe.folds else "seeds", message=message)
    if len(recipe.seeds) == 2:
        message = "Two seeds give a wide interval of their mean; three or more tell much more."
        yield Finding(severity=Severity.NOTE, where="seeds", message=message)


def _search_findings(recipe: Recipe) -> Iterator[Finding]:
    """A search tries one study at a time."""
    if recipe.search is None or (len(recipe.repeats) == 1 and len(recipe.images.settings) == 1):
        return
    message = (
        "A search tries one image setting with one seed at a time: leave out seeds, folds and lists in images, and "
        "repeat what it finds with several seeds."
    )
    repair = RemoveEntry(place="search", sentence="Compute the study without a search")
    yield _error("search", message, repair)


def _network_findings(recipe: Recipe, class_count: int | None) -> Iterator[Finding]:
    try:
        shape = network_input_shape(recipe.images.first)
    except NutshellError as error:
        yield _error("images", str(error))
        return
    if recipe.backbone.kind not in ARCHITECTURES:
        yield from _known_kind(ARCHITECTURES, recipe.backbone.kind, "backbone.kind")
        return
    classes = class_count or guessed_classes(recipe)
    try:
        sigmoid_output(recipe.backbone, classes)
    except NutshellError as error:
        place = "backbone.output"
        yield _error(place, str(error), SetValue(place=place, value="auto", sentence="Let the classes decide"))
        return
    try:
        graph = layer_graph(recipe.backbone, shape, classes)
    except NutshellError as error:
        yield _error("backbone", str(error))
    else:
        yield from weights_findings(recipe, graph)
    yield from _training_findings(recipe)
    yield from augmentation_findings(recipe)
    yield from _frozen_base_findings(recipe)
    if recipe.backbone.freeze_base and not recipe.backbone.weights:
        place = "backbone.freeze_base"
        frozen = "The base is frozen with random weights, so it learns"
        if recipe.training.unfreeze_epoch:
            training = recipe.training
            frozen = (
                f"From epoch {training.unfreeze_epoch} on the last {training.unfreeze_layers} layers of the base are "
                "trained; the others are frozen with random weights, so they learn"
            )
        message = f"{frozen} nothing from the images; choose a weights file."
        repair = SetValue(place=place, value=False, sentence="Train the whole network")
        yield Finding(severity=Severity.WARNING, where=place, message=message, repair=repair)


def _training_findings(recipe: Recipe) -> Iterator[Finding]:
    training = recipe.training
    if training.unfreeze_epoch and not recipe.backbone.freeze_base:
        message = "There is nothing to unfreeze, since the base is not frozen; set backbone.freeze_base."
        repair = SetValue(place="backbone.freeze_base", value=True, sentence="Freeze the base at first")
        yield Finding(severity=Severity.WARNING, where="training.unfreeze_epoch", message=message, repair=repair)
    if not training.train and not recipe.backbone.weights:
        place = "training.train"
        message = "An untrained network with random weights cannot classify; train it, or choose a weights file."
        yield _error(place, message, SetValue(place=place, value=True, sentence="Train it"))
    if training.precision == "mixed_bfloat16" and (missing := missing_bfloat16()):
        place = "training.precision"
        yield _error(place, missing, SetValue(place=place, value="float32", sentence="Compute in float32"))
    if training.optimizer == "adamw" and training.weight_decay == 0:
        message = "adamw without weight decay is adam; set training.weight_decay."
        repair = SetValue(
            place="training.weight_decay",
            value=USUAL_WEIGHT_DECAY,
            sentence=f"Set the weight decay to {USUAL_WEIGHT_DECAY:g}",
        )
        yield Finding(severity=Severity.WARNING, where="training.optimizer", message=message, repair=repair)


def _frozen_base_findings(recipe: Recipe) -> Iterator[Finding]:
    epochs = frozen_epochs(recipe)
    if recipe.training.augment and epochs > 1:
        place = "training.augment"
        known = recipe.training.unfreeze_epoch or not recipe.training.is_open_ended
        gain = f"up to {epochs} times as fast" if known else "many times as fast"
        message = (
            "Augmented images differ in each epoch, so the frozen base is computed again in each; without augmentation "
            f"it is computed once, and training is {gain}."
        )
        repair = RemoveEntry(place=place, sentence="Train without augmentation")
        yield Finding(severity=Severity.NOTE, where=place, message=message, repair=repair)


def guessed_classes(recipe: Recipe) -> int:
    """How many classes there are, where the images are not read yet."""
    if recipe.dataset.classes or recipe.backbone.kind not in ARCHITECTURES:
        return len(recipe.dataset.classes) or MIN_CLASSES
    try:
        return ARCHITECTURES[recipe.backbone.kind].classes_of(recipe.backbone) or MIN_CLASSES
    except NutshellError:
        return MIN_CLASSES


def _same_chains(recipe: Recipe) -> Iterator[Finding]:
    for place, chain in enumerate(recipe.chains):
        for other in recipe.chains[:place]:
            if chain.steps and chain.steps == other.steps:
                message = (
                    f'The chains "{other.name}" and "{chain.name}" have the same steps, so both rows will be equal.'
                )
                where = f"chains[{place}]"
                repair = RemoveEntry(place=where, sentence=f'Remove the chain "{chain.name}"')
                yield Finding(severity=Severity.NOTE, where=where, message=message, repair=repair)


def _target_findings(recipe: Recipe) -> Iterator[Finding]:
    """A target that no chain can be held against."""
    if not recipe.target.asks_drop:
        return
    if all(any(step.other_dataset() for step in chain.steps) for chain in recipe.chains):
        why = "every chain switches to another dataset" if recipe.chains else "there is no chain"
        message = f"What files may lose against their baseline will not be judged, because {why}."
        yield Finding(severity=Severity.WARNING, where="target", message=message)


def _error(where: str, message: str, repair: Repair | None = None) -> Finding:
    return Finding(severity=Severity.ERROR, where=where, message=message, repair=repair)
