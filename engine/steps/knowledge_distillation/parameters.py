"""Parameters of knowledge distillation."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from engine.backbones.backbone import BACKBONES
from engine.contract.document import Document
from engine.contract.step_parameters import StepParameters


def _choices_of_students(schema: Document) -> None:
    schema |= {"enum": BACKBONES.keys(), "shown_for": {"kind": ["offline", "online"]}}


class KnowledgeDistillationParameters(StepParameters):
    """Which network learns, and how much from its teacher."""

    key: ClassVar[str] = "knowledge_distillation"
    compared: ClassVar[str] = "The teacher"

    step: Literal["knowledge_distillation"] = "knowledge_distillation"
    kind: Literal["offline", "online", "self"] = Field(
        "offline",
        title="Kind",
        description="offline: the teacher is already trained; online: it keeps training on the same batches; self: "
        "online, with a student of the teacher's own architecture"
        " (Lee et al. 2022, table 3).",
    )
    student: str = Field(
        "mobilenet_v2",
        title="Student",
        description="The backbone that learns.",
        json_schema_extra=_choices_of_students,
    )
    student_width: float = Field(
        1.0,
        gt=0,
        le=4,
        title="Student width",
        description="Multiplies the filters of every layer.",
        json_schema_extra={"shown_for": {"kind": ["offline", "online"]}},
    )
    alpha: float = Field(
        0.1, ge=0, le=1, title="α", description="Weight of the labels in the loss; the rest is the teacher's."
    )
    temperature: float = Field(
        10.0,
        gt=0,
        le=100,
        title="Temperature",
        description="Softens the outputs of both networks; 1: unchanged.",
        json_schema_extra={"unused_for": [{"alpha": [1]}]},
    )
    hint_weight: float = Field(
        0.0,
        ge=0,
        le=1000,
        title="Hint weight",
        description="Weight of attention transfer: in its last feature map the student learns to look where its "
        "teacher looks (Zagoruyko and Komodakis 2017); 0: off."
        "",
    )
    relation: Literal["gram", "rkd"] = Field(
        "gram",
        title="Relation",
        description="What the student learns of how the images of a batch relate: gram: the Gram matrix of their last "
        "feature maps, which images are alike (Tung and Mori 2019; weight 3000 there); rkd: distances of two images "
        "and angles of three, in the same maps averaged over the places (Park et al. 2019; weight 25).",
        json_schema_extra={"names": {"gram": "Gram matrix", "rkd": "distances and angles (RKD)"}},
    )
    relation_weight: float = Field(
        0.0,
        ge=0,
        le=100_000,
        title="Relation weight",
        description="Weight of relation-based knowledge, the third kind of Lee et al. 2022, table 2; 0: off.",
        json_schema_extra={"zero": "off"},
    )
    epochs: int = Field(
        10, ge=1, le=10_000, title="Epochs", description="Of the student.", json_schema_extra={"unit": "epochs"}
    )
    learning_rate: float = Field(
        0.0,
        ge=0,
        le=10,
        title="Learning rate",
        description="For the student; 0: as for a baseline of its kind. It follows a cosine schedule.",
        json_schema_extra={"zero": "as for a baseline of its kind"},
    )
    control: bool = Field(
        True,
        title="Control",
        description="Also train the same student without a teacher, as a separate chain for comparison.",
    )

    def label(self) -> str:
        if self.without_teacher:
            return f"{self.student_name} without teacher"
        return f"distilled to {self.student_name}"

    @property
    def student_name(self) -> str:
        return "itself" if self.kind == "self" else f"{self.student} ×{self.student_width:g}"

    @property
    def without_teacher(self) -> bool:
        """Whether the loss is that of the labels alone."""
        return self.alpha == 1.0 and not self.hint_weight and not self.relation_weight

    def as_control(self) -> KnowledgeDistillationParameters | None:
        if not self.control or self.without_teacher:
            return None
        plain = {"alpha": 1.0, "hint_weight": 0.0, "temperature": 1.0, "control": False, "relation_weight": 0.0}
        named = {"relation": "gram"} | ({} if self.kind == "self" else {"kind": "offline"})
        return self.model_copy(update=plain | named)

    def stage_document(self) -> Document:
        # Whether there is a control beside it changes nothing of the student.
        return super().stage_document() | {"control": False}
