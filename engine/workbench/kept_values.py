"""What holds the zeros and clusters of earlier steps while a later one trains."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from engine.contract.network_facts import NetworkFacts

if TYPE_CHECKING:
    from engine.graph.keras_objects import Variable
    from engine.training.projection import Projection


def kept_values(facts: NetworkFacts, kernels: Mapping[str, Variable]) -> list[Projection]:
    """The projections that hold what the facts say.

    Args:
        kernels: those that train, by layer.
    """
    from engine.training.cluster_projection import ClusterProjection, clusters_found
    from engine.training.kept_zeros import KeptZeros

    pruned = facts.pruned_layers
    if facts.clusters:
        members = [clusters_found(kernel.numpy(), name in pruned) for name, kernel in kernels.items()]
        return [ClusterProjection(list(kernels.values()), members)]
    return [KeptZeros([kernels[name] for name in pruned])] if pruned else []
