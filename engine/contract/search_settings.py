"""The search table of a recipe: which settings may vary, and what is looked for."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from engine.contract.objectives import refuse_impossible, refuse_unknown
from engine.contract.section import Section

ANY_ORDER = "any order"
USUAL_TRIALS = 40


class SearchRange(Section):
    """All numbers between two."""

    low: float
    high: float
    step: float | None = Field(None, gt=0)
    """From `low` on; None: any number between, or any whole number where both ends are whole."""
    log: bool = False
    """Whether small numbers are told apart as well as large ones."""

    @model_validator(mode="after")
    def _ends_in_order(self) -> SearchRange:
        if self.low >= self.high:
            raise ValueError("low has to be below high")
        if self.log and (self.low <= 0 or self.step is not None):
            raise ValueError("log needs low above 0, and no step")
        return self

    @property
    def is_whole(self) -> bool:
        """Whether only whole numbers are meant."""
        return all(value == int(value) for value in (self.low, self.high, self.step or 1))

    @property
    def is_counted(self) -> bool:
        """Whether it has a number of values that can be told."""
        return self.is_whole or self.step is not None


def _kind(value: object) -> str:
    if isinstance(value, dict | SearchRange):
        return "search-range"
    return "search-order" if isinstance(value, str) else "search-list"


Varied = Annotated[
    Annotated[tuple[Any, ...], Tag("search-list")]
    | Annotated[SearchRange, Tag("search-range")]
    | Annotated[Literal["any order"], Tag("search-order")],
    Discriminator(_kind),
]
"""Some values, a range, or, of a chain, every order of its steps."""


class SearchSettings(Section):
    """Tries settings one after the other, and keeps those that no other beats in every objective."""

    objectives: tuple[str, ...] = Field(
        ("validation_accuracy", "zip_bytes"),
        min_length=1,
        max_length=4,
        title="Objectives",
        description="Fields of a variant, such as validation_accuracy, accuracy, zip_bytes, model_bytes, "
        "latency_p50_ms, macs; which way is better is known. validation_accuracy leaves the test images unseen.",
    )
    floors: dict[str, float] = Field(
        {},
        title="Floors",
        description="What a file has to reach at least; of a figure that is better when lower, at most.",
    )
    trials: int = Field(
        0, ge=0, le=10_000, title="Trials", description=f"How many. 0: as many as `minutes` allow, or {USUAL_TRIALS}."
    )
    minutes: float = Field(
        0.0,
        ge=0,
        title="Minutes",
        description="No trial begins after them. 0: as many as `trials` take.",
        json_schema_extra={"unit": "minutes"},
    )
    sampler: Literal["tpe", "nsga2", "random"] = Field(
        "tpe",
        title="Sampler",
        description="tpe: tree-structured Parzen estimator (Bergstra et al. 2011), for few trials; nsga2: genetic (Deb "
        "et al. 2002), for hundreds; random: for comparison.",
    )
    stop_weak: bool = Field(
        True,
        title="Stop weak trials",
        description="A trial ends early once its baseline is clearly less accurate than those of others that cost no "
        "more: while it trains, at a ninth and at a third of its epochs (ASHA, Li et al. 2020), and once it is whole.",
    )
    vary: dict[str, Varied] = Field(
        {},
        title="Varied settings",
        description='Place → a list of values, or { low, high, step, log }. A place is "images.size", '
        '"backbone.width", "training.epochs", or "chains.NAME.0.sparsity": the parameter of a chain\'s first step; '
        f'"chains.NAME" = "{ANY_ORDER}" tries the orders of its steps. Of several chains each trial takes one.',
    )

    @field_validator("objectives")
    @classmethod
    def _objectives_are_known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            refuse_unknown(name)
            if value.count(name) > 1:
                raise ValueError(f"{name} is named twice")
        return value

    @field_validator("floors")
    @classmethod
    def _floors_are_known(cls, value: dict[str, float]) -> dict[str, float]:
        for name, floor in value.items():
            refuse_impossible(refuse_unknown(name), floor)
        return value

    @field_validator("vary", mode="before")
    @classmethod
    def _whole_places(cls, value: object) -> object:
        for place, values in value.items() if isinstance(value, dict) else ():
            if isinstance(values, dict) and "low" not in values and "high" not in values and values:
                inner = next(iter(values))
                raise ValueError(f'a place is one key in quotes: "{place}.{inner}" = [...]')
        return value

    @field_validator("vary")
    @classmethod
    def _something_to_choose(cls, value: dict[str, Varied]) -> dict[str, Varied]:
        for place, values in value.items():
            if isinstance(values, tuple) and not values:
                raise ValueError(f'"{place}" has no values to choose from')
        return value

    @property
    def trial_limit(self) -> int | None:
        """None: the minutes alone end it."""
        return self.trials or (None if self.minutes else USUAL_TRIALS)

    @property
    def judges_by_validation(self) -> bool:
        """Whether the files classify the validation images too."""
        return "validation_accuracy" in (*self.objectives, *self.floors)
