"""Dynamic sparse training: a sparse network is trained from scratch, and its connections are exchanged as it learns.

RigL (Evci et al. 2020) and SET (Mocanu et al. 2018), the third kind of pruning that Kharitonov 2024 names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

from engine.backbones.backbone import layer_graph
from engine.contract.backbone_settings import BackboneSettings
from engine.contract.errors import NutshellError, PromiseBroken
from engine.contract.findings import Finding
from engine.contract.recipe import Recipe
from engine.contract.step_parameters import StepParameters
from engine.datasets.source import Split
from engine.export.layer_patterns import kernel_of_layer
from engine.feeding.pipeline import network_input_shape
from engine.graph.layer_graph import LayerGraph
from engine.steps.dynamic_sparse_training.densities import active_weights
from engine.steps.dynamic_sparse_training.exchange_schedule import ExchangeSchedule
from engine.steps.dynamic_sparse_training.parameters import DynamicSparseTrainingParameters
from engine.training.plan import MANY_IMAGES, TrainingPlan
from engine.workbench.sparse_limit import too_sparse
from engine.workbench.step import Step, StepPlace, Trait

if TYPE_CHECKING:
    from engine.graph.keras_objects import KerasModel, Variable
    from engine.measurement.tflite_file import TfliteFile
    from engine.workbench.network import Network
    from engine.workbench.step_context import StepContext


class DynamicSparseTraining(Step[DynamicSparseTrainingParameters]):
    key: ClassVar[str] = "dynamic_sparse_training"
    title: ClassVar[str] = "Dynamic sparse training"
    summary: ClassVar[str] = (
        "Trains the backbone again from random weights, sparse from the first batch on: the weakest weights are "
        "dropped and others grow. The file shrinks when it is zipped; its raw size and its speed stay."
    )
    paper: ClassVar[str] = "Evci et al. 2020; Mocanu et al. 2018; named by Kharitonov 2024"
    guide: ClassVar[Mapping[str, str]] = MappingProxyType({"Sparse training": "sparse-training.md"})
    Parameters: ClassVar[type[StepParameters]] = DynamicSparseTrainingParameters
    makes: ClassVar[frozenset[Trait]] = frozenset({Trait.ZEROS})
    begins_anew: ClassVar[bool] = True
    learns_from_before: ClassVar[bool] = False

    def training_epochs(self, parameters: DynamicSparseTrainingParameters) -> int:
        return parameters.epochs

    def graph(
        self, parameters: DynamicSparseTrainingParameters, before: LayerGraph, recipe: Recipe, class_count: int
    ) -> LayerGraph:
        return layer_graph(_backbone(recipe), network_input_shape(recipe.images.first), class_count)

    def findings(self, parameters: DynamicSparseTrainingParameters, place: StepPlace) -> Iterator[Finding]:
        training = place.recipe.training
        if place.earlier:
            message = (
                f"{parameters.label()} begins with random weights, so what "
                f"{', '.join(step.label() for step in place.earlier)} made is lost; put it first."
            )
            yield place.warning(message, repair=place.move(0, f"Put {parameters.label()} first"))
        if place.recipe.backbone.weights:
            message = (
                "It begins with random weights and uses nothing of backbone.weights, so the baseline has an advantage; "
                "compare it with its control."
            )
            yield place.warning(message)
        if not training.is_open_ended and parameters.epochs < training.trained_epochs:
            message = (
                f"It trains from scratch for {parameters.epochs} epochs, fewer than the baseline's "
                f"{training.trained_epochs}; a sparse network needs at least as many."
            )
            repair = place.set("epochs", training.trained_epochs, f"Train for {training.trained_epochs} epochs")
            yield place.warning(message, "epochs", repair)
        if parameters.is_dense:
            if parameters.control:
                message = "Without zeros it is its own control."
                yield place.note(message, "control", place.set("control", False, "Train no control"))
            return

        def graph() -> LayerGraph:
            return self.graph(parameters, place.graph_before, place.recipe, place.class_count)

        if finding := too_sparse(graph, parameters.sparsity, place):
            yield finding
        epochs = "1 epoch" if parameters.epochs == 1 else f"{parameters.epochs} epochs"
        message = f"It trains the whole network from scratch: {epochs}"
        if parameters.control:
            message += f", and {parameters.epochs} more of its dense control"
            if self._control_is_baseline(parameters, place):
                message += ", which trains just as the baseline and ends in the same weights"
        if training.is_open_ended:
            message += "; the baseline trains until nothing more is gained, so give this as many to compare the two"
        yield place.note(f"{message}.", "epochs")

    def _control_is_baseline(self, parameters: DynamicSparseTrainingParameters, place: StepPlace) -> bool:
        backbone = place.recipe.backbone
        if backbone.weights or backbone.freeze_base:
            return False
        graph = self.graph(parameters, place.graph_before, place.recipe, place.class_count)
        baseline = TrainingPlan.of_recipe(place.recipe.training, graph.is_batch_normalised)
        return _plan(parameters, place.recipe, graph) == baseline

    def apply(self, parameters: DynamicSparseTrainingParameters, network: Network, context: StepContext) -> Network:
        from engine.contract.network_facts import NetworkFacts
        from engine.steps.dynamic_sparse_training.sparse_topology import SparseTopology
        from engine.training.keras_network import build_keras_network
        from engine.workbench.network import Network

        recipe = context.recipe
        graph = layer_graph(_backbone(recipe), network_input_shape(recipe.images.first), len(context.dataset.classes))
        # The recipe's seed itself: an untrained baseline has these weights too.
        model = build_keras_network(graph, recipe.seed)
        plan = _plan(parameters, recipe, graph, len(context.dataset.splits[Split.TRAIN]))
        facts = NetworkFacts(parameters=graph.parameters, trainable_parameters=graph.trainable_parameters())
        if parameters.is_dense:
            return Network(model, facts.after_training(context.trainer.train(model, plan)))
        active = _active(model, parameters)
        topology = SparseTopology(
            _sparse_kernels(model, parameters),
            list(active.values()),
            ExchangeSchedule(
                parameters.update_every, parameters.drop_fraction, parameters.stop_fraction, parameters.epochs
            ),
            parameters.method,
            recipe.seed,
            context.found,
        )
        outcome = context.trainer.train(model, plan, [topology])
        topology.report()
        sparse = tuple(
            name for name, kernel in _sparse_kernels(model, parameters).items() if active[name] < _size(kernel)
        )
        return Network(model, facts.after_training(outcome).model_copy(update={"pruned_layers": sparse}))

    def check_promise(self, parameters: DynamicSparseTrainingParameters, network: Network, file: TfliteFile) -> None:
        from engine.training.kernels import zero_count

        if parameters.is_dense:
            return
        active = _active(network.model, parameters)
        for name, kernel in _sparse_kernels(network.model, parameters).items():
            planned, made = _size(kernel) - active[name], zero_count([kernel])
            # The file may have more: where normalisation multiplies a channel by zero, its kernel in the file is zero.
            shipped = kernel_of_layer(file, name).zeros
            if min(made, shipped) < planned:
                raise PromiseBroken(
                    f"{parameters.label()} promised {planned:,} zeros among the {_size(kernel):,} weights of {name}, "
                    f"and the network has {made:,}, the .tflite file {shipped:,}; please report this with the run's "
                    "log."
                )


def _backbone(recipe: Recipe) -> BackboneSettings:
    """The baseline's architecture; all of it is trained."""
    return recipe.backbone.model_copy(update={"freeze_base": False})


def _plan(
    parameters: DynamicSparseTrainingParameters, recipe: Recipe, graph: LayerGraph, train_images: int = MANY_IMAGES
) -> TrainingPlan:
    """As a baseline from random weights would train for as many epochs, its warm-up included."""
    training = recipe.training.model_copy(update={"train": True, "epochs": parameters.epochs})
    baseline = TrainingPlan.of_recipe(training, graph.is_batch_normalised, train_images=train_images)
    rate = parameters.learning_rate or baseline.learning_rate
    plan = baseline.fine_tuning(parameters.epochs, rate, parameters.rate_schedule)
    return replace(plan, warmup_epochs=min(baseline.warmup_epochs, parameters.epochs / 2))


def _sparse_kernels(model: KerasModel, parameters: DynamicSparseTrainingParameters) -> dict[str, Variable]:
    """The kernels that share the sparsity, by layer, in the model's order.

    Raises:
        NutshellError: there are too few.
    """
    import tf_keras

    from engine.training.kernels import kernels

    found = {
        name: kernel
        for name, kernel in kernels(model, parameters.layers).items()
        if not isinstance(model.get_layer(name), tf_keras.layers.DepthwiseConv2D)
    }
    if len(found) < 2:
        raise NutshellError(
            f"{parameters.label()} needs two layers that can be sparse, and this network has {len(found)}; set layers "
            '= "all", or choose another backbone.'
        )
    return found


def _active(model: KerasModel, parameters: DynamicSparseTrainingParameters) -> dict[str, int]:
    """Layer → how many of its weights are connections."""
    found = _sparse_kernels(model, parameters)
    shapes = [tuple(kernel.shape) for kernel in found.values()]
    return dict(zip(found, active_weights(shapes, parameters.sparsity, parameters.distribution), strict=True))


def _size(kernel: Variable) -> int:
    return int(kernel.shape.num_elements())
