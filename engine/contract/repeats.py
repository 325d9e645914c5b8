"""Repetitions of a study: the same chains from a baseline of another seed, or tested on another part of the images."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fold:
    """Which part of the images is tested on, in a cross-validation."""

    number: int
    """From 1."""
    of: int


@dataclass(frozen=True)
class Repeat:
    """One repetition."""

    seed: int
    """Of weights and order."""
    data_seed: int
    """Of the split, of a limited choice of images, and of images that are drawn."""
    fold: Fold | None
    name: str
    """What tells it from the others, such as "seed 2, fold 1"; empty where nothing is repeated."""


def repeats_of(seeds: tuple[int, ...], split_seed: int | None, folds: int) -> tuple[Repeat, ...]:
    """All repetitions, seed after seed.

    Args:
        split_seed: of the split with every seed; None: each seed makes its own.
        folds: 0: no cross-validation.
    """
    parts = tuple(Fold(number, folds) for number in range(1, folds + 1)) or (None,)
    return tuple(
        Repeat(seed, seed if split_seed is None else split_seed, fold, _name(seed, seeds, fold))
        for seed in seeds
        for fold in parts
    )


def _name(seed: int, seeds: tuple[int, ...], fold: Fold | None) -> str:
    of_seed = f"seed {seed}" if len(seeds) > 1 else ""
    return ", ".join(filter(None, (of_seed, f"fold {fold.number}" if fold else "")))
