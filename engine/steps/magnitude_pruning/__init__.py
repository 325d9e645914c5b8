"""Magnitude pruning: the smallest kernel values become zero, by a schedule, while the network trains on."""

from engine.steps.magnitude_pruning.parameters import MagnitudePruningParameters
from engine.steps.magnitude_pruning.pruning_rounds import PruningRounds
from engine.steps.magnitude_pruning.step import MagnitudePruning

__all__ = ["MagnitudePruning", "MagnitudePruningParameters", "PruningRounds"]
