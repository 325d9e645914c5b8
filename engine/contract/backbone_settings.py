"""The backbone table of a recipe."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SerializeAsAny, ValidationInfo, field_validator

from engine.contract.backbone_options import BACKBONE_OPTIONS, BackboneOptions
from engine.contract.section import Section

MAX_WIDTH = 4


class BackboneSettings(Section):
    """The network that is trained, then compressed."""

    kind: str = Field(
        "resnet18",
        title="Backbone",
        description="The architecture. For images with a side below 64 pixels its first layers keep the resolution, "
        "as for CIFAR. keras_file:"
        " the classifier that Keras saved in the weights file.",
    )
    width: float = Field(1.0, gt=0, le=MAX_WIDTH, title="Width", description="Multiplies the filters of every layer.")
    weights: str = Field(
        "",
        title="Weights",
        description="Empty: random. Or a weights file of Keras or PyTorch (.pth, .safetensors), such as one of an "
        "earlier run; the network is then built as in the library that the file is of.",
    )
    freeze_base: bool = Field(False, title="Freeze the base", description="Train the head only.")
    head: Literal["gap", "flatten"] = Field(
        "gap",
        title="Head",
        description="Global average pooling, or flatten.",
        json_schema_extra={"names": {"gap": "global average pooling"}},
    )
    output: Literal["auto", "sigmoid", "softmax"] = Field(
        "auto",
        title="Output",
        description="auto: one sigmoid unit for two classes, otherwise softmax.",
        json_schema_extra={"names": {"auto": "automatic"}},
    )
    options: SerializeAsAny[BackboneOptions] | None = Field(
        None, title="Options", description="Options of this backbone, as a table; null: its defaults."
    )

    @field_validator("options", mode="before")
    @classmethod
    def _of_this_kind(cls, value: object, info: ValidationInfo) -> object:
        """The options of this backbone; those that say nothing but its defaults are left out."""
        kind = str(info.data.get("kind"))
        if not value:
            return None
        if kind not in BACKBONE_OPTIONS:
            raise ValueError(f"{kind} has no options; {' and '.join(BACKBONE_OPTIONS)} have")
        declared = BACKBONE_OPTIONS[kind]
        options = declared.model_validate(value)
        return None if options == declared() else options

    def label(self) -> str:
        """A short name for tables and the stage tree, such as "resnet18 ×0.25"."""
        return f"{self.kind} {self.options.label()} ×{self.width:g}" if self.options else f"{self.kind} ×{self.width:g}"
