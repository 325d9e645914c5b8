"""The dataset table of a recipe."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePath
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    GetJsonSchemaHandler,
    SerializationInfo,
    SerializerFunctionWrapHandler,
    ValidationInfo,
    field_validator,
    model_serializer,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue, SkipJsonSchema
from pydantic_core import CoreSchema

from engine.contract.dataset_options import DATASET_OPTIONS, DatasetOptions, declared_options, own_options
from engine.contract.declared_properties import declared_properties
from engine.contract.section import Section

Options = TypeVar("Options", bound=DatasetOptions)


def _several(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _below_the_dataset(pattern: str) -> str:
    if pattern.startswith("/") or ".." in pattern.split("/") or not pattern.strip("/"):
        raise ValueError('a pattern is a path below the dataset\'s folder, such as "**/sick*"')
    return pattern


ClassName = Annotated[str, Field(min_length=1)]
FolderPatterns = Annotated[
    tuple[Annotated[str, AfterValidator(_below_the_dataset)], ...], BeforeValidator(_several), Field(min_length=1)
]


class DatasetSettings(Section):
    """Where the images come from and how they are split."""

    kind: str = Field("phantom", title="Source", description="Which dataset source reads the images.")
    path: str = Field("", title="Images", description="The folder or file with the images; ~ is the home folder.")
    validation_path: str = Field("", title="Validation images", description="A second tree with validation images.")
    test_path: str = Field("", title="Test images", description="A second tree with test images.")
    class_folders: dict[ClassName, FolderPatterns] = Field(
        {},
        title="Class folders",
        description=(
            "For deep trees: class → patterns of the folders that are of it with all below, relative to path (and to "
            "validation_path, test_path): `*` part of a name, `**` any folders, `?` a letter, `[ab]` one of some; the "
            "innermost named folder decides."
        ),
    )
    classes: tuple[str, ...] = Field((), title="Classes", description="A subset of the classes; empty: all.")
    validation_fraction: float = Field(
        0.15, gt=0, lt=0.9, title="Validation share", description="Drawn from training where there is no such split."
    )
    test_fraction: float = Field(
        0.15, gt=0, lt=0.9, title="Test share", description="Drawn from training where there is no such split."
    )
    limit_per_class: int = Field(
        0,
        ge=0,
        title="Max. images per class",
        description="0: all; of the demo images, how many to draw (0: 400).",
        json_schema_extra={"zero": "all"},
    )
    frames: Literal["auto", "first", "middle", "all"] = Field(
        "auto",
        title="Frames",
        description="Of files with several images, such as TIFF stacks, films and volumes: the first, the middle one, "
        "or all, each an image of its own and those of one file on one side of the split; of NIfTI volumes the points "
        "in time. auto: all of DICOM and NIfTI files, of others the first.",
        json_schema_extra={"advanced": True, "names": {"auto": "automatic"}},
    )
    labels_csv: str = Field(
        "",
        title="Labels file",
        description="A CSV file with the columns path (or file), label, and if wanted split and group; paths are below "
        "the folder. A column label is used in place of class folders, split in place of a drawn one, and group with "
        "group_by = csv.",
    )
    group_by: str = Field(
        "",
        title="Keep together",
        description="Groups, such as patients, that a drawn split never parts: folder:1, the name of the folder that "
        "an image lies in (folder:2, of the one above it); csv, a column group of labels_csv; pattern:REGEX, what a "
        "regular expression (or its first group) matches in the path; patient, the PatientID of DICOM files.",
        json_schema_extra={"advanced": True},
    )
    duplicates: Literal["keep", "drop_leaks", "drop"] = Field(
        "keep",
        title="Duplicates",
        description="Images with the same pixels. drop_leaks: one that lies in two splits stays in the later one only "
        "(test, else validation); drop: of each but one stays, that of the latest split. keep: use all and report "
        "duplicates.",
        json_schema_extra={
            "advanced": True,
            "names": {
                "keep": "keep all",
                "drop_leaks": "leave out copies across splits",
                "drop": "leave out all copies",
            },
        },
    )
    near_duplicate_bits: int = Field(
        2,
        ge=0,
        le=16,
        title="Nearly identical up to",
        description="Images whose 64-bit perceptual hashes differ in at most so many bits count as nearly the same.",
        json_schema_extra={"unit": "bits", "advanced": True},
    )
    drop_near_duplicates: bool = Field(
        False,
        title="Leave out nearly identical ones too",
        description="Leave out near duplicates as duplicates are; look at them first, some may only look alike.",
        json_schema_extra={"advanced": True, "shown_for": {"duplicates": ["drop_leaks", "drop"]}},
    )

    options: SkipJsonSchema[DatasetOptions | None] = Field(None, exclude=True)
    """What the source alone has; None: its defaults. A recipe has each setting in the dataset's own table."""

    @field_validator("group_by")
    @classmethod
    def _names_groups(cls, value: str) -> str:
        kind, _, detail = value.partition(":")
        if kind == "folder" and not re.fullmatch(r"[1-9]\d?", detail):
            raise ValueError("folder: is followed by a number from 1, counted upwards from the image, such as folder:1")
        if kind == "pattern":
            try:
                re.compile(detail or "(")
            except re.error:
                raise ValueError("pattern: is followed by a regular expression, such as pattern:(p\\d+)") from None
        if kind not in {"folder", "pattern"} and value not in {"", "csv", "patient"}:
            raise ValueError("use folder:1, csv, pattern:REGEX, patient, or nothing")
        return value

    @model_validator(mode="before")
    @classmethod
    def _with_own_settings_together(cls, values: Any) -> Any:
        """What is no setting of all sources goes to `options`, which knows those of each."""
        if not isinstance(values, dict):
            return values
        declared = {key: value for key, value in values.items() if key in cls.model_fields}
        others = {key: value for key, value in values.items() if key not in declared}
        if not isinstance(declared.get("options"), DatasetOptions | None):
            # In a recipe there is no such table.
            others["options"] = declared.pop("options")
        return declared | {"options": others} if others else declared

    @field_validator("options", mode="before")
    @classmethod
    def _of_this_source(cls, value: Any, info: ValidationInfo) -> DatasetOptions | None:
        if "kind" not in info.data:
            return None  # It is refused itself.
        given = value.model_dump() if isinstance(value, DatasetOptions) else value or {}
        return own_options(info.data["kind"], given)

    @model_validator(mode="after")
    def _leaves_training_images(self) -> DatasetSettings:
        if self.validation_fraction + self.test_fraction >= 0.95:
            raise ValueError("validation_fraction and test_fraction together must leave at least 5 % to train on")
        if self.group_by == "csv" and not self.labels_csv:
            raise ValueError("group_by = csv needs a labels_csv with a column group")
        if len({unicodedata.normalize("NFC", name) for name in self.classes}) != len(self.classes):
            raise ValueError("classes names one class twice")
        return self

    @model_serializer(mode="wrap")
    def _flat(self, handler: SerializerFunctionWrapHandler, info: SerializationInfo) -> dict[str, Any]:
        values: dict[str, Any] = handler(self)
        return values | self.own_settings().model_dump(mode=info.mode)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """With the own settings of all sources, each of which says its source."""
        described = handler(schema)
        own: dict[str, list[JsonSchemaValue]] = {}
        for kind in DATASET_OPTIONS:
            for key, field in declared_properties(DATASET_OPTIONS[kind]).items():
                own.setdefault(key, []).append(field | {"source": kind})
        properties = handler.resolve_ref_schema(described)["properties"]
        properties |= {key: fields[0] if len(fields) == 1 else {"anyOf": fields} for key, fields in own.items()}
        return described

    def own(self, declared: type[Options]) -> Options:
        """The settings that the source alone has, of the type that it declares; all at their defaults unless said."""
        return self.options if isinstance(self.options, declared) else declared()

    def own_settings(self) -> DatasetOptions:
        """The same of whatever source it is."""
        return self.own(declared_options(self.kind))

    def label(self) -> str:
        """A short name for tables, such as "phantom" or "image_folder ultrasound"."""
        return f"{self.kind} {PurePath(self.path).name}".strip()
