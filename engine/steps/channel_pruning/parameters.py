"""Parameters of channel pruning."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)
from pydantic.config import JsonDict

from engine.contract.document import Document
from engine.contract.step_parameters import STEP_PARAMETERS, StepParameters
from engine.steps.channel_pruning.allocation import Allocation, ChannelTarget, CountRule
from engine.steps.channel_pruning.channel_costs import MEASURES
from engine.steps.channel_pruning.criterion import CRITERIA, Reading, known_criterion

ADVANCED: JsonDict = {"advanced": True}
CONTROL = "train_from_scratch"
"""The step that trains the control; steps do not import each other."""
ONE_OF_THEM = "a target is one of macs, parameters, bytes and latency, in braces, such as { macs = 0.5 }"
TITLES = {"macs": "MACs", "parameters": "parameters", "bytes": "bytes", "latency": "latency"}
Share = Annotated[float, Field(gt=0, lt=1, strict=True)]


def _choices_of_criteria(schema: Document) -> None:
    names = {key: CRITERIA[key].title for key in CRITERIA}
    schema |= {"enum": CRITERIA.keys(), "names": names}


def _unused_without_images(schema: Document) -> None:
    over_images = {Reading.VARIANCES, Reading.CORRELATIONS, Reading.GRADIENTS}
    keys = [key for key in CRITERIA if CRITERIA[key].reads not in over_images]
    schema |= {"unused_for": [{"criterion": keys, "allocation": ["uniform", "global"]}], "advanced": True}


class RemainingShare(BaseModel):
    """What share of one cost of the network is to remain at most."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, allow_inf_nan=False)

    macs: Share | None = Field(None, title="MACs", description="Multiply-accumulates for one image.")
    parameters: Share | None = Field(None, title="Parameters", description="Of the network.")
    bytes: Share | None = Field(None, title="Bytes", description="Of the float32 .tflite file, as it ships.")
    latency: Share | None = Field(
        None, title="Latency", description="Of the float32 .tflite file with one thread, timed on this machine."
    )

    @model_validator(mode="before")
    @classmethod
    def _is_a_table(cls, value: object) -> object:
        if not isinstance(value, dict | RemainingShare):
            raise ValueError(ONE_OF_THEM)
        return value

    @model_validator(mode="after")
    def _is_one(self) -> RemainingShare:
        if sum(getattr(self, name) is not None for name in TITLES) != 1:
            raise ValueError(ONE_OF_THEM)
        return self

    @model_serializer(mode="wrap")
    def _only_the_one(self, whole: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: share for name, share in whole(self).items() if share is not None}

    @property
    def name(self) -> str:
        """What the share is of."""
        return next(name for name in TITLES if getattr(self, name) is not None)

    @property
    def target(self) -> ChannelTarget:
        """The same as measure and share; for the latency, MACs are the first guess."""
        share: float = getattr(self, self.name)
        return next((ChannelTarget(one, share) for one in MEASURES if one == self.name), ChannelTarget("macs", share))


class ChannelPruningParameters(StepParameters):
    """How much smaller the network becomes, which channels go, and how it recovers."""

    key: ClassVar[str] = "channel_pruning"
    compared: ClassVar[str] = "Pruning a trained network"

    step: Literal["channel_pruning"] = "channel_pruning"
    criterion: Annotated[str, AfterValidator(known_criterion)] = Field(
        "l1",
        title="Criterion",
        description="Which channels go first: l1, l2: those of small filters; geometric_median: those that others can "
        "stand for; bn_scale: those scaled down; taylor: those that matter least to the loss; output_variance: those "
        "that hardly change, replaced by their mean; correlation: those that say the same as another, merged with it; "
        "random: a control.",
        json_schema_extra=_choices_of_criteria,
    )
    target: RemainingShare = Field(
        RemainingShare(macs=0.5),
        title="Target",
        description="The share that remains at most of macs, parameters, bytes or latency, such as { macs = 0.5 }.",
    )
    allocation: Allocation = Field(
        "uniform",
        title="Allocation",
        description="uniform: the same share of every layer; global: the lowest scores of all layers, each relative to "
        "its layer's mean; sensitivity: most from layers whose channels change the outputs least for what they save.",
    )
    rounds: int = Field(
        1,
        ge=1,
        le=100,
        title="Rounds",
        description="How many times channels go, each time the same share of what remains, followed by fine-tuning.",
    )
    epochs: int = Field(
        4,
        ge=0,
        le=10_000,
        title="Epochs",
        description="Fine-tuning after each round; 0: pruning only.",
        json_schema_extra={"unit": "epochs", "zero": "pruning only"},
    )
    learning_rate: float = Field(
        0.0,
        ge=0,
        le=10,
        title="Learning rate",
        description="For fine-tuning; 0: the baseline's. It follows a cosine schedule, again in each round.",
        json_schema_extra={"zero": "the baseline's", "unused_for": [{"epochs": [0], "group_sparsity": [0]}]},
    )
    teacher: bool = Field(
        False,
        title="Teacher",
        description="Fine-tune with the network as it was before pruning as teacher.",
    )
    group_sparsity: float = Field(
        0.0,
        ge=0,
        le=1,
        title="Group sparsity",
        description="Strength of a penalty on whole groups in a training before pruning (Fang et al. 2023), such as "
        "5e-4; 0: off.",
        json_schema_extra={"zero": "off"},
    )
    sparsity_epochs: int = Field(
        4,
        ge=1,
        le=10_000,
        title="Epochs of group sparsity",
        description="Of the training with that penalty.",
        json_schema_extra={"unit": "epochs", "unused_for": [{"group_sparsity": [0]}], **ADVANCED},
    )
    multiple_of: int = Field(
        8,
        ge=1,
        le=128,
        title="Multiple of",
        description="Channels that a layer keeps, unless it keeps all; processors compute 8 or 16 at once.",
        json_schema_extra=ADVANCED,
    )
    minimum_channels: int = Field(
        1,
        ge=1,
        le=4096,
        title="Min. channels",
        description="That a layer keeps at least.",
        json_schema_extra=ADVANCED,
    )
    criterion_images: int = Field(
        256,
        ge=1,
        le=100_000,
        title="Images of the criterion",
        description="Training images, the same share of each class, over which a criterion, or the allocation by "
        "sensitivity, looks at the network.",
        json_schema_extra=_unused_without_images,
    )
    control: bool = Field(
        True,
        title="Control",
        description="Also train the smaller network from scratch for as many epochs in total, as a separate chain for "
        "comparison (Liu et al. 2019).",
    )

    def label(self) -> str:
        return f"{self.target.target.share * 100:g} % {TITLES[self.target.name]} by {self.criterion}"

    def control_steps(self) -> tuple[StepParameters, ...] | None:
        return (self, STEP_PARAMETERS[CONTROL].model_validate({})) if self.control else None

    def stage_document(self) -> Document:
        # Whether there is a control beside it changes nothing of the network; nor does the length of no training.
        plain: Document = {"control": False}
        return super().stage_document() | plain | ({} if self.group_sparsity else {"sparsity_epochs": 0})

    @property
    def rule(self) -> CountRule:
        """Which numbers of channels a layer may have."""
        return CountRule(self.multiple_of, self.minimum_channels)

    def shares(self) -> tuple[float, ...]:
        """What share of the whole cost remains after each round."""
        share = self.target.target.share
        return tuple(share ** (number / self.rounds) for number in range(1, self.rounds + 1))
