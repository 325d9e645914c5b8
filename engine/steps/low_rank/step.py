"""Low-rank factorisation: a layer becomes two that together are cheaper.

Spatial (Jaderberg et al. 2014) or by channels (Zhang et al. 2016), by the singular value decomposition of each kernel.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

from engine.contract.errors import NutshellError, PromiseBroken
from engine.contract.findings import Finding
from engine.contract.recipe import Recipe
from engine.contract.step_parameters import StepParameters
from engine.graph.layer_graph import LayerGraph
from engine.steps.low_rank.factors import factored_graph, factorings, factors
from engine.steps.low_rank.parameters import LowRankParameters
from engine.workbench.step import Step, StepPlace, Trait

if TYPE_CHECKING:
    from engine.graph.keras_objects import KerasModel
    from engine.measurement.tflite_file import TfliteFile
    from engine.steps.low_rank.factors import Factors
    from engine.steps.low_rank.ranks import Ranks
    from engine.workbench.network import Network
    from engine.workbench.step_context import StepContext

PLANNED_SHARE = 0.6
"""Of its own multiply-accumulates: what an estimate takes each layer to keep, where the weights decide."""


class LowRank(Step[LowRankParameters]):
    key: ClassVar[str] = "low_rank"
    title: ClassVar[str] = "Low-rank factorisation"
    summary: ClassVar[str] = (
        "Replaces a layer by two of lower rank that are cheaper together, and fine-tunes: a smaller plain network, "
        "whose file is smaller as it is."
    )
    paper: ClassVar[str] = "Jaderberg et al. 2014; Zhang et al. 2016"
    guide: ClassVar[Mapping[str, str]] = MappingProxyType(
        {"Low-rank factorisation: how ranks are chosen, and what was measured": "low-rank.md"}
    )
    Parameters: ClassVar[type[StepParameters]] = LowRankParameters
    cannot_follow: ClassVar[Mapping[Trait, str]] = MappingProxyType(
        {
            Trait.ZEROS: "The factors of a kernel with zeros have none; factor first, and prune the factors.",
            Trait.CLUSTERS: "The factors of a kernel of few values have many; factor first, and cluster the factors.",
            Trait.INT8_ROUNDING: "The ranges of quantisation-aware training belong to whole layers; factor first, and "
            "train for int8 after it.",
        }
    )

    def training_epochs(self, parameters: LowRankParameters) -> int:
        return parameters.epochs

    def graph(self, parameters: LowRankParameters, before: LayerGraph, recipe: Recipe, class_count: int) -> LayerGraph:
        """An estimate: ranks depend on the weights."""
        share = parameters.macs if parameters.choose == "sensitivity" else PLANNED_SHARE
        chosen = {
            name: (one, max(1, min(one.most, round(share * one.layer.macs / one.macs_a_rank))))
            for name, one in factorings(before, parameters.method, parameters.layers == "conv").items()
        }
        return factored_graph(before, chosen)

    def findings(self, parameters: LowRankParameters, place: StepPlace) -> Iterator[Finding]:
        try:
            before = place.graph_before
        except NutshellError:  # Reported elsewhere.
            return
        found = factorings(before, parameters.method, parameters.layers == "conv")
        useful = [one for one in found.values() if one.most >= parameters.multiple_of]
        if not useful:
            repairs = (
                place.set("multiple_of", multiple, f"Use multiples of {multiple}")
                for multiple in (4, 2, 1)
                if multiple < parameters.multiple_of and any(one.most >= multiple for one in found.values())
            )
            message = (
                f"No layer of this network becomes cheaper by a rank that is a multiple of {parameters.multiple_of}."
            )
            yield place.error(message, "multiple_of", next(repairs, None))
            return
        if parameters.choose == "sensitivity":
            saved = sum(one.layer.macs - parameters.multiple_of * one.macs_a_rank for one in useful)
            least = 1 - saved / before.macs
            if least > parameters.macs:
                message = (
                    f"macs = {parameters.macs:g} is out of reach: by the lowest ranks {least:.2f} remains; raise it."
                )
                enough = math.ceil(100 * least) / 100
                repair = place.set("macs", enough, f"Let {enough:.0%} remain")
                yield place.error(message, "macs", repair if enough < 1 else place.remove("Remove it"))

    def apply(self, parameters: LowRankParameters, network: Network, context: StepContext) -> Network:
        from engine.steps.low_rank.evidence import LayerRank, LayerRanks
        from engine.steps.low_rank.factored_network import factored_network
        from engine.training.kernels import kernels
        from engine.training.model_graph import graph_of_model
        from engine.workbench.network import Network

        model = network.model
        graph = graph_of_model(model)
        context.progress.phase("factoring each layer")
        variables = kernels(model)
        layers = {
            name: factors(one, variables[name].numpy())
            for name, one in factorings(graph, parameters.method, parameters.layers == "conv").items()
        }
        ranks = _ranks(parameters, model, graph, layers, context)
        if not ranks:
            raise NutshellError(
                "No layer becomes cheaper by these ranks; lower energy or multiple_of, or choose ranks by sensitivity."
            )
        small = factored_network(model, graph, layers, ranks)
        _, before = context.trainer.validate(model)
        _, factored = context.trainer.validate(small)
        facts = network.facts
        if parameters.epochs:
            plan = context.baseline_plan
            plan = plan.fine_tuning(parameters.epochs, parameters.learning_rate or plan.learning_rate, "cosine")
            facts = facts.after_training(context.trainer.train(small, plan))
        _, tuned = context.trainer.validate(small)
        after = graph_of_model(small)
        context.found(
            LayerRanks(
                method=parameters.method,
                macs_before=graph.macs,
                macs_after=after.macs,
                validation_accuracy_before=before,
                validation_accuracy_after_factoring=factored,
                validation_accuracy_after_fine_tuning=tuned,
                epochs=parameters.epochs,
                layers=tuple(
                    LayerRank(
                        layer=name,
                        full_rank=one.factoring.full_rank,
                        rank=ranks.get(name, one.factoring.full_rank),
                        energy_fraction=one.energy(ranks[name]) if name in ranks else 1.0,
                        macs_before=one.factoring.layer.macs,
                        macs_after=ranks[name] * one.factoring.macs_a_rank
                        if name in ranks
                        else one.factoring.layer.macs,
                    )
                    for name, one in layers.items()
                ),
            )
        )
        changes = {
            "parameters": small.count_params(),
            "trainable_parameters": sum(int(one.shape.num_elements()) for one in small.trainable_variables),
            "channels": {layer.name: layer.shape[-1] for layer in after.layers if layer.macs},
            "macs": after.macs,
        }
        return Network(small, facts.model_copy(update=changes))

    def check_promise(self, parameters: LowRankParameters, network: Network, file: TfliteFile) -> None:
        found = network.model.count_params()
        if found != network.facts.parameters or file.macs != network.facts.macs:
            raise PromiseBroken(
                f"Factorisation promised {network.facts.parameters:,} parameters and {network.facts.macs:,} MACs, and "
                f"the network has {found:,}, the .tflite file {file.macs:,} MACs; please report this with the run's "
                "log."
            )


def _ranks(
    parameters: LowRankParameters,
    model: KerasModel,
    graph: LayerGraph,
    layers: Mapping[str, Factors],
    context: StepContext,
) -> Ranks:
    from engine.steps.low_rank.ranks import by_energy, by_sensitivity

    if parameters.choose == "energy":
        return by_energy(layers, parameters.energy, parameters.multiple_of)
    sample = context.labelled_images(parameters.criterion_images)
    progress = context.progress.counted("measuring how sensitive the outputs are to each layer's rank", "layers")
    return by_sensitivity(model, layers, parameters.macs, graph, parameters.multiple_of, sample, progress)
