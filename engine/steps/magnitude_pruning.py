"""Magnitude pruning: the smallest kernel values become zero, by a schedule, while the network trains on.

Schedules: polynomial and constant (Zhu and Gupta 2017; Predić et al. 2022), one shot and iterative (Kharitonov 2024).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field, model_validator

from engine.contract.errors import PromiseBroken
from engine.contract.findings import Finding
from engine.contract.step_parameters import StepParameters
from engine.steps.step import Step, StepPlace

if TYPE_CHECKING:
    from engine.chain.bench import Bench
    from engine.chain.network import Network
    from engine.measurement.tflite_file import TfliteFile

RAMP_SHARE = 0.75
"""Of a polynomial stage: the rest trains at the final sparsity, so that the network recovers."""
SPARSITY_TOLERANCE = 0.001


class MagnitudePruningParameters(StepParameters):
    """How many kernel values become zero, and how fast."""

    key: ClassVar[str] = "magnitude_pruning"

    step: Literal["magnitude_pruning"] = "magnitude_pruning"
    schedule: Literal["one_shot", "constant", "polynomial", "iterative"] = Field(
        "polynomial",
        title="Schedule",
        description="polynomial: the share of zeros grows, quickly at first; constant: all at the start, training on; "
        "one_shot: the same, as in Kharitonov 2024, where epochs are the fine-tuning; iterative: rounds that each "
        "remove an equal share of what remains (Kharitonov 2024).",
    )
    sparsity: float = Field(
        0.8, ge=0.0, lt=1.0, title="Sparsity", description="Final fraction of zeros among the pruned kernels' values."
    )
    epochs: int = Field(
        4,
        ge=0,
        le=10_000,
        title="Epochs",
        description="Training with the zeros kept; for iterative, of each round.",
        json_schema_extra={"unit": "epochs"},
    )
    rounds: int = Field(
        3,
        ge=1,
        le=100,
        title="Rounds",
        description="How many times the iterative schedule prunes.",
        json_schema_extra={"shown_for": {"schedule": ["iterative"]}},
    )
    start_sparsity: float = Field(
        0.0,
        ge=0.0,
        lt=1.0,
        title="Start sparsity",
        description="Where the schedule begins.",
        json_schema_extra={"shown_for": {"schedule": ["polynomial", "iterative"]}},
    )
    scope: Literal["layer", "global"] = Field(
        "layer", title="Scope", description="layer: the same share of every layer; global: the smallest of all layers."
    )
    norm: Literal["l1", "l2"] = Field(
        "l1", title="Norm", description="Of a weight's magnitude; single weights rank the same by both."
    )
    layers: Literal["conv", "all"] = Field("conv", title="Layers", description="Convolutions only, or dense ones too.")
    learning_rate: float = Field(
        0.0, ge=0, le=10, title="Learning rate", description="Of the training; 0: the baseline's. It falls as a cosine."
    )

    @model_validator(mode="after")
    def _agrees(self) -> MagnitudePruningParameters:
        if self.epochs == 0 and self.schedule != "one_shot":
            raise ValueError(f'the schedule "{self.schedule}" needs at least one epoch; only one_shot can have none')
        if self.start_sparsity > self.sparsity:
            raise ValueError("start_sparsity is above sparsity; the share of zeros can only grow")
        return self

    def label(self) -> str:
        return f"pruning {self.sparsity * 100:g} %"

    def sparsity_at(self, progress: float) -> float:
        """The share of zeros at `progress` (0 to 1) of the stage.

        polynomial: s_f + (s_i − s_f)(1 − t)³ (Zhu and Gupta 2017, equation 1), t = 1 at three quarters of the stage;
        iterative: after round k of n, 1 − (1 − s_i)·((1 − s_f)/(1 − s_i))^(k/n), an equal share of what remains.
        """
        if self.schedule == "polynomial":
            left = max(0.0, 1.0 - progress / RAMP_SHARE)
            return self.sparsity + (self.start_sparsity - self.sparsity) * left**3
        if self.schedule == "iterative":
            done = min(int(progress * self.rounds) + 1, self.rounds)
            if done < self.rounds:
                kept = (1 - self.sparsity) / (1 - self.start_sparsity)
                return 1 - (1 - self.start_sparsity) * kept ** (done / self.rounds)
        return self.sparsity


class MagnitudePruning(Step[MagnitudePruningParameters]):
    key: ClassVar[str] = "magnitude_pruning"
    title: ClassVar[str] = "Magnitude pruning"
    summary: ClassVar[str] = (
        "Sets the smallest weights to zero while training goes on. The file shrinks when it is zipped; "
        "its raw size and its speed stay."
    )
    paper: ClassVar[str] = "Zhu and Gupta 2017; Predić et al. 2022; Kharitonov 2024"
    Parameters: ClassVar[type[StepParameters]] = MagnitudePruningParameters

    def training_epochs(self, parameters: MagnitudePruningParameters) -> int:
        return parameters.epochs * (parameters.rounds if parameters.schedule == "iterative" else 1)

    def findings(self, parameters: MagnitudePruningParameters, place: StepPlace) -> Iterator[Finding]:
        for step in place.earlier:
            if step.step == "quantization_aware_training":
                message = (
                    "Zeros are kept through quantisation-aware training, but cannot be made after it; prune first."
                )
                yield place.error(message)
            if step.step == "weight_clustering":
                message = "Training with new zeros undoes the clusters; prune first, and clustering keeps the zeros."
                yield place.error(message)
            if isinstance(step, MagnitudePruningParameters) and step.sparsity >= parameters.sparsity:
                message = f"An earlier pruning leaves {step.sparsity:g} zeros; ask for more, or remove this one."
                yield place.warning(message)
        if parameters.sparsity > 0.95 and parameters.schedule in {"constant", "polynomial"}:
            message = "Above 0.95, Kharitonov 2024 holds the accuracy by the iterative schedule; consider it."
            yield place.note(message)

    def apply(self, parameters: MagnitudePruningParameters, network: Network, bench: Bench) -> Network:
        from engine.chain.network import Network
        from engine.training.kernels import clone, kernels
        from engine.training.mask_projection import MaskProjection
        from engine.training.plan import TrainingPlan

        model = clone(network.model)
        pruned = kernels(model, parameters.layers)
        projection = MaskProjection(list(pruned.values()), parameters.sparsity_at, parameters.scope)
        baseline = TrainingPlan.of_recipe(bench.recipe.training)
        rate = parameters.learning_rate or baseline.learning_rate
        plan = baseline.fine_tuning(self.training_epochs(parameters), rate, "cosine")
        outcome = bench.trainer.train(model, plan, [projection])
        projection.finish()
        return Network(model, network.facts.after_training(outcome).model_copy(update={"pruned_layers": tuple(pruned)}))

    def check_promise(self, parameters: MagnitudePruningParameters, network: Network, file: TfliteFile) -> None:
        from engine.training.kernels import kernels, zero_count

        pruned: dict[str, Any] = kernels(network.model, parameters.layers)
        zeros = zero_count(pruned.values())
        fraction = zeros / sum(int(kernel.shape.num_elements()) for kernel in pruned.values())
        if fraction < parameters.sparsity - SPARSITY_TOLERANCE:
            raise PromiseBroken(
                f"Pruning promised {parameters.sparsity:g} zeros, and the network has {fraction:.4f}; "
                "please report this with the run's log."
            )
        if file.zero_kernel_values < zeros:
            raise PromiseBroken(
                f"The pruned network has {zeros:,} zeros, and its .tflite file only {file.zero_kernel_values:,}; "
                "please report this with the run's log."
            )
