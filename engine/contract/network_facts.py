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
    epoch_seconds: float = 0.0
    """Median time of an epoch of the last training."""
    trained_epochs: int = 0
    stopped_early: bool = False

    def after_training(self, outcome: TrainingOutcome) -> NetworkFacts:
        """These facts once a step has trained the network."""
        return self.model_copy(
            update={
                "epoch_seconds": outcome.epoch_seconds or self.epoch_seconds,
                "trained_epochs": len(outcome.records),
                "stopped_early": outcome.stopped_early,
            }
        )
