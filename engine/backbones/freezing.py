"""Which layers of a frozen base train after all, and how many parameters a training changes. No TensorFlow."""

from __future__ import annotations

from engine.contract.recipe import Recipe
from engine.graph.layer_graph import LayerGraph


def unfrozen_layers(graph: LayerGraph, recipe: Recipe) -> tuple[str, ...]:
    """Names of the frozen layers that train too from the recipe's `unfreeze_epoch` on; none where nothing is frozen.

    Batch normalisation is never among them: its averages are those of the images that the base was trained on, and
    small batches would spoil them.
    """
    if not recipe.backbone.freeze_base or not recipe.training.unfreeze_epoch:
        return ()
    return graph.last_kernels(recipe.training.unfreeze_layers)


def trainable_parameters(graph: LayerGraph, recipe: Recipe) -> int:
    """Parameters that the baseline's training changes in the end."""
    return graph.trainable_parameters(recipe.backbone.freeze_base, unfrozen_layers(graph, recipe))
