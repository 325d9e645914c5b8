"""The result of low-rank factorisation: the rank of each layer, and the accuracy before and after fine-tuning."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from engine.contract.evidence import Evidence


class LayerRank(BaseModel):
    """One layer that could be factored."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    layer: str
    full_rank: int
    rank: int
    """Equal to the full rank where the layer stays whole."""
    energy_fraction: float
    """Share of the squared singular values that is left."""
    macs_before: int
    macs_after: int

    @property
    def is_factored(self) -> bool:
        return self.macs_after < self.macs_before


class LayerRanks(Evidence):
    """Of one stage."""

    key: ClassVar[str] = "low_rank"
    title: ClassVar[str] = "Rank of each layer"
    header: ClassVar[tuple[str, ...]] = ("layer", "full rank", "rank", "energy", "MACs before", "MACs after")

    method: str
    macs_before: int
    """Of the whole network."""
    macs_after: int
    validation_accuracy_before: float
    validation_accuracy_after_factoring: float
    validation_accuracy_after_fine_tuning: float
    epochs: int | None = None
    """Of the fine-tuning; None: not known."""
    layers: tuple[LayerRank, ...]

    def sentence(self) -> str:
        factored = sum(one.is_factored for one in self.layers)
        tuned = "" if self.epochs == 0 else f", {self.validation_accuracy_after_fine_tuning:.3f} after fine-tuning"
        return (
            f"{factored} of {len(self.layers)} layers factored; {self.macs_after / self.macs_before:.1%} of the MACs "
            f"remain; validation accuracy {self.validation_accuracy_before:.3f} before, "
            f"{self.validation_accuracy_after_factoring:.3f} right after{tuned}."
        )

    def rows(self) -> list[tuple[str, ...]]:
        return [
            (
                one.layer,
                f"{one.full_rank:,}",
                f"{one.rank:,}" if one.is_factored else "whole",
                f"{one.energy_fraction:.3f}",
                f"{one.macs_before:,}",
                f"{one.macs_after:,}",
            )
            for one in self.layers
        ]
