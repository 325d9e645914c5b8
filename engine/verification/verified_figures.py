"""What verifying a run found: plain typed data, as `verify --json` writes it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, computed_field

Outcome = Literal["holds", "does not hold", "not verified"]
Value = bool | int | float | str | None


class _Verified(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class DifferingFigure(_Verified):
    """A figure that is not what was printed."""

    figure: str
    """Such as "accuracy" or "per_class.sick.recall"."""
    printed: Value
    found: Value
    equal_decimals: int | None = None
    """To how many decimals two fractions are equal."""
    detail: str = ""
    """A sentence that says more."""


class FigureGroup(_Verified):
    """Figures of one kind, computed again."""

    group: str
    compared: int = 0
    """Single figures, numbers within a table counted one by one."""
    differing: tuple[DifferingFigure, ...] = ()
    why: str = ""
    """Why none, or not all, could be computed again; empty: all were."""

    @computed_field  # type: ignore[prop-decorator]
    @property
    def outcome(self) -> Outcome:
        if self.differing:
            return "does not hold"
        return "not verified" if self.why else "holds"


class VerifiedVariant(_Verified):
    variant: str
    """Its name in the run."""
    file: str
    """The `.tflite`, relative to the run's directory."""
    groups: tuple[FigureGroup, ...]
    """Without those of which the run printed nothing."""


class VerifiedImages(_Verified):
    """One dataset under the settings that shape its images."""

    name: str
    """Such as "images", "images (64 px)"."""
    groups: tuple[FigureGroup, ...]


class Verification(_Verified):
    """What `verify` found of a whole run."""

    schema_version: int = Field(1, serialization_alias="schema", validation_alias="schema")
    run: str
    directory: str
    files: FigureGroup
    """The run's own files against the hashes that it kept."""
    images: tuple[VerifiedImages, ...]
    variants: tuple[VerifiedVariant, ...]
    summary: FigureGroup | None = None
    """Over the repetitions of the study; None where it has one only."""
    notes: tuple[str, ...] = ()
    """What is not computed again, and why."""

    @computed_field  # type: ignore[prop-decorator]
    @property
    def holds(self) -> bool:
        """Whether all that is printed was found again."""
        return all(group.outcome == "holds" for group in self.all_groups())

    def all_groups(self) -> tuple[FigureGroup, ...]:
        """Of the run, its images and its variants."""
        of_images = (group for one in self.images for group in one.groups)
        of_variants = (group for one in self.variants for group in one.groups)
        return (self.files, *of_images, *of_variants, *([self.summary] if self.summary else []))
