"""The result of channel pruning: the cost and the accuracy after each round, and the channels of each layer."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from engine.contract.evidence import Evidence


class LayerChannels(BaseModel):
    """One convolution or dense layer."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    layer: str
    before: int
    """Output channels."""
    after: int


class ChannelRound(BaseModel):
    """One round."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    macs: int
    """Multiply-accumulates of the network for one image."""
    parameters: int
    groups: int
    """That are left; channels that must go together are one group."""
    epochs: int
    """That the round was fine-tuned."""
    validation_accuracy_after_pruning: float
    validation_accuracy_after_fine_tuning: float


class RemovedChannels(Evidence):
    """What one stage has removed so far."""

    key: ClassVar[str] = "channel_pruning"
    title: ClassVar[str] = "Channel pruning by round"
    header: ClassVar[tuple[str, ...]] = (
        "round",
        "MACs",
        "parameters",
        "groups",
        "right after\npruning",
        "after\nfine-tuning",
        "epochs",
    )

    criterion: str
    planned: int
    """How many rounds there will be."""
    macs_before: int
    parameters_before: int
    groups_before: int
    """Those that could go."""
    validation_accuracy_before: float
    rounds: tuple[ChannelRound, ...]
    layers: tuple[LayerChannels, ...]
    """Those that make channels, in the network's order."""
    kept_whole: tuple[str, ...] = ()
    """Layers that channels cannot be followed through, as "kind name": those around them keep all channels."""

    def sentence(self) -> str:
        last = self.rounds[-1]
        tuned = f", {last.validation_accuracy_after_fine_tuning:.3f} after fine-tuning" if last.epochs else ""
        whole = f" All channels around {', '.join(self.kept_whole)} are kept." if self.kept_whole else ""
        return (
            f"round {len(self.rounds)} of {self.planned}: {last.macs / self.macs_before:.1%} of the MACs and "
            f"{last.parameters / self.parameters_before:.1%} of the parameters remain; validation accuracy "
            f"{self.validation_accuracy_before:.3f} before, {last.validation_accuracy_after_pruning:.3f} right after "
            f"pruning{tuned}.{whole}"
        )

    def rows(self) -> list[tuple[str, ...]]:
        before = f"{self.validation_accuracy_before:.3f}"
        whole = (
            "0",
            f"{self.macs_before:,}",
            f"{self.parameters_before:,}",
            f"{self.groups_before:,}",
            "–",
            before,
            "–",
        )
        return [
            whole,
            *(
                (
                    str(number),
                    f"{one.macs:,}",
                    f"{one.parameters:,}",
                    f"{one.groups:,}",
                    f"{one.validation_accuracy_after_pruning:.3f}",
                    f"{one.validation_accuracy_after_fine_tuning:.3f}" if one.epochs else "–",
                    str(one.epochs),
                )
                for number, one in enumerate(self.rounds, start=1)
            ),
        ]
