"""Weight clustering: the values of each kernel become few, while the network trains on."""

from engine.steps.weight_clustering.step import WeightClustering, WeightClusteringParameters

__all__ = ["WeightClustering", "WeightClusteringParameters"]
