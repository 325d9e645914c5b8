"""The result of pruning in rounds: the accuracy at each sparsity, before and after fine-tuning (Kharitonov 2024)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from engine.contract.document import Document
from engine.contract.evidence import Evidence


class PruningRound(BaseModel):
    """One round."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    sparsity_fraction: float
    """Zeros among the pruned kernels' values."""
    epochs: int
    """That the round was fine-tuned."""
    validation_accuracy_after_pruning: float
    validation_accuracy_after_fine_tuning: float


class PruningRounds(Evidence):
    """Those of one stage that are finished."""

    key: ClassVar[str] = "pruning_rounds"
    title: ClassVar[str] = "Validation accuracy by pruning round"
    header: ClassVar[tuple[str, ...]] = ("round", "zeros", "right after\npruning", "after\nfine-tuning", "epochs")

    planned: int
    """How many there will be."""
    rounds: tuple[PruningRound, ...]

    def sentence(self) -> str:
        last = self.rounds[-1]
        return (
            f"round {len(self.rounds)} of {self.planned}, {last.sparsity_fraction:.4g} zeros, validation accuracy "
            f"{last.validation_accuracy_after_pruning:.3f} right after pruning, "
            f"{last.validation_accuracy_after_fine_tuning:.3f} after fine-tuning."
        )

    def rows(self) -> list[tuple[str, ...]]:
        return [
            (
                str(number),
                f"{one.sparsity_fraction:.4f}",
                f"{one.validation_accuracy_after_pruning:.3f}",
                f"{one.validation_accuracy_after_fine_tuning:.3f}",
                str(one.epochs),
            )
            for number, one in enumerate(self.rounds, start=1)
        ]

    @classmethod
    def earlier_fields(cls, found: Sequence[PruningRounds], file: str) -> Document:
        return {"pruning_rounds": tuple(one.model_dump(mode="json") for stage in found for one in stage.rounds)}
