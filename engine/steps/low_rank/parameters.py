"""Parameters of low-rank factorisation."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field
from pydantic.config import JsonDict

from engine.contract.document import Document
from engine.contract.step_parameters import StepParameters
from engine.steps.low_rank.factors import Method

ADVANCED: JsonDict = {"advanced": True}


class LowRankParameters(StepParameters):
    """How layers are factored, how far, and how the network recovers."""

    key: ClassVar[str] = "low_rank"

    step: Literal["low_rank"] = "low_rank"
    method: Method = Field(
        "spatial",
        title="Method",
        description="Of k×k convolutions: spatial: k×1, then 1×k; channel: fewer filters, then 1×1. Dense layers and "
        "1×1 convolutions become two of their own kind.",
    )
    choose: Literal["sensitivity", "energy"] = Field(
        "sensitivity",
        title="Ranks by",
        description="sensitivity: the ranks that change the outputs least for the multiply-accumulates that may "
        "remain; energy: each layer keeps the same share of its squared singular values.",
    )
    energy: float = Field(
        0.9,
        gt=0,
        lt=1,
        title="Energy",
        description="Share of the squared singular values that each layer keeps at least.",
        json_schema_extra={"shown_for": {"choose": ["energy"]}},
    )
    macs: float = Field(
        0.5,
        gt=0,
        lt=1,
        title="MACs",
        description="Share of the network's multiply-accumulates that remains at most.",
        json_schema_extra={"shown_for": {"choose": ["sensitivity"]}},
    )
    layers: Literal["conv", "all"] = Field("all", title="Layers", description="Convolutions only, or dense layers too.")
    epochs: int = Field(
        4,
        ge=0,
        le=10_000,
        title="Epochs",
        description="Fine-tuning afterwards; 0: factoring only.",
        json_schema_extra={"unit": "epochs", "zero": "factoring only"},
    )
    learning_rate: float = Field(
        0.0,
        ge=0,
        le=10,
        title="Learning rate",
        description="For fine-tuning, along a cosine; 0: the baseline's.",
        json_schema_extra={"zero": "the baseline's", "unused_for": [{"epochs": [0]}]},
    )
    multiple_of: int = Field(
        8,
        ge=1,
        le=128,
        title="Multiple of",
        description="Ranks are rounded up to it; processors compute 8 or 16 channels at once.",
        json_schema_extra=ADVANCED,
    )
    criterion_images: int = Field(
        256,
        ge=1,
        le=100_000,
        title="Images of the sensitivity",
        description="Training images, the same share of each class, over which outputs are compared.",
        json_schema_extra={**ADVANCED, "shown_for": {"choose": ["sensitivity"]}},
    )

    def label(self) -> str:
        how = f"{self.energy * 100:g} % energy" if self.choose == "energy" else f"{self.macs * 100:g} % MACs"
        return f"low rank, {self.method}, {how}"

    def stage_document(self) -> Document:
        # What the other way to choose ranks would need changes nothing.
        unused: Document = {"macs": 0, "criterion_images": 0} if self.choose == "energy" else {"energy": 0}
        return super().stage_document() | unused
