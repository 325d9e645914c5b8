"""What a frozen base means for a training: which of its layers train after all, how often it is computed, and how many
parameters change. No TensorFlow.
"""

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


def frozen_epochs(recipe: Recipe) -> int:
    """Epochs of the baseline's training in which its base is frozen; 0 where it is not."""
    if not recipe.backbone.freeze_base:
        return 0
    training = recipe.training
    return training.unfreeze_epoch - 1 if training.unfreeze_epoch else training.trained_epochs


def computes_features_once(recipe: Recipe) -> bool:
    """Whether the baseline trains on stored features of its base: nothing changes them from one epoch to the next."""
    return frozen_epochs(recipe) > 1 and not recipe.training.augment


def trainable_parameters(graph: LayerGraph, recipe: Recipe) -> int:
    """Parameters that the baseline's training changes in the end."""
    return graph.trainable_parameters(recipe.backbone.freeze_base, unfrozen_layers(graph, recipe))
