"""The seeds and folds of a recipe: how often its study is repeated."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from engine.contract.repeats import Repeat, repeats_of
from engine.contract.section import Section

LARGEST_SEED = 2**31 - 1
Seed = Annotated[int, Field(ge=0, le=LARGEST_SEED)]


class RepeatSettings(Section):
    """Which seeds a study is computed with, and how its images are divided."""

    seed: int = Field(
        7,
        ge=0,
        le=LARGEST_SEED,
        title="Seed",
        description="Of the split, the first weights, the order of the images and their augmentation.",
    )
    seeds: tuple[Seed, ...] = Field(
        (),
        max_length=100,
        title="Seeds",
        description="Several, such as [1, 2, 3]: every chain from a baseline of each, and a summary over them. They "
        "take the place of the one seed.",
        json_schema_extra={"empty": "the one above"},
    )
    split_seed: Seed | None = Field(
        None,
        title="Split seed",
        description="Which images are trained on and tested on, the same with every seed. Left out: each seed draws "
        "its own split.",
        json_schema_extra={"advanced": True, "empty": "the seed itself"},
    )
    folds: int = Field(
        0,
        ge=0,
        le=50,
        title="Folds",
        description="Cross-validation: the images are divided into so many parts, each is tested on once by networks "
        "that were trained on the others; groups stay whole. 0: one split.",
        json_schema_extra={"zero": "one split", "advanced": True},
    )

    @field_validator("seeds")
    @classmethod
    def _seeds_differ(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        for seed in value:
            if value.count(seed) > 1:
                raise ValueError(f"the seed {seed} is named twice; the same seed gives the same networks")
        return value

    @field_validator("folds")
    @classmethod
    def _two_folds_at_least(cls, value: int) -> int:
        if value == 1:
            raise ValueError("one fold leaves no images to train on; use 2 or more, or 0 for one split")
        return value

    @property
    def repeats(self) -> tuple[Repeat, ...]:
        """Of every chain; one, without a name, where nothing is repeated."""
        return repeats_of(self.seeds or (self.seed,), self.split_seed, self.folds)
