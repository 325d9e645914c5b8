"""Quantisation-aware training: the network trains while its layers already compute as int8 will.

Jacob et al. 2018; after pruning and clustering it keeps both (PQAT, CQAT and PCQAT of Predić et al. 2022).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from engine.contract.errors import NutshellError, PromiseBroken
from engine.contract.findings import Finding
from engine.contract.step_parameters import StepParameters
from engine.export.integer_operators import without_integer_operator
from engine.workbench.kept_promises import check_kept
from engine.workbench.step import Step, StepPlace, Trait

if TYPE_CHECKING:
    from engine.measurement.tflite_file import TfliteFile
    from engine.workbench.network import Network
    from engine.workbench.step_context import StepContext

INPUT_IMAGES = 64
"""Whose values show whether the input has rounding ties."""
RATE_SHARE = 0.1
"""Of the baseline's learning rate, where none is given: the network is trained, and only adapts to its rounding."""


class QuantizationAwareTrainingParameters(StepParameters):
    """How long the network adapts to int8."""

    key: ClassVar[str] = "quantization_aware_training"

    step: Literal["quantization_aware_training"] = "quantization_aware_training"
    epochs: int = Field(
        2,
        ge=1,
        le=10_000,
        title="Epochs",
        description="Training with int8 rounding.",
        json_schema_extra={"unit": "epochs"},
    )
    learning_rate: float = Field(
        0.0,
        ge=0,
        le=10,
        title="Learning rate",
        description="For this training; 0: a tenth of the baseline's. It follows a cosine schedule.",
        json_schema_extra={"zero": "a tenth of the baseline's"},
    )

    def label(self) -> str:
        return "QAT"


class QuantizationAwareTraining(Step[QuantizationAwareTrainingParameters]):
    key: ClassVar[str] = "quantization_aware_training"
    title: ClassVar[str] = "Quantisation-aware training"
    summary: ClassVar[str] = (
        "Trains the network with int8 rounding in every layer, so that its int8 file stays accurate. Keeps the zeros "
        "of "
        "an earlier pruning and the values of an earlier clustering."
    )
    paper: ClassVar[str] = "Jacob et al. 2018; Lee et al. 2022; Predić et al. 2022"
    Parameters: ClassVar[type[StepParameters]] = QuantizationAwareTrainingParameters
    makes: ClassVar[frozenset[Trait]] = frozenset({Trait.INT8_ROUNDING})
    cannot_follow: ClassVar[Mapping[Trait, str]] = MappingProxyType(
        {
            Trait.INT8_ROUNDING: "The network is already trained for int8; remove this step, or add its epochs to "
            "the earlier one."
            "",
        }
    )

    overhead_s: ClassVar[float] = 14.0

    def file_bytes_per_parameter(self, parameters: QuantizationAwareTrainingParameters) -> float:
        return 1.0

    def training_epochs(self, parameters: QuantizationAwareTrainingParameters) -> int:
        return parameters.epochs

    def findings(self, parameters: QuantizationAwareTrainingParameters, place: StepPlace) -> Iterator[Finding]:
        try:
            layers = place.graph_before.layers
        except NutshellError:  # Reported elsewhere.
            return
        if left := without_integer_operator(layers, "trained"):
            message = (
                f"TensorFlow Lite has no integer operator for this network's {left} after quantisation-aware training; "
                "quantise it after training, with float_fallback = true, or use dynamic_range."
            )
            yield place.error(message)

    def apply(self, parameters: QuantizationAwareTrainingParameters, network: Network, context: StepContext) -> Network:
        from engine.training.quantization_wrapping import (
            fill_empty_ranges,
            input_range,
            with_fake_quantisation,
            wrapped_kernels,
        )
        from engine.workbench.input_ties import without_ties
        from engine.workbench.kept_values import kept_values
        from engine.workbench.network import Network

        context.progress.phase("adding int8 rounding to every layer")
        model = with_fake_quantisation(network.model)
        baseline = context.baseline_plan
        rate = parameters.learning_rate or RATE_SHARE * baseline.learning_rate
        plan = baseline.fine_tuning(parameters.epochs, rate, "cosine")
        outcome = context.trainer.train(model, plan, kept_values(network.facts, wrapped_kernels(model)))
        fill_empty_ranges(model)
        if (ends := input_range(model)) is not None:
            least, greatest = (float(end.numpy()) for end in ends)
            fed = context.calibration_images(INPUT_IMAGES)
            for end, value in zip(ends, without_ties(least, greatest, fed), strict=True):
                end.assign(value)
        facts = network.facts.after_training(outcome).model_copy(update={"quantization_aware": True})
        return Network(model, facts)

    def check_promise(
        self, parameters: QuantizationAwareTrainingParameters, network: Network, file: TfliteFile
    ) -> None:
        if file.float_operators or file.weight_dtypes != ("int8",):
            raise PromiseBroken(
                f"Quantisation-aware training promised int8 throughout, and {file.float_operators} operators compute "
                f"in floats, with kernels of {', '.join(file.weight_dtypes)}; please report this with the run's log."
            )
        check_kept(self.title, network, file)
