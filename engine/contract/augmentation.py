"""What an augmentation declares of itself: the one source of recipe checks, the wizard's choice and the docs."""

from __future__ import annotations

from abc import ABC
from collections.abc import Iterable
from enum import StrEnum
from typing import ClassVar

from engine.contract.registry import Registry, nearest_name


class Family(StrEnum):
    """What an augmentation changes. The members stand in the order in which augmentations are usually applied."""

    GEOMETRY = "geometry"
    POLICY = "policy"
    """Draws from a list of operations; a training has one of them at most."""
    PIXELS = "pixels"
    ERASING = "erasing"
    MIXING = "mixing"
    """Makes one image of two, and mixes their labels by the same share."""


class Augmentation(ABC):
    """One kind of random change to the training images, named in a recipe's `training.augment`.

    Its strength is fixed, so that a name means one thing in every recipe. What it does to pixels is declared in
    `engine/imaging/image_augmentation.py`.
    """

    key: ClassVar[str]
    title: ClassVar[str]
    summary: ClassVar[str]
    """What it does and how strongly, in one sentence."""
    assumes: ClassVar[str]
    """What must hold for the images, so that they keep their class; one sentence."""
    paper: ClassVar[str]
    """Who described it."""
    family: ClassVar[Family]
    needs_colour: ClassVar[bool] = False
    """Whether it has a meaning for images of three channels only."""


AUGMENTATIONS: Registry[Augmentation] = Registry("engine.imaging.augmentations", Augmentation, "augmentation")


def usual_order(keys: Iterable[str]) -> list[str]:
    """The keys by family, and by title within one."""
    families = list(Family)
    return sorted(keys, key=lambda key: (families.index(AUGMENTATIONS[key].family), AUGMENTATIONS[key].title, key))


def known_augmentation(key: str) -> str:
    """The key itself.

    Raises:
        ValueError: no augmentation has it; the sentence names the nearest one.
    """
    if key in AUGMENTATIONS:
        return key
    near = nearest_name(key, AUGMENTATIONS.keys())
    suggestion = f' did you mean "{near}"?' if near else ""
    raise ValueError(f"there is no augmentation of this name;{suggestion} known: {', '.join(AUGMENTATIONS)}")
