"""Trains the architecture so far again from random weights: what a smaller network reaches without a larger one.

The control of Liu et al. 2019 (arXiv:1810.05270) for every step that changes an architecture.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from engine.contract.errors import NutshellError, PromiseBroken
from engine.contract.findings import Finding
from engine.contract.step_parameters import StepParameters
from engine.workbench.step import STEPS, Step, StepPlace, Trait

if TYPE_CHECKING:
    from engine.measurement.tflite_file import TfliteFile
    from engine.workbench.network import Network
    from engine.workbench.step_context import StepContext


USUAL_EPOCHS = 20


class TrainFromScratchParameters(StepParameters):
    """How long the architecture is trained."""

    key: ClassVar[str] = "train_from_scratch"

    step: Literal["train_from_scratch"] = "train_from_scratch"
    epochs: int = Field(
        0,
        ge=0,
        le=10_000,
        title="Epochs",
        description="Of the training; 0: as many as all trainings of the network before it.",
        json_schema_extra={"unit": "epochs", "zero": "as many as before"},
    )
    learning_rate: float = Field(
        0.0,
        ge=0,
        le=10,
        title="Learning rate",
        description="For this training; 0: the baseline's for random weights. It follows a warm-up and a cosine.",
        json_schema_extra={"zero": "the baseline's"},
    )

    def label(self) -> str:
        return "from scratch"


class TrainFromScratch(Step[TrainFromScratchParameters]):
    key: ClassVar[str] = "train_from_scratch"
    title: ClassVar[str] = "Training from scratch"
    summary: ClassVar[str] = (
        "Trains the network again from random weights, in the architecture that the steps before it left: the control "
        "of channel pruning."
    )
    paper: ClassVar[str] = "Liu et al. 2019"
    Parameters: ClassVar[type[StepParameters]] = TrainFromScratchParameters
    begins_anew: ClassVar[bool] = True
    learns_from_before: ClassVar[bool] = False
    cannot_follow: ClassVar[Mapping[Trait, str]] = MappingProxyType(
        {Trait.INT8_ROUNDING: "Its layers already round for int8; train it from scratch first, and for int8 after it."}
    )

    def training_epochs(self, parameters: TrainFromScratchParameters) -> int:
        return parameters.epochs

    def planned_epochs(self, parameters: TrainFromScratchParameters, before: int) -> int:
        return parameters.epochs or before

    def findings(self, parameters: TrainFromScratchParameters, place: StepPlace) -> Iterator[Finding]:
        trained = place.recipe.training.train or any(STEPS[one.step]().training_epochs(one) for one in place.earlier)
        if not parameters.epochs and not trained:
            message = "No training comes before it whose epochs it could take; set epochs."
            yield place.error(message, "epochs", place.set("epochs", USUAL_EPOCHS, f"Train for {USUAL_EPOCHS} epochs"))
        if lost := [place.earlier[index].label() for index in sorted(set(place.made.values()))]:
            message = f"It begins with random weights, so what {', '.join(lost)} made is lost; put it before."
            yield place.warning(message, repair=place.move(min(place.made.values()), f"Put it before {lost[0]}"))
        if place.recipe.backbone.weights:
            message = (
                "It begins with random weights and uses nothing of backbone.weights, so the baseline has an advantage."
            )
            yield place.warning(message)

    def apply(self, parameters: TrainFromScratchParameters, network: Network, context: StepContext) -> Network:
        import tf_keras

        from engine.contract.network_facts import NetworkFacts
        from engine.training.model_graph import graph_of_model
        from engine.workbench.network import Network

        epochs = parameters.epochs or network.facts.epochs_so_far
        if not epochs:
            raise NutshellError("The network before it was not trained, so set epochs of train_from_scratch.")
        # Each layer's configuration has the seed of its first weights.
        model = tf_keras.models.clone_model(network.model)
        for layer in model.layers:
            layer.trainable = True
        baseline = context.plan_from_random_weights(graph_of_model(model))
        plan = baseline.from_scratch(epochs, parameters.learning_rate or baseline.learning_rate)
        facts = NetworkFacts(
            parameters=model.count_params(),
            trainable_parameters=sum(int(one.shape.num_elements()) for one in model.trainable_variables),
        )
        return Network(model, facts.after_training(context.trainer.train(model, plan)))

    def check_promise(self, parameters: TrainFromScratchParameters, network: Network, file: TfliteFile) -> None:
        stored = sum(kernel.size for kernel in file.kernels)
        if network.facts.parameters != network.model.count_params() or stored > network.facts.parameters:
            raise PromiseBroken(
                f"The network was promised with {network.facts.parameters:,} parameters, and has "
                f"{network.model.count_params():,}, the .tflite file {stored:,} kernel values; please report this with "
                "the run's log."
            )
