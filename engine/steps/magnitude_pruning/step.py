"""Magnitude pruning: the smallest kernel values become zero, by a schedule, while the network trains on.

Schedules: polynomial and constant (Zhu and Gupta 2017; Predić et al. 2022), one shot and iterative (Kharitonov 2024).
Instead of the smallest, those may go that the loss would miss least (LeCun et al. 1990; Molchanov et al. 2017).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

from engine.contract.errors import NutshellError, PromiseBroken
from engine.contract.findings import Finding
from engine.contract.step_parameters import StepParameters
from engine.export.layer_patterns import kernel_of_layer
from engine.steps.magnitude_pruning.overruled_settings import overruled_findings
from engine.steps.magnitude_pruning.parameters import MagnitudePruningParameters
from engine.workbench.sparse_limit import too_sparse
from engine.workbench.step import Step, StepPlace, Trait

if TYPE_CHECKING:
    from engine.graph.keras_objects import KerasModel, Variable
    from engine.measurement.tflite_file import TfliteFile
    from engine.steps.magnitude_pruning.importance import GradientCriterion
    from engine.steps.magnitude_pruning.mask_projection import Importance, MaskProjection
    from engine.steps.magnitude_pruning.sparsity_pattern import SparsityPattern
    from engine.training.plan import Schedule
    from engine.workbench.network import Network
    from engine.workbench.step_context import StepContext

SPARSITY_TOLERANCE = 0.001


class MagnitudePruning(Step[MagnitudePruningParameters]):
    key: ClassVar[str] = "magnitude_pruning"
    title: ClassVar[str] = "Magnitude pruning"
    summary: ClassVar[str] = (
        "Sets the smallest weights to zero while training continues. The file shrinks when it is zipped; "
        "its raw size and its speed stay."
    )
    paper: ClassVar[str] = "Zhu and Gupta 2017; Predić et al. 2022; Kharitonov 2024"
    Parameters: ClassVar[type[StepParameters]] = MagnitudePruningParameters
    makes: ClassVar[frozenset[Trait]] = frozenset({Trait.ZEROS})
    cannot_follow: ClassVar[Mapping[Trait, str]] = MappingProxyType(
        {
            Trait.INT8_ROUNDING: "Zeros are kept through quantisation-aware training, but cannot be made after it; "
            "prune first.",
            Trait.CLUSTERS: "Training with new zeros undoes the clusters; prune first, and clustering keeps the zeros.",
        }
    )

    def training_epochs(self, parameters: MagnitudePruningParameters) -> int:
        if parameters.by_rounds:
            return sum(tuning.epochs for tuning in parameters.fine_tunings())
        return parameters.epochs

    def findings(self, parameters: MagnitudePruningParameters, place: StepPlace) -> Iterator[Finding]:
        for step in place.earlier:
            if step.zeros_left() >= parameters.target_sparsity > 0:
                zeros = f"a sparsity of {step.zeros_left():g}"
                message = f"{step.label()} before it leaves {zeros}; ask for more, or remove this one."
                yield place.warning(message, repair=place.remove(f"Remove this {parameters.label()}"))
        if parameters.target_sparsity > 0.95 and not parameters.by_rounds:
            message = "Above 0.95, Kharitonov 2024 keeps the accuracy with the iterative schedule; consider it."
            yield place.note(message, repair=place.set("schedule", "iterative", "Prune iteratively"))
        if parameters.criterion != "magnitude" and parameters.schedule == "polynomial":
            message = (
                f"{parameters.criterion} looks at the gradients of a network that is not changing, and the polynomial "
                "schedule chooses weights a hundred times while it trains; take iterative, one_shot or constant."
            )
            yield place.error(message, "schedule", place.set("schedule", "iterative", "Prune in rounds"))
        there = max((step.zeros_left() for step in place.earlier), default=0.0)
        if parameters.schedule == "iterative" and parameters.start_sparsity < there < parameters.target_sparsity:
            message = (
                f"The network has {there:g} zeros already, and the rounds begin at {parameters.start_sparsity:g}: the "
                "first ones may remove nothing."
            )
            yield place.warning(message, "start_sparsity", place.set("start_sparsity", there, f"Begin at {there:g}"))
        yield from overruled_findings(parameters, place)
        if finding := too_sparse(lambda: place.graph_before, parameters.target_sparsity, place):
            yield finding

    def apply(self, parameters: MagnitudePruningParameters, network: Network, context: StepContext) -> Network:
        from engine.steps.magnitude_pruning.mask_projection import MaskProjection
        from engine.steps.magnitude_pruning.rounds import RoundPlan, prune_in_rounds
        from engine.training.kept_zeros import KeptZeros
        from engine.training.kernels import clone, kernels
        from engine.training.plan import TrainingPlan
        from engine.workbench.network import Network

        model = clone(network.model)
        pruned = _pruned_kernels(model, parameters)
        before = _least_zeros(pruned.values(), parameters.target_sparsity)
        kept = [kernel for name, kernel in kernels(model).items() if name in network.facts.pruned_layers]
        others = [KeptZeros(kept)] if kept else []
        by_loss = _by_loss(parameters, model, list(pruned.values()), context)

        def masks(schedule: Callable[[float], float]) -> MaskProjection:
            return MaskProjection(list(pruned.values()), schedule, parameters.scope, _pattern(parameters), by_loss)

        def training(epochs: int, rate: float, schedule: Schedule) -> TrainingPlan:
            baseline = context.baseline_plan
            return baseline.fine_tuning(epochs, rate or baseline.learning_rate, schedule)

        if parameters.by_rounds:
            plans = [
                RoundPlan(one.sparsity, training(one.epochs, one.learning_rate, one.rate_schedule))
                for one in parameters.fine_tunings()
            ]
            outcome = prune_in_rounds(
                context.trainer, model, plans, lambda share: masks(lambda _: share), others, context.found
            )
        else:
            growing = masks(parameters.sparsity_at)
            plan = training(parameters.epochs, parameters.learning_rate, parameters.rate_schedule)
            outcome = context.trainer.train(model, plan, [growing, *others])
            growing.finish()
        changes = {
            "pruned_layers": tuple(name for name in kernels(model) if name in {*network.facts.pruned_layers, *pruned}),
            "zeros_before_pruning": before,
        }
        return Network(model, network.facts.after_training(outcome).model_copy(update=changes))

    def check_promise(self, parameters: MagnitudePruningParameters, network: Network, file: TfliteFile) -> None:
        from engine.training.kernels import zero_count

        pruned = _pruned_kernels(network.model, parameters)
        stored = {name: kernel_of_layer(file, name) for name in pruned}
        size = sum(kernel.size for kernel in stored.values())
        made = zero_count(pruned.values()) / size
        shipped = sum(kernel.zeros for kernel in stored.values()) / size
        # Blocks go whole, so that each layer may be half a block off.
        block = parameters.block_rows * parameters.block_columns if parameters.pattern == "block" else 1
        tolerance = max(SPARSITY_TOLERANCE, len(stored) * block / 2 / size)
        target, before = parameters.target_sparsity, network.facts.zeros_before_pruning
        # The file may have more: where normalisation multiplies a channel by zero, its kernel in the file is zero too.
        if min(made, shipped) < target - tolerance or made > max(target, before) + tolerance:
            raise PromiseBroken(
                f"Pruning promised {target:g} zeros, and the pruned layers have {made:.4f}, in the .tflite file "
                f"{shipped:.4f}; please report this with the run's log."
            )
        if parameters.pattern == "2:4":
            for name, kernel in stored.items():
                zeros = (kernel.values == kernel.zero_point).reshape(-1, 4).sum(axis=1)
                wrong = int((zeros < 2).sum())
                if wrong:
                    raise PromiseBroken(
                        f"Pruning promised two zeros in each four weights, and {name} has {wrong} groups of four "
                        f"with fewer "
                        "in the .tflite file; please report this with the run's log."
                    )


def _by_loss(
    parameters: MagnitudePruningParameters, model: KerasModel, kernels: list[Variable], context: StepContext
) -> Importance | None:
    """What the loss would lose without each weight; None where magnitudes decide."""
    from engine.steps.magnitude_pruning.importance import importance

    if parameters.criterion == "magnitude":
        return None
    criterion: GradientCriterion = parameters.criterion
    seen = context.labelled_images(parameters.criterion_images)
    return lambda: importance(model, kernels, criterion, seen, context.progress)


def _least_zeros(kernels: Iterable[Variable], target: float) -> float:
    """The share of zeros where each kernel has at least the target's: those that have more already keep them."""
    from engine.training.kernels import zero_fraction

    sizes = [(int(kernel.shape.num_elements()), max(zero_fraction([kernel]), target)) for kernel in kernels]
    return sum(size * share for size, share in sizes) / sum(size for size, _ in sizes)


def _pruned_kernels(model: KerasModel, parameters: MagnitudePruningParameters) -> dict[str, Variable]:
    """The kernels that the recipe wants pruned, by layer, in the model's order.

    Raises:
        NutshellError: none is left.
    """
    from engine.training.kernels import kernels

    names = list(kernels(model))
    left_out = set(names[:1] if parameters.skip_first else ()) | set(names[-1:] if parameters.skip_last else ())
    takes = _pattern(parameters).takes
    pruned = {
        name: kernel
        for name, kernel in kernels(model, parameters.layers).items()
        if name not in left_out and takes(tuple(kernel.shape))
    }
    if not pruned:
        raise NutshellError(
            f"No layer of this network can be pruned as {parameters.label()} asks: {parameters.pattern} takes none of "
            "those that layers, skip_first and skip_last leave; change one of these."
        )
    return pruned


def _pattern(parameters: MagnitudePruningParameters) -> SparsityPattern:
    from engine.steps.magnitude_pruning.sparsity_pattern import Blocks, SingleWeights, TwoOfFour

    if parameters.pattern == "2:4":
        return TwoOfFour(parameters.norm)
    if parameters.pattern == "block":
        return Blocks(parameters.block_rows, parameters.block_columns, parameters.norm)
    return SingleWeights()
