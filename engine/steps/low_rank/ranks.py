"""Which rank each layer gets: by the energy that it keeps, or by what the outputs would lose."""

from __future__ import annotations

from collections.abc import Mapping

from engine.contract.errors import NutshellError
from engine.contract.progress import UNWATCHED, Progress
from engine.graph.keras_objects import KerasModel
from engine.graph.layer_graph import LayerGraph
from engine.steps.low_rank.factors import Factors
from engine.training.kernels import kernels
from engine.workbench.labelled_images import LabelledImages
from engine.workbench.layer_assignment import LayerOption, least_divergence
from engine.workbench.output_divergence import OutputDivergence

SHARES = (1.0, 0.75, 0.5, 0.375, 0.25, 0.125)
"""Of the highest rank that saves anything: what is tried of each layer."""
Ranks = Mapping[str, int]
"""Layer → its rank; layers that are left out stay whole."""


def by_energy(layers: Mapping[str, Factors], energy: float, multiple_of: int) -> Ranks:
    """The lowest ranks that keep the share of each layer's squared singular values."""
    wanted = {name: rounded_up(one.rank_of_energy(energy), multiple_of) for name, one in layers.items()}
    return {name: rank for name, rank in wanted.items() if rank <= layers[name].factoring.most}


def by_sensitivity(
    model: KerasModel,
    layers: Mapping[str, Factors],
    share: float,
    graph: LayerGraph,
    multiple_of: int,
    sample: LabelledImages,
    progress: Progress = UNWATCHED,
) -> Ranks:
    """The ranks whose summed divergence, each layer alone, is the least with at most `share` of the MACs.

    Args:
        model: stays as it is.
        graph: of the model.

    Raises:
        NutshellError: the lowest ranks that are tried leave more.
    """
    divergence_of = OutputDivergence(model, graph, sample, progress.raise_if_cancelled)
    macs = graph.macs
    variables = kernels(model)
    options = []
    for place, (name, one) in enumerate(layers.items()):
        progress.report(place, len(layers))
        whole = variables[name].numpy()
        own = [LayerOption(0, 0, 0.0)]
        try:
            for rank in _tried(one, multiple_of):
                variables[name].assign(one.whole(rank))
                divergence = divergence_of.now()
                own.append(LayerOption(rank, rank * one.factoring.macs_a_rank - one.factoring.layer.macs, divergence))
        finally:
            variables[name].assign(whole)
        options.append(own)
    found = least_divergence(options, (share - 1) * macs)
    if found is None:
        least = macs + sum(min(option.cost for option in own) for own in options)
        raise NutshellError(
            f"macs = {share:g} is out of reach: with the lowest ranks {least / macs:.3f} of the multiply-accumulates "
            "remains; raise it, or lower multiple_of."
        )
    return {name: one.choice for name, one in zip(layers, found.options, strict=True) if one.choice}


def rounded_up(rank: int, multiple_of: int) -> int:
    return -(-rank // multiple_of) * multiple_of


def _tried(one: Factors, multiple_of: int) -> list[int]:
    """Falling; none where not even one multiple saves anything."""
    most = one.factoring.most // multiple_of * multiple_of
    wanted = {max(round(share * most / multiple_of), 1) * multiple_of for share in SHARES if most}
    return sorted(wanted, reverse=True)
