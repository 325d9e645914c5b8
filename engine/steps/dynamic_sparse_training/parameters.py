"""Parameters of dynamic sparse training."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field
from pydantic.config import JsonDict

from engine.contract.document import Document
from engine.contract.step_parameters import StepParameters
from engine.steps.dynamic_sparse_training.densities import Distribution
from engine.training.plan import Schedule

Method = Literal["rigl", "set"]
NAMES: JsonDict = {"rigl": "RigL", "set": "SET"}
ADVANCED: JsonDict = {"advanced": True}
WHILE_DENSE: JsonDict = {"sparsity": [0]}
WHILE_STATIC: JsonDict = {"drop_fraction": [0]}
NEVER_EXCHANGED: JsonDict = {"stop_fraction": [0]}


class DynamicSparseTrainingParameters(StepParameters):
    """How sparse the network is from its first batch on, and how its connections are exchanged."""

    key: ClassVar[str] = "dynamic_sparse_training"
    compared: ClassVar[str] = "Sparse training"

    step: Literal["dynamic_sparse_training"] = "dynamic_sparse_training"
    method: Method = Field(
        "rigl",
        title="Method",
        description="Which connections grow: rigl: those with the largest gradients (Evci et al. 2020); set: random "
        "ones (Mocanu et al. 2018).",
        json_schema_extra={"names": NAMES, "unused_for": [WHILE_DENSE, WHILE_STATIC, NEVER_EXCHANGED]},
    )
    sparsity: float = Field(
        0.8,
        ge=0.0,
        lt=1.0,
        title="Sparsity",
        description="Fraction of zeros among the sparse layers' kernel values, from the first batch to the file; 0: "
        "dense training.",
    )
    distribution: Distribution = Field(
        "erk",
        title="Distribution",
        description="erk: narrow layers stay denser than wide ones (Erdős–Rényi kernel); uniform: the same sparsity "
        "in every layer but the first, which is dense (Evci et al. 2020, section 3).",
        json_schema_extra={"unused_for": [WHILE_DENSE]},
    )
    update_every: int = Field(
        100,
        ge=1,
        le=100_000,
        title="Exchange every",
        description="Batches between two exchanges of connections (ΔT); shorter where an epoch is: at least four "
        "exchanges per epoch.",
        json_schema_extra={"unit": "batches", "unused_for": [WHILE_DENSE, WHILE_STATIC, NEVER_EXCHANGED]},
    )
    drop_fraction: float = Field(
        0.3,
        ge=0.0,
        le=1.0,
        title="Drop fraction",
        description="Share of a layer's connections that the first exchange replaces (α); it falls along a cosine. 0: "
        "the connections stay as they were drawn (static sparse training).",
        json_schema_extra={"unused_for": [WHILE_DENSE, NEVER_EXCHANGED]},
    )
    stop_fraction: float = Field(
        0.75,
        ge=0.0,
        le=1.0,
        title="Stop after",
        description="Share of the training after which no connection is exchanged any more.",
        json_schema_extra={**ADVANCED, "unused_for": [WHILE_DENSE, WHILE_STATIC]},
    )
    layers: Literal["conv", "all"] = Field(
        "conv",
        title="Layers",
        description="Convolutions only, or dense layers too. Depthwise convolutions stay dense, as in Evci et al. "
        "2020.",
        json_schema_extra={"unused_for": [WHILE_DENSE]},
    )
    epochs: int = Field(
        10,
        ge=1,
        le=10_000,
        title="Epochs",
        description="Of the training from scratch; sparse networks gain from more than the baseline had.",
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
    rate_schedule: Schedule = Field(
        "cosine",
        title="Rate schedule",
        description="How the learning rate falls; step: divided by 10 twice.",
        json_schema_extra=ADVANCED,
    )
    control: bool = Field(
        True,
        title="Control",
        description="Also train the dense network from the same initial weights for the same epochs, as a separate "
        "chain for comparison.",
    )

    def zeros_left(self) -> float:
        return self.sparsity

    def label(self) -> str:
        return "dense from scratch" if self.is_dense else f"{NAMES[self.method]} {self.sparsity * 100:g} %"

    @property
    def is_dense(self) -> bool:
        """Whether there is nothing sparse in it, as in a control."""
        return self.sparsity == 0

    def as_control(self) -> DynamicSparseTrainingParameters | None:
        return self._dense() if self.control and not self.is_dense else None

    def stage_document(self) -> Document:
        # A control beside it changes nothing of the network, and a dense training has no connections to exchange.
        document = super(DynamicSparseTrainingParameters, self._dense() if self.is_dense else self).stage_document()
        return document | {"control": False}

    def _dense(self) -> DynamicSparseTrainingParameters:
        """The same training of the dense network; one for all sparsities and methods."""
        return DynamicSparseTrainingParameters(
            sparsity=0.0,
            epochs=self.epochs,
            learning_rate=self.learning_rate,
            rate_schedule=self.rate_schedule,
            control=False,
        )
