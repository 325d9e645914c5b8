"""Channel pruning: whole channels go, so that the network and its file become smaller and faster.

Li et al. 2017; the channels that must go together as in Fang et al. 2023 (arXiv:2301.12900).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

from engine.contract.errors import NutshellError, PromiseBroken
from engine.contract.findings import Finding
from engine.contract.recipe import Recipe
from engine.contract.step_parameters import StepParameters
from engine.export.layer_patterns import kernel_of_layer
from engine.graph.layer_graph import LayerGraph
from engine.steps.channel_pruning.coupled_channels import coupled_channels
from engine.steps.channel_pruning.criterion import CRITERIA, Reading, Substitute
from engine.steps.channel_pruning.normalisations import layers_without_scales, without_scales
from engine.steps.channel_pruning.parameters import ChannelPruningParameters
from engine.steps.channel_pruning.planned_pruning import planned_pruning
from engine.workbench.kept_promises import check_kept
from engine.workbench.step import TRAINING_PASSES, Step, StepPlace, Trait

if TYPE_CHECKING:
    from engine.graph.keras_objects import KerasModel
    from engine.measurement.tflite_file import TfliteFile
    from engine.steps.channel_pruning.channel_rounds import ChannelTraining
    from engine.steps.channel_pruning.pruner import Pruner
    from engine.training.objective import Objective
    from engine.workbench.network import Network
    from engine.workbench.step_context import StepContext

SEED_PART = 0xC4A1
TEACHER_ALPHA, TEACHER_TEMPERATURE = 0.5, 4.0
"""Of fine-tuning with a teacher: the share of the labels, and how much both outputs are softened."""
USUAL_MULTIPLES = (4, 2, 1)


class ChannelPruning(Step[ChannelPruningParameters]):
    key: ClassVar[str] = "channel_pruning"
    title: ClassVar[str] = "Channel pruning"
    summary: ClassVar[str] = (
        "Removes whole channels and fine-tunes what remains: a smaller plain network, whose file is smaller and faster "
        "as it is. Keeps the zeros of an earlier pruning and the values of an earlier clustering."
    )
    paper: ClassVar[str] = "Li et al. 2017; Fang et al. 2023"
    guide: ClassVar[Mapping[str, str]] = MappingProxyType(
        {"Channel pruning: criteria, and what was measured": "channel-pruning.md"}
    )
    Parameters: ClassVar[type[StepParameters]] = ChannelPruningParameters
    cannot_follow: ClassVar[Mapping[Trait, str]] = MappingProxyType(
        {
            Trait.INT8_ROUNDING: "The ranges of quantisation-aware training belong to the channels that it had; prune "
            "channels first, and train for int8 after it.",
        }
    )
    overhead_s: ClassVar[float] = 14.0

    def training_epochs(self, parameters: ChannelPruningParameters) -> int:
        return parameters.rounds * parameters.epochs + _sparse_epochs(parameters)

    def graph(
        self, parameters: ChannelPruningParameters, before: LayerGraph, recipe: Recipe, class_count: int
    ) -> LayerGraph:
        """With the same share of every layer, which is exact for allocation "uniform" in one round, else an estimate.
        A target that is out of reach gives the smallest network; `findings` refuses it.
        """
        return planned_pruning(parameters, before).graph

    def training_macs(self, parameters: ChannelPruningParameters, before: LayerGraph, after: LayerGraph) -> float:
        tuned, sparse = parameters.rounds * parameters.epochs, _sparse_epochs(parameters)
        taught = before.macs if parameters.teacher else 0
        of_each = TRAINING_PASSES * after.macs + taught
        return (tuned * of_each + sparse * TRAINING_PASSES * before.macs) / max(tuned + sparse, 1)

    def findings(self, parameters: ChannelPruningParameters, place: StepPlace) -> Iterator[Finding]:
        try:
            before = place.graph_before
        except NutshellError:  # Reported elsewhere.
            return
        planned = planned_pruning(parameters, before)
        if not planned.groups:
            yield place.error("No channel of this network can go: all are those of its input and output.")
            return
        if planned.out_of_reach:
            repairs = (
                place.set("multiple_of", multiple, f"Keep multiples of {multiple}")
                for multiple in USUAL_MULTIPLES
                if multiple < parameters.multiple_of
                and not planned_pruning(parameters.model_copy(update={"multiple_of": multiple}), before).out_of_reach
            )
            if parameters.target.latency:
                message = (
                    f"latency = {parameters.target.latency:g} will hardly be reached, as fewer MACs cannot be: "
                    f"{planned.least:.3f} of them remain with multiple_of = {parameters.multiple_of} and "
                    f"minimum_channels = {parameters.minimum_channels}; lower these, or raise the target."
                )
                yield place.warning(message, "target", next(repairs, None))
            else:
                yield place.error(planned.out_of_reach, "target", next(repairs, None))
        if planned.unknown:
            message = f"Channels cannot be followed through {', '.join(planned.unknown)}; those around it are all kept."
            yield place.note(message)
        if parameters.target.latency:
            message = (
                "The latency is timed on this machine, so the same recipe may leave other channels on another one."
            )
            yield place.note(message, "target")
        criterion = CRITERIA[parameters.criterion]
        if criterion.substitute is Substitute.PARTNER and Trait.CLUSTERS in place.made:
            message = (
                f"{criterion.title} adds weights to others, which would then be in no cluster; choose another "
                "criterion, or cluster afterwards."
            )
            yield place.error(message, "criterion", place.set("criterion", "l1", "Use the L1 norm"))
        if criterion.reads is Reading.SCALES and not before.is_batch_normalised:
            message = "bn_scale reads the scales of batch normalisation, and this network has none."
            yield place.error(message, "criterion", place.set("criterion", "l1", "Use the L1 norm"))
        elif criterion.reads is Reading.SCALES and (layers := layers_without_scales(before, coupled_channels(before))):
            yield place.error(without_scales(layers), "criterion", place.set("criterion", "l1", "Use the L1 norm"))
        if parameters.teacher and not parameters.epochs:
            message = "teacher has no effect without epochs of fine-tuning."
            yield place.warning(message, "teacher", place.set("teacher", False, "Fine-tune without a teacher"))

    def apply(self, parameters: ChannelPruningParameters, network: Network, context: StepContext) -> Network:
        from engine.steps.channel_pruning.channel_rounds import ChannelRounds
        from engine.training.kernels import clone, kernels
        from engine.training.model_graph import graph_of_model
        from engine.workbench.kept_values import kept_values
        from engine.workbench.network import Network

        sparse = _sparse_training(parameters, context)
        rounds = ChannelRounds(
            context.trainer,
            _pruner(parameters, network, context),
            parameters.shares(),
            sparse,
            _fine_tuning(parameters, network.model, context),
            lambda model: kept_values(network.facts, kernels(model)),
            context.found,
        )
        context.progress.phase("choosing channels")
        small, outcome = rounds.run(clone(network.model) if sparse else network.model)
        graph = graph_of_model(small)
        changes = {
            "parameters": small.count_params(),
            "trainable_parameters": sum(int(one.shape.num_elements()) for one in small.trainable_variables),
            "channels": {layer.name: layer.shape[-1] for layer in graph.layers if layer.macs},
            "macs": graph.macs,
        }
        return Network(small, network.facts.after_training(outcome).model_copy(update=changes))

    def check_promise(self, parameters: ChannelPruningParameters, network: Network, file: TfliteFile) -> None:
        from engine.training.kernels import kernels

        facts = network.facts
        parameters_found = network.model.count_params()
        if parameters_found != facts.parameters or file.macs != facts.macs:
            raise PromiseBroken(
                f"Channel pruning promised {facts.parameters:,} parameters and {facts.macs:,} MACs, and the network "
                f"has {parameters_found:,}, the .tflite file {file.macs:,} MACs; please report this with the run's log."
            )
        for name, kernel in kernels(network.model).items():
            size, stored = int(kernel.shape.num_elements()), kernel_of_layer(file, name).size
            # A depthwise kernel's channels are its input's.
            channels = int(network.model.get_layer(name).output_shape[-1] or 0)
            if channels != facts.channels.get(name) or stored != size:
                raise PromiseBroken(
                    f"Channel pruning promised {facts.channels.get(name, 0)} channels of {name}, and the network has "
                    f"{channels}, with {size:,} weights, of which the .tflite file has {stored:,}; please report this "
                    "with the run's log."
                )
        check_kept(self.title, network, file)


def _sparse_epochs(parameters: ChannelPruningParameters) -> int:
    return parameters.sparsity_epochs if parameters.group_sparsity else 0


def _pruner(parameters: ChannelPruningParameters, network: Network, context: StepContext) -> Pruner:
    from engine.contract.events import Notice
    from engine.export.tflite_conversion import float32_tflite
    from engine.steps.channel_pruning.pruner import Pruner
    from engine.workbench.timed_share import timed_beside

    whole = network.model

    def shipped_bytes(model: KerasModel) -> int:
        return context.most_shipped_bytes(context.float32_tflite(network) if model is whole else float32_tflite(model))

    timed = timed_beside(lambda: context.float32_tflite(network), context.progress)

    return Pruner(
        CRITERIA[parameters.criterion](),
        parameters.allocation,
        parameters.target.target.measure,
        parameters.rule,
        context.labelled_images(parameters.criterion_images),
        network.facts.pruned_layers,
        context.recipe.seed ^ SEED_PART,
        shipped_bytes,
        (lambda model: timed(float32_tflite(model))) if parameters.target.latency else None,
        lambda sentence: context.trainer.emit(Notice(message=f"{parameters.label()}: {sentence}")),
        context.progress,
    )


def _sparse_training(parameters: ChannelPruningParameters, context: StepContext) -> ChannelTraining | None:
    from engine.steps.channel_pruning.channel_rounds import ChannelTraining
    from engine.steps.channel_pruning.group_sparsity import GroupSparsity
    from engine.training.model_graph import graph_of_model

    if not parameters.group_sparsity:
        return None
    plan = context.baseline_plan
    plan = plan.fine_tuning(parameters.sparsity_epochs, parameters.learning_rate or plan.learning_rate, "cosine")

    def objective(model: KerasModel) -> Objective:
        graph = graph_of_model(model)
        labels = context.trainer.cross_entropy(model, plan)
        return GroupSparsity(model, graph, coupled_channels(graph), labels, parameters.group_sparsity)

    return ChannelTraining(plan, objective)


def _fine_tuning(parameters: ChannelPruningParameters, whole: KerasModel, context: StepContext) -> ChannelTraining:
    from engine.steps.channel_pruning.channel_rounds import ChannelTraining
    from engine.training.softened_outputs import TaughtByOutputs

    plan = context.baseline_plan
    plan = plan.fine_tuning(parameters.epochs, parameters.learning_rate or plan.learning_rate, "cosine")

    def objective(model: KerasModel) -> Objective | None:
        if not parameters.teacher:
            return None
        labels = context.trainer.cross_entropy(model, plan)
        return TaughtByOutputs(whole, labels, TEACHER_ALPHA, TEACHER_TEMPERATURE)

    return ChannelTraining(plan, objective)
