"""A study as plain data: images, how they are compressed, a backbone, its training, and chains of compression steps.

Every key, default and range stands here once; the recipe file, the wizard and the reference page read them from here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import product
from math import prod
from pathlib import PurePath
from typing import Annotated, Any, ClassVar, Literal, Self, cast

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SerializeAsAny,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    field_validator,
    model_validator,
)

from engine.contract.backbone_options import BACKBONE_OPTIONS, BackboneOptions
from engine.contract.section import Section
from engine.contract.step_parameters import StepParameters, parse_step

SCHEMA_VERSION = 1
BASELINE = "baseline"
"""The name that the trained network itself has among the chains."""
OFF = "off"
"""No wavelet transform, in a list of some."""
MOST_SETTINGS = 32
"""Baselines of one recipe: more than anyone waits for, and few enough to be checked while one types."""

Subband = Literal["LL", "LH", "HL", "HH"]
Augmentation = Literal["hflip", "vflip", "rotate", "autoaugment_cifar"]
Side = Annotated[int, Field(ge=8, le=1024)]
HeightWidth = tuple[Side, Side]
JpegQuality = Annotated[int, Field(ge=0, le=95)]


def _several(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _below_the_dataset(pattern: str) -> str:
    if pattern.startswith("/") or ".." in pattern.split("/") or not pattern.strip("/"):
        raise ValueError('a pattern is a path below the dataset\'s folder, such as "**/sick*"')
    return pattern


def _ascending(numbers: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(sorted(set(numbers)))


ClassName = Annotated[str, Field(min_length=1)]
FolderPatterns = Annotated[
    tuple[Annotated[str, AfterValidator(_below_the_dataset)], ...], BeforeValidator(_several), Field(min_length=1)
]
Epochs = Annotated[tuple[Annotated[int, Field(ge=1, le=10_000)], ...], AfterValidator(_ascending)]
"""Numbers of epochs from 1, ascending, each once."""


class DatasetSettings(Section):
    """Where the images come from and how they are split."""

    kind: str = Field("phantom", title="Source", description="Which dataset source reads the images.")
    path: str = Field("", title="Folder", description="The folder or file with the images; ~ is the home folder.")
    validation_path: str = Field("", title="Validation folder", description="A second tree with validation images.")
    test_path: str = Field("", title="Test folder", description="A second tree with test images.")
    class_folders: dict[ClassName, FolderPatterns] = Field(
        {},
        title="Class folders",
        description=(
            "For deep trees: class → patterns of the folders that are of it with all below, relative to path (and to "
            "validation_path, test_path): `*` part of a name, `**` any folders, `?` a letter, `[ab]` one of some; the "
            "innermost named folder decides."
        ),
    )
    labels: Literal["fine", "coarse"] = Field(
        "fine", title="Labels", description="Of CIFAR-100: its 100 classes, or the 20 groups of them."
    )
    classes: tuple[str, ...] = Field((), title="Classes", description="A subset of the classes; empty: all.")
    validation_fraction: float = Field(
        0.15, gt=0, lt=0.9, title="Validation share", description="Drawn from training where there is no such split."
    )
    test_fraction: float = Field(
        0.15, gt=0, lt=0.9, title="Test share", description="Drawn from training where there is no such split."
    )
    limit_per_class: int = Field(
        0, ge=0, title="Images a class at most", description="0: all; for phantom, how many to draw (0: 400)."
    )
    labels_csv: str = Field(
        "",
        title="Labels file",
        description="A CSV file with the columns path (or file), label, and if wanted split and group; paths are below "
        "the folder. For DICOM in place of class folders; for every source the groups of group_by = csv.",
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
        "(test, else validation); drop: of each but one stays, that of the latest split. keep: all, and they are told.",
        json_schema_extra={"advanced": True},
    )
    near_duplicate_bits: int = Field(
        2,
        ge=0,
        le=16,
        title="Near duplicates",
        description="Images whose 64-bit perceptual hashes differ in at most so many bits count as nearly the same.",
        json_schema_extra={"unit": "bits", "advanced": True},
    )
    drop_near_duplicates: bool = Field(
        False,
        title="Drop near ones too",
        description="Leave out near duplicates as duplicates are; look at them first, some may only look alike.",
        json_schema_extra={"advanced": True, "shown_for": {"duplicates": ["drop_leaks", "drop"]}},
    )

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

    @model_validator(mode="after")
    def _leaves_training_images(self) -> DatasetSettings:
        if self.validation_fraction + self.test_fraction >= 0.95:
            raise ValueError("validation_fraction and test_fraction together must leave at least 5 % to train on")
        if self.group_by == "csv" and not self.labels_csv:
            raise ValueError("group_by = csv needs a labels_csv with a column group")
        if len(set(self.classes)) != len(self.classes):
            raise ValueError("classes names one class twice")
        return self

    def label(self) -> str:
        """A short name for tables, such as "phantom" or "image_folder ultrasound"."""
        return f"{self.kind} {PurePath(self.path).name}".strip()


class DwtSettings(Section):
    """The discrete wavelet transform that the network is trained on (Trad et al. 2022)."""

    first_keys: ClassVar[frozenset[str] | None] = frozenset({"wavelet", "level", "subbands"})

    wavelet: str = Field("haar", title="Wavelet", description="Any discrete wavelet of PyWavelets.")
    level: int = Field(1, ge=1, le=4, title="Level", description="How many times the approximation is split again.")
    subbands: tuple[Subband, ...] = Field(
        ("LL",), min_length=1, title="Subbands", description="Fed as channels, in this order, of the last level."
    )
    threshold: float = Field(
        0.0,
        ge=0,
        le=0.5,
        title="Threshold",
        description="Details that are smaller become zero; in the units that are fed: of an image from 0 to 1, details "
        "lie from −0.5 to 0.5. 0: off.",
    )
    threshold_mode: Literal["soft", "hard"] = Field(
        "soft", title="Threshold mode", description="soft: the others shrink by the threshold; hard: they stay."
    )

    @field_validator("subbands")
    @classmethod
    def _each_once(cls, value: tuple[Subband, ...]) -> tuple[Subband, ...]:
        if len(set(value)) != len(value):
            raise ValueError("each subband can be fed once only")
        return value


class ImageGrid(Section):
    """How each image is made smaller before the network sees it. Lists of sizes, qualities or transforms compare them:
    each combination is a setting, and the recipe trains one baseline a setting."""

    size: Side | HeightWidth | tuple[HeightWidth, ...] = Field(
        96,
        title="Size",
        description="Pixels: a side, or [height, width]. Several sizes are a list of such pairs, as in "
        "[[224, 224], [64, 64]], or of three sides or more; two numbers alone are [height, width].",
    )
    color: Literal["rgb", "grayscale"] = Field("rgb", title="Colour")
    resample: Literal["lanczos", "bilinear", "bicubic", "nearest"] = Field("lanczos", title="Resize filter")
    scale: Literal["unit", "per_image_max", "standardize"] = Field(
        "unit",
        title="Scale",
        description="unit: /255; per_image_max (Garifulla et al. 2022); standardize: training mean and deviation.",
    )
    jpeg_quality: JpegQuality | tuple[JpegQuality, ...] = Field(
        0,
        title="JPEG quality",
        description="1 to 95: re-save with optimize (Trad et al. 2022); 0: off. Several are a list, as in [0, 75].",
    )
    dwt: DwtSettings | tuple[DwtSettings | Literal["off"], ...] | None = Field(
        None,
        title="Wavelet transform",
        description='A table as below; without it: off. Several are a list, as in ["off", { wavelet = "haar" }].',
    )

    @field_validator("size", mode="wrap")
    @classmethod
    def _sizes(cls, value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
        try:
            return handler(_as_pairs(value))
        except ValidationError:
            raise ValueError(
                "a side in pixels from 8 to 1024 is needed, or [height, width]; several sizes are written "
                "[[224, 224], [64, 64]]"
            ) from None

    @field_validator("jpeg_quality", mode="wrap")
    @classmethod
    def _qualities(cls, value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
        try:
            return handler(value)
        except ValidationError:
            message = "a whole number from 1 to 95 is needed, or 0 for off; several are written [0, 75]"
            raise ValueError(message) from None

    @field_validator("dwt", mode="before")
    @classmethod
    def _transforms(cls, value: Any) -> Any:
        if isinstance(value, list | tuple):
            return tuple(_transform(one) for one in value)
        return None if value in (None, OFF) else _transform(value)

    @model_validator(mode="after")
    def _a_grid(self) -> Self:
        for name, values in self.axes.items():
            if len(set(values)) != len(values) or not values:
                raise ValueError(f"{name} {'names one value twice' if values else 'is an empty list'}")
        count = prod(len(values) for values in self.axes.values())
        if count > MOST_SETTINGS:
            raise ValueError(
                f"{count} image settings are too many, each trains a baseline; name at most {MOST_SETTINGS}, or split "
                "the study into several recipes"
            )
        return self

    @property
    def sizes(self) -> tuple[Side | HeightWidth, ...]:
        """Every size, as one setting has it: of several, the square ones as their side."""
        several = [pair for pair in self.size if isinstance(pair, tuple)] if isinstance(self.size, tuple) else []
        if not several:
            return (cast("Side | HeightWidth", self.size),)
        return tuple(height if height == width else (height, width) for height, width in several)

    @property
    def jpeg_qualities(self) -> tuple[JpegQuality, ...]:
        return (self.jpeg_quality,) if isinstance(self.jpeg_quality, int) else self.jpeg_quality

    @property
    def transforms(self) -> tuple[DwtSettings | None, ...]:
        """Every wavelet transform; None: off."""
        several = self.dwt if isinstance(self.dwt, tuple) else (self.dwt,)
        return tuple(one if isinstance(one, DwtSettings) else None for one in several)

    @property
    def axes(self) -> dict[str, tuple[Any, ...]]:
        """Key → every value that it has, for the keys that may have several."""
        return {"size": self.sizes, "jpeg_quality": self.jpeg_qualities, "dwt": self.transforms}

    @property
    def settings(self) -> tuple[ImageSettings, ...]:
        """Every size with every quality with every transform; the transform changes first, the size last."""
        shared = {"color": self.color, "resample": self.resample, "scale": self.scale}
        points = product(*self.axes.values())
        return tuple(
            ImageSettings.model_validate(shared | dict(zip(self.axes, point, strict=True))) for point in points
        )

    @classmethod
    def of(
        cls,
        shared: ImageSettings,
        sizes: Sequence[Side | HeightWidth],
        jpeg_qualities: Sequence[JpegQuality],
        transforms: Sequence[DwtSettings | None],
    ) -> ImageGrid:
        """Each size with each quality and each transform, and `shared` for all else.

        Raises:
            pydantic.ValidationError: a list is empty, names one value twice, or they are too many together.
        """
        if len(sizes) == len(jpeg_qualities) == len(transforms) == 1:
            point = {"size": sizes[0], "jpeg_quality": jpeg_qualities[0], "dwt": transforms[0]}
            return ImageSettings.model_validate(shared.model_dump() | point)
        axes = {
            "size": [one if isinstance(one, tuple) else (one, one) for one in sizes],
            "jpeg_quality": jpeg_qualities,
            "dwt": [one or OFF for one in transforms],
        }
        several = {name: values if len(values) > 1 else values[0] for name, values in axes.items()}
        return cls.model_validate(shared.model_dump() | several)

    @property
    def first(self) -> ImageSettings:
        """The setting that stands first: the only one but in a grid."""
        return self.settings[0]


def _as_pairs(value: Any) -> Any:
    """Several sizes as a list of pairs; one size, a side or [height, width], unchanged."""
    if not isinstance(value, list | tuple) or not (
        len(value) > 2 or any(isinstance(one, list | tuple) for one in value)
    ):
        return value
    return [one if isinstance(one, list | tuple) else (one, one) for one in value]


def _transform(value: Any) -> Any:
    if isinstance(value, dict):
        return DwtSettings.model_validate(value)
    if isinstance(value, DwtSettings) or value == OFF:
        return value
    raise ValueError(f'a wavelet transform is a table such as {{ wavelet = "haar" }}, or "{OFF}"')


class ImageSettings(ImageGrid):
    """One setting: an image grid of one point."""

    size: Side | HeightWidth = Field(96, title="Size")
    jpeg_quality: JpegQuality = Field(
        0, title="JPEG quality", description="1 to 95: re-save with optimize (Trad et al. 2022); 0: off."
    )
    dwt: DwtSettings | None = Field(None, title="Wavelet transform")

    @property
    def height_width(self) -> tuple[int, int]:
        """The size of the resized image in pixels, (height, width)."""
        return (self.size, self.size) if isinstance(self.size, int) else self.size


def parse_images(value: Any) -> Any:
    """A table or grid as `ImageSettings` where it is one setting only; anything else unchanged."""
    grid = ImageGrid.model_validate(value) if isinstance(value, dict) else value
    if isinstance(grid, ImageGrid) and not isinstance(grid, ImageSettings) and len(grid.settings) == 1:
        return grid.first
    return grid


class BackboneSettings(Section):
    """The network that is trained, then compressed."""

    first_keys: ClassVar[frozenset[str]] = frozenset({"kind", "width", "weights", "freeze_base", "head", "output"})

    kind: str = Field(
        "resnet18",
        title="Backbone",
        description="An architecture; keras_file: the classifier that Keras saved in the weights file.",
    )
    width: float = Field(1.0, gt=0, le=4, title="Width", description="Multiplies the filters of every layer.")
    weights: str = Field(
        "", title="Weights", description="Empty: random; or a weights file of Keras, such as those of earlier runs."
    )
    freeze_base: bool = Field(False, title="Freeze the base", description="Train the head only.")
    head: Literal["gap", "flatten"] = Field("gap", title="Head", description="Global average pooling, or flatten.")
    output: Literal["auto", "sigmoid", "softmax"] = Field(
        "auto", title="Output", description="auto: one sigmoid unit for two classes, softmax else."
    )
    options: SerializeAsAny[BackboneOptions] | None = Field(
        None, title="Options", description="What this backbone alone can be told, as a table; null: its defaults."
    )

    @field_validator("options", mode="before")
    @classmethod
    def _of_this_kind(cls, value: Any, info: ValidationInfo) -> Any:
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


class TrainingSettings(Section):
    """How the baseline is trained; the steps that train take over what is not of the baseline alone."""

    first_keys: ClassVar[frozenset[str]] = frozenset(
        {
            "epochs",
            "batch_size",
            "optimizer",
            "learning_rate",
            "head_learning_rate",
            "weight_decay",
            "schedule",
            "augment",
        }
    )

    train: bool = Field(True, title="Train", description="Off: the baseline is the network as its weights file has it.")
    epochs: int = Field(10, ge=1, le=10_000, title="Epochs")
    batch_size: int = Field(32, ge=1, le=4096, title="Batch size", description="Images.")
    optimizer: Literal["adam", "adamw", "sgd", "rmsprop"] = Field(
        "adam", title="Optimizer", description="adamw decays weights beside the gradient, the others through it."
    )
    momentum: float = Field(
        0.9,
        ge=0,
        lt=1,
        title="Momentum",
        description="Of sgd, as Nesterov's.",
        json_schema_extra={"shown_for": {"optimizer": ["sgd"]}},
    )
    learning_rate: float = Field(1e-3, gt=0, le=10, title="Learning rate")
    head_learning_rate: float = Field(0.0, ge=0, le=10, title="Head learning rate", description="0: the same.")
    weight_decay: float = Field(
        0.0,
        ge=0,
        le=1,
        title="Weight decay",
        description="Of kernels, not of biases and normalisation; for adamw decoupled (Loshchilov and Hutter 2019).",
    )
    schedule: Literal["constant", "cosine", "step"] = Field("constant", title="Schedule")
    step_epochs: Epochs = Field(
        (),
        title="Steps after epochs",
        description="After each of these the rate is multiplied by the step factor; empty: half and three quarters.",
        json_schema_extra={"shown_for": {"schedule": ["step"]}},
    )
    step_factor: float = Field(
        0.1,
        gt=0,
        lt=1,
        title="Step factor",
        json_schema_extra={"shown_for": {"schedule": ["step"]}},
    )
    augment: tuple[Augmentation, ...] = Field((), title="Augmentation")
    warmup_epochs: int = Field(
        0,
        ge=0,
        le=1000,
        title="Warm-up",
        description="The rate rises evenly over so many epochs, and the schedule begins after (Goyal et al. 2017).",
        json_schema_extra={"unit": "epochs", "advanced": True},
    )
    label_smoothing: float = Field(
        0.0,
        ge=0,
        lt=1,
        title="Label smoothing",
        description="The share of each label that is spread over all classes (Szegedy et al. 2016).",
        json_schema_extra={"advanced": True},
    )
    class_weights: Literal["none", "balanced"] = Field(
        "none",
        title="Class weights",
        description="balanced: an image counts the more, the fewer its class has.",
        json_schema_extra={"advanced": True},
    )
    early_stopping: int = Field(
        0,
        ge=0,
        le=10_000,
        title="Early stopping",
        description="Ends a training that has not become better on the validation images for so many epochs; 0: off.",
        json_schema_extra={"unit": "epochs", "advanced": True},
    )
    restore_best: bool = Field(
        True,
        title="Restore the best epoch",
        description="Keep the weights of the epoch with the highest validation accuracy; off: of the last.",
        json_schema_extra={"advanced": True},
    )
    unfreeze_epoch: int = Field(
        0,
        ge=0,
        le=10_000,
        title="Unfreeze from epoch",
        description="From this epoch on a frozen base trains too, but for its batch normalisation; 0: never.",
        json_schema_extra={"advanced": True},
    )
    unfreeze_layers: int = Field(
        0,
        ge=0,
        le=1000,
        title="Layers to unfreeze",
        description="How many of the base's last convolutions and dense layers train then; 0: all.",
        json_schema_extra={"advanced": True},
    )
    test_epochs: Epochs = Field(
        (),
        title="Test after epochs",
        description="After each of these the test images are classified too (Trad et al. 2022, table 1).",
        json_schema_extra={"advanced": True},
    )

    @property
    def trained_epochs(self) -> int:
        """Epochs that the baseline trains."""
        return self.epochs if self.train else 0

    @model_validator(mode="after")
    def _epochs_lie_within(self) -> TrainingSettings:
        if self.warmup_epochs and self.warmup_epochs >= self.epochs:
            raise ValueError(f"warmup_epochs must be below epochs = {self.epochs}, or the schedule never begins")
        for name in ("step_epochs", "test_epochs"):
            if max(getattr(self, name), default=0) > self.epochs:
                raise ValueError(f"{name} names epoch {max(getattr(self, name))}, and epochs = {self.epochs}")
        if self.unfreeze_epoch > self.epochs:
            raise ValueError(f"unfreeze_epoch = {self.unfreeze_epoch} is never reached, since epochs = {self.epochs}")
        return self


class ChainSettings(Section):
    """A named order of compression steps that starts from the trained baseline."""

    name: str = Field(min_length=1, max_length=60, title="Name")
    steps: tuple[Annotated[SerializeAsAny[StepParameters], BeforeValidator(parse_step)], ...] = Field(
        (), title="Steps", description="Applied in this order."
    )

    @field_validator("name")
    @classmethod
    def _readable(cls, value: str) -> str:
        if not value.strip() or not value.isprintable():
            raise ValueError("a chain's name is one line of text")
        if value.strip().lower() == BASELINE:
            raise ValueError(f'"{BASELINE}" is the trained network itself; choose another name for the chain')
        return value.strip()


class Recipe(Section):
    """A whole study. The same recipe on the same images with the same seed gives the same networks."""

    schema_version: Literal[1] = Field(1, alias="schema", title="Schema")
    name: str = Field("study", min_length=1, max_length=80, title="Name")
    seed: int = Field(7, ge=0, le=2**31 - 1, title="Seed")
    dataset: DatasetSettings = Field(DatasetSettings(), title="Dataset")
    images: Annotated[ImageGrid, BeforeValidator(parse_images)] = Field(ImageSettings(), title="Images")
    backbone: BackboneSettings = Field(BackboneSettings(), title="Backbone")
    training: TrainingSettings = Field(TrainingSettings(), title="Training")
    chains: tuple[ChainSettings, ...] = Field((), title="Chains")

    @model_validator(mode="after")
    def _chain_names_differ(self) -> Recipe:
        names = [chain.name.lower() for chain in self.chains]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f'two chains are called "{name}"; give each its own name')
        return self

    def branches(self) -> tuple[Recipe, ...]:
        """One recipe an image setting, as if it had been written without lists; of one setting, the recipe itself."""
        return tuple(self.model_copy(update={"images": images}) for images in self.images.settings)
