"""What is known of a trial's baseline before it trains, and which of two costs no more as far as that tells."""

from __future__ import annotations

from dataclasses import dataclass

from engine.backbones.backbone import layer_graph
from engine.chain.planning import Planned
from engine.contract.objectives import ACCURACIES
from engine.contract.search_settings import SearchSettings
from engine.feeding.pipeline import network_input_shape
from engine.training.course import expected_epochs
from engine.workbench.step import STEPS

COSTS: dict[str, tuple[str, ...]] = {
    "model_bytes": ("parameters",),
    "zip_bytes": ("parameters",),
    "parameters": ("parameters",),
    "nonzero_parameters": ("parameters",),
    "macs": ("macs",),
    "latency_p50_ms": ("macs",),
    "latency_p95_ms": ("macs",),
    "peak_memory_bytes": ("parameters", "activations"),
}
"""Figure that is better when lower → what of the network it grows with. The chain's share in it is left out: what a
chain saves in the file of one baseline, it saves in that of another, and a search may give it to each."""
OF_ONE_ARCHITECTURE = ("latency_p50_ms", "latency_p95_ms")
"""Figures that follow their cost among networks of one architecture only."""


@dataclass(frozen=True)
class PlannedBaseline:
    """One."""

    key: str
    """Of its stage."""
    architecture: str
    parameters: int
    macs: int
    """Of one image."""
    activations: int
    """Values that all layers compute for one image."""
    epochs: int
    """That it trains; where it finds them itself, what such trainings usually take."""
    is_open_ended: bool
    frozen_until: int
    """The epoch before which a part of it is frozen, so that its accuracy says little of its end; 0: none."""
    bounds_chain: bool
    """Whether the trial's chain goes on with this network on these images, so that it seldom classifies better."""

    @classmethod
    def of(cls, planned: Planned) -> PlannedBaseline:
        """The baseline of a trial."""
        (branch,) = planned.branches
        recipe, stage, work = branch.recipe, branch.tree.stages[0], planned.work_of(branch)
        graph = layer_graph(recipe.backbone, network_input_shape(branch.images), work.class_count)
        usual = expected_epochs(work.train_images, recipe.training.batch_size)
        return cls(
            key=stage.key,
            architecture=recipe.backbone.kind,
            parameters=graph.parameters,
            macs=graph.macs,
            activations=graph.activations,
            epochs=usual if stage.open_ended else stage.epochs,
            is_open_ended=stage.open_ended,
            frozen_until=recipe.training.unfreeze_epoch,
            bounds_chain=not any(
                STEPS[step.step].begins_anew or step.other_dataset() for chain in recipe.chains for step in chain.steps
            ),
        )


def costs_are_known(settings: SearchSettings) -> bool:
    """Whether the plan tells of every figure that a search goes by, but the accuracies, which of two is no worse."""
    return all(name in COSTS for name in _other_figures(settings))


def is_no_costlier(one: PlannedBaseline, other: PlannedBaseline, settings: SearchSettings) -> bool:
    """Whether `one` is no worse than `other` in every figure that a search goes by, but the accuracies."""
    names = _other_figures(settings)
    if one.architecture != other.architecture and any(name in OF_ONE_ARCHITECTURE for name in names):
        return False
    return all(getattr(one, cost) <= getattr(other, cost) for name in names for cost in COSTS.get(name, ()))


def _other_figures(settings: SearchSettings) -> tuple[str, ...]:
    return tuple(name for name in (*settings.objectives, *settings.floors) if name not in ACCURACIES)
