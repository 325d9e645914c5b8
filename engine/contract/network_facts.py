"""What is known about a trained network besides its weights."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from engine.contract.training_outcome import TrainingOutcome


class NetworkFacts(BaseModel):
    """What is known about a network besides its weights; kept as JSON beside the model file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    parameters: int
    """Of the trained network, before batch normalisation is folded."""
    trainable_parameters: int
    pruned_layers: tuple[str, ...] = ()
    """Layers whose kernels have zeros that later steps keep."""
    zeros_before_pruning: float = 0.0
    """Fraction of zeros that the kernels of the last pruning had already."""
    carried_zeros: int = 0
    """Zeros that a sparse transfer has to keep; 0: none came after a pruning."""
    clusters: int = 0
    """Distinct values per kernel that later steps keep; 0: not clustered."""
    quantization_aware: bool = False
    """Whether the model holds fake-quantisation and converts to int8 as it is."""
    channels: dict[str, int] = {}
    """Layer with a kernel → output channels, as channel pruning left them; empty: none came."""
    macs: int = 0
    """Multiply-accumulates for one image that channel pruning left; 0: none came."""
    epoch_seconds: float = 0.0
    """Median time of an epoch of the last training."""
    trained_epochs: int = 0
    """Of the last training."""
    total_epochs: int = 0
    """Of all trainings since the network's first weights; 0: not counted, as in stages of earlier versions."""
    stopped_early: bool = False

    @property
    def epochs_so_far(self) -> int:
        """Of all trainings, as far as they were counted."""
        return max(self.total_epochs, self.trained_epochs)

    def after_training(self, outcome: TrainingOutcome) -> NetworkFacts:
        """These facts once a step has trained the network."""
        return self.model_copy(
            update={
                "epoch_seconds": outcome.epoch_seconds or self.epoch_seconds,
                "trained_epochs": len(outcome.records),
                "total_epochs": self.epochs_so_far + len(outcome.records),
                "stopped_early": outcome.stopped_early,
            }
        )
