"""Parameters of magnitude pruning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator
from pydantic.config import JsonDict

from engine.contract.document import Document
from engine.contract.step_parameters import StepParameters
from engine.steps.magnitude_pruning.sparsity_schedule import polynomial_sparsity, round_sparsities
from engine.training.plan import Schedule

TWO_OF_FOUR_SPARSITY = 0.5
ITERATIVE: JsonDict = {"shown_for": {"schedule": ["iterative"]}}
ADVANCED: JsonDict = {"advanced": True}
BlockSide = Literal[1, 2, 4, 8, 16]
Epochs = Annotated[int, Field(ge=0, le=10_000)]
Rate = Annotated[float, Field(ge=0, le=10)]


@dataclass(frozen=True)
class FineTuning:
    """One round: prune to a share of zeros, then train."""

    sparsity: float
    epochs: int
    learning_rate: float
    """0: the baseline's."""
    rate_schedule: Schedule


class MagnitudePruningParameters(StepParameters):
    """How many kernel values become zero, which, and how fast."""

    key: ClassVar[str] = "magnitude_pruning"

    step: Literal["magnitude_pruning"] = "magnitude_pruning"
    schedule: Literal["one_shot", "constant", "polynomial", "iterative"] = Field(
        "polynomial",
        title="Schedule",
        description="polynomial: the share of zeros grows, quickly at first; constant: all zeros from the start of "
        "the training; one_shot: the same as in Kharitonov 2024, where the epochs are fine-tuning; iterative: "
        "rounds that each remove an equal share of the remaining weights (Kharitonov 2024)."
        "",
    )
    criterion: Literal["magnitude", "taylor", "fisher"] = Field(
        "magnitude",
        title="Criterion",
        description="Which weights go first: magnitude: the smallest; taylor, fisher: those without which the loss "
        "changes least, to first order (|gradient × weight|) or to second order (optimal brain damage, with the "
        "diagonal of the Fisher information); not while the share of zeros grows.",
    )
    sparsity: float = Field(
        0.8,
        ge=0.0,
        lt=1.0,
        title="Sparsity",
        description="Final fraction of zeros among the pruned kernels' values; the pattern 2:4 is always 0.5.",
        json_schema_extra={"shown_for": {"pattern": ["unstructured", "block"]}},
    )
    epochs: int = Field(
        4,
        ge=0,
        le=10_000,
        title="Epochs",
        description="Training while the zeros are kept; for iterative, per round.",
        json_schema_extra={"unit": "epochs"},
    )
    rounds: int = Field(
        3,
        ge=1,
        le=100,
        title="Rounds",
        description="How many times the iterative schedule prunes.",
        json_schema_extra=ITERATIVE,
    )
    start_sparsity: float = Field(
        0.0,
        ge=0.0,
        lt=1.0,
        title="Start sparsity",
        description="Where the schedule starts.",
        json_schema_extra={"shown_for": {"schedule": ["polynomial", "iterative"]}},
    )
    scope: Literal["layer", "global"] = Field(
        "layer",
        title="Scope",
        description="layer: the same share in every layer; global: the smallest weights of all layers.",
    )
    pattern: Literal["unstructured", "2:4", "block"] = Field(
        "unstructured",
        title="Pattern",
        description="unstructured: single weights; 2:4: two of each four neighbouring input channels; block: blocks "
        "of weights, for kernels that skip them.",
    )
    block_rows: BlockSide = Field(
        4,
        title="Block's inputs",
        description="Rows of a block in the kernel as a matrix (height × width × input channels, output channels).",
        json_schema_extra={"shown_for": {"pattern": ["block"]}},
    )
    block_columns: BlockSide = Field(
        1,
        title="Block's outputs",
        description="Columns of a block: 4 × 1 suits TFLite's sparse dense kernel, 1 × 4 XNNPACK's sparse 1×1 "
        "convolution.",
        json_schema_extra={"shown_for": {"pattern": ["block"]}},
    )
    norm: Literal["l1", "l2"] = Field(
        "l1",
        title="Norm",
        description="How blocks are ranked: by mean magnitude or root mean square; for 2:4, which groups go first "
        "while the share grows. Single weights rank the same with both.",
        json_schema_extra={
            **ADVANCED,
            "shown_for": {"pattern": ["2:4", "block"]},
            "unused_for": [{"pattern": ["2:4"], "schedule": ["one_shot", "constant"]}],
        },
    )
    criterion_images: int = Field(
        256,
        ge=1,
        le=100_000,
        title="Images of the criterion",
        description="Training images, the same share of each class, over which gradients are taken, one at a time.",
        json_schema_extra={**ADVANCED, "shown_for": {"criterion": ["taylor", "fisher"]}},
    )
    layers: Literal["conv", "all"] = Field(
        "conv", title="Layers", description="Convolutions only, or dense layers too."
    )
    skip_first: bool = Field(
        False,
        title="Leave the first layer",
        description="Do not prune the layer that sees the image.",
        json_schema_extra=ADVANCED,
    )
    skip_last: bool = Field(
        False,
        title="Leave the last layer",
        description="Do not prune the layer that classifies.",
        json_schema_extra={**ADVANCED, "shown_for": {"layers": ["all"]}},
    )
    learning_rate: float = Field(
        0.0,
        ge=0,
        le=10,
        title="Learning rate",
        description="For this training; 0: the baseline's.",
        json_schema_extra={"zero": "the baseline's", "unused_for": [{"epochs": [0]}]},
    )
    rate_schedule: Schedule = Field(
        "cosine",
        title="Rate schedule",
        description="How the learning rate falls, again in each round; step: divided by 10 twice.",
        json_schema_extra={**ADVANCED, "unused_for": [{"epochs": [0]}]},
    )
    round_epochs: tuple[Epochs, ...] = Field(
        (),
        title="Epochs of each round",
        description="One per round; empty: epochs.",
        json_schema_extra={**ADVANCED, **ITERATIVE},
    )
    round_learning_rates: tuple[Rate, ...] = Field(
        (),
        title="Rate of each round",
        description="One per round, 0: the baseline's; empty: learning_rate.",
        json_schema_extra={**ADVANCED, **ITERATIVE},
    )
    round_rate_schedules: tuple[Schedule, ...] = Field(
        (),
        title="Rate schedule of each round",
        description="One per round: constant, cosine or step; empty: rate_schedule.",
        json_schema_extra={"may_repeat": True, **ADVANCED, **ITERATIVE},
    )

    @model_validator(mode="after")
    def _agrees(self) -> MagnitudePruningParameters:
        if self.epochs == 0 and self.schedule != "one_shot":
            raise ValueError(f'the schedule "{self.schedule}" needs at least one epoch; only one_shot can have none')
        if self.start_sparsity > self.target_sparsity:
            raise ValueError(f"start_sparsity is above {self.target_sparsity:g}, and the share of zeros can only grow")
        lists: dict[str, tuple[object, ...]] = {
            "round_epochs": self.round_epochs,
            "round_learning_rates": self.round_learning_rates,
            "round_rate_schedules": self.round_rate_schedules,
        }
        for name, values in lists.items():
            if values and len(values) != self.rounds:
                count = f"{len(values)} value{'' if len(values) == 1 else 's'}"
                raise ValueError(f"{name} has {count} for {self.rounds} rounds; give one per round, or none")
        return self

    @property
    def target_sparsity(self) -> float:
        """The final share of zeros among the pruned kernels' values."""
        return TWO_OF_FOUR_SPARSITY if self.pattern == "2:4" else self.sparsity

    @property
    def by_rounds(self) -> bool:
        """Whether the network is pruned, then fine-tuned, once or more often, rather than both at once."""
        return self.schedule in {"one_shot", "iterative"}

    def zeros_left(self) -> float:
        return self.target_sparsity

    def label(self) -> str:
        pattern = {"unstructured": "", "2:4": " 2:4", "block": f" {self.block_rows}×{self.block_columns}"}[self.pattern]
        criterion = "" if self.criterion == "magnitude" else f" by {self.criterion}"
        return f"pruning{pattern} {self.target_sparsity * 100:g} %{criterion}"

    def stage_document(self) -> Document:
        # Magnitudes need no images.
        return super().stage_document() | ({"criterion_images": 0} if self.criterion == "magnitude" else {})

    def sparsity_at(self, progress: float) -> float:
        """The share of zeros at `progress` (0 to 1) of a constant or polynomial stage."""
        if self.schedule == "polynomial":
            return polynomial_sparsity(self.start_sparsity, self.target_sparsity, progress)
        return self.target_sparsity

    def fine_tunings(self) -> tuple[FineTuning, ...]:
        """The rounds of a one-shot or iterative stage."""
        if self.schedule == "one_shot":
            return (FineTuning(self.target_sparsity, self.epochs, self.learning_rate, self.rate_schedule),)
        return tuple(
            FineTuning(*values)
            for values in zip(
                round_sparsities(self.start_sparsity, self.target_sparsity, self.rounds),
                self.round_epochs or (self.epochs,) * self.rounds,
                self.round_learning_rates or (self.learning_rate,) * self.rounds,
                self.round_rate_schedules or (self.rate_schedule,) * self.rounds,
                strict=True,
            )
        )
