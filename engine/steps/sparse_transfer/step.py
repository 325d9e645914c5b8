"""Sparse transfer: a pruned network learns other images, with a new head and the zeros that it has.

Kharitonov 2024: pruned on CIFAR-10, its head replaced, fine-tuned on CIFAR-100 with the mask kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from engine.contract.dataset_settings import DatasetSettings
from engine.contract.errors import PromiseBroken
from engine.contract.findings import Finding
from engine.contract.step_parameters import StepParameters
from engine.training.plan import Schedule
from engine.workbench.step import Step, StepPlace, Trait

if TYPE_CHECKING:
    from engine.measurement.tflite_file import TfliteFile
    from engine.workbench.network import Network
    from engine.workbench.step_context import StepContext

SEED_PART = 0x5EED


class SparseTransferParameters(StepParameters):
    """Which images the pruned network learns, and how."""

    key: ClassVar[str] = "sparse_transfer"

    step: Literal["sparse_transfer"] = "sparse_transfer"
    dataset: DatasetSettings = Field(
        DatasetSettings(),
        title="Dataset",
        description="The other images, with the keys of [dataset]. All later steps train on them and are measured on "
        "their test images."
        "",
    )
    epochs: int = Field(
        10,
        ge=1,
        le=10_000,
        title="Epochs",
        description="Training on the other images while the zeros are kept.",
        json_schema_extra={"unit": "epochs"},
    )
    learning_rate: float = Field(
        0.0,
        ge=0,
        le=10,
        title="Learning rate",
        description="For this training; 0: the baseline's.",
        json_schema_extra={"zero": "the baseline's"},
    )
    head_learning_rate: float = Field(
        0.0,
        ge=0,
        le=10,
        title="Head learning rate",
        description="For the new last layer; 0: the same.",
        json_schema_extra={"zero": "the same"},
    )
    rate_schedule: Schedule = Field("cosine", title="Rate schedule", description="How the rates fall.")
    freeze_base: bool = Field(False, title="Freeze the base", description="Train the new last layer only.")

    def label(self) -> str:
        return f"transfer to {self.dataset.label()}"

    def other_dataset(self) -> DatasetSettings | None:
        return self.dataset


class SparseTransfer(Step[SparseTransferParameters]):
    key: ClassVar[str] = "sparse_transfer"
    title: ClassVar[str] = "Sparse transfer"
    summary: ClassVar[str] = (
        "Gives a pruned network a new last layer and trains it on other images, with its zeros kept. The chain "
        "continues with those images."
    )
    paper: ClassVar[str] = "Kharitonov 2024"
    Parameters: ClassVar[type[StepParameters]] = SparseTransferParameters
    cannot_follow: ClassVar[Mapping[Trait, str]] = MappingProxyType(
        {
            Trait.INT8_ROUNDING: "A network that computes as int8 takes no new last layer; transfer it first.",
            Trait.CLUSTERS: "Training on other images undoes the clusters; transfer first.",
        }
    )

    def training_epochs(self, parameters: SparseTransferParameters) -> int:
        return parameters.epochs

    def findings(self, parameters: SparseTransferParameters, place: StepPlace) -> Iterator[Finding]:
        if Trait.ZEROS not in place.made:
            message = "There are no zeros to carry to other images; add a magnitude_pruning before it."
            yield place.error(message, repair=place.insert({"step": "magnitude_pruning"}, "Prune before it"))
        path = parameters.dataset.path
        if path and not Path(path).expanduser().exists():
            yield place.error(f"There is nothing at {path}; check the path.", "dataset.path")
        if parameters.dataset == place.recipe.dataset:
            yield place.warning("These are the study's own images, so nothing is transferred.", "dataset")

    def apply(self, parameters: SparseTransferParameters, network: Network, context: StepContext) -> Network:
        import numpy as np

        from engine.backbones.backbone import sigmoid_output
        from engine.steps.sparse_transfer.new_head import last_layer, with_new_head
        from engine.training.kept_zeros import KeptZeros
        from engine.training.kernels import kernels, zero_count
        from engine.workbench.network import Network

        classes = len(context.dataset.classes)
        one_unit = sigmoid_output(context.recipe.backbone, classes)
        seed = int(np.random.default_rng((context.recipe.seed, SEED_PART)).integers(2**31))
        model = with_new_head(network.model, classes, one_unit, seed, parameters.freeze_base)
        head = last_layer(model).name
        pruned = {name: kernels(model)[name] for name in network.facts.pruned_layers if name != head}
        carried = zero_count(pruned.values())
        baseline = context.baseline_plan
        rate = parameters.learning_rate or baseline.learning_rate
        plan = baseline.fine_tuning(parameters.epochs, rate, parameters.rate_schedule)
        plan = replace(plan, head_learning_rate=parameters.head_learning_rate or rate)
        outcome = context.trainer.train(model, plan, [KeptZeros(list(pruned.values()))] if pruned else [])
        changes = {
            "parameters": model.count_params(),
            "trainable_parameters": sum(int(one.shape.num_elements()) for one in model.trainable_variables),
            "pruned_layers": tuple(pruned),
            "carried_zeros": carried,
        }
        return Network(model, network.facts.after_training(outcome).model_copy(update=changes))

    def check_promise(self, parameters: SparseTransferParameters, network: Network, file: TfliteFile) -> None:
        from engine.export.layer_patterns import kernel_of_layer

        kept = sum(kernel_of_layer(file, name).zeros for name in network.facts.pruned_layers)
        if kept < network.facts.carried_zeros:
            raise PromiseBroken(
                f"Sparse transfer must keep the {network.facts.carried_zeros:,} zeros of the pruning, and the file has "
                f"{kept:,}; please report this with the run's log."
            )
