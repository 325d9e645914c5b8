"""What can be said of a recipe's augmentations before anything is trained."""

from __future__ import annotations

from collections.abc import Iterator

from engine.contract.augmentation import AUGMENTATIONS, Family
from engine.contract.findings import Finding, Severity
from engine.contract.recipe import Recipe
from engine.contract.repairs import SetValue

AUGMENT_PLACE = "training.augment"


def augmentation_findings(recipe: Recipe) -> Iterator[Finding]:
    """Those that have no meaning for the images, or not together."""
    names = recipe.training.augment
    policies = [name for name in names if AUGMENTATIONS[name].family is Family.POLICY]
    if len(policies) > 1:
        first, *others = policies
        message = (
            f"{_titles(policies)} are policies, each made to be used alone; together they change images beyond "
            "recognition. Keep one of them."
        )
        yield _refused(message, _without(names, others), f"Keep {AUGMENTATIONS[first].title} only")
    coloured = [name for name in names if AUGMENTATIONS[name].needs_colour]
    if coloured and recipe.images.first.color == "grayscale":
        message = f"{_titles(coloured)} needs images in colour, and images.color is grayscale; leave it out."
        yield _refused(message, _without(names, coloured), f"Leave out {_titles(coloured)}")
    mixing = [name for name in names if AUGMENTATIONS[name].family is Family.MIXING]
    if mixing and recipe.training.batch_size == 1:
        message = f"{_titles(mixing)} would mix images of a batch, but each batch has one image; nothing is mixed."
        repair = SetValue(place=AUGMENT_PLACE, value=_without(names, mixing), sentence=f"Leave out {_titles(mixing)}")
        yield Finding(severity=Severity.WARNING, where=AUGMENT_PLACE, message=message, repair=repair)


def _titles(names: list[str]) -> str:
    return " and ".join(AUGMENTATIONS[name].title for name in names)


def _without(names: tuple[str, ...], left_out: list[str]) -> list[str]:
    return [name for name in names if name not in left_out]


def _refused(message: str, kept: list[str], sentence: str) -> Finding:
    repair = SetValue(place=AUGMENT_PLACE, value=kept, sentence=sentence)
    return Finding(severity=Severity.ERROR, where=AUGMENT_PLACE, message=message, repair=repair)
