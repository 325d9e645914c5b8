"""A study as plain data: images, how they are compressed, a backbone, its training, and chains of compression steps.

Every key, default and range stands here once; the recipe file, the wizard and the reference page read them from here.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Field,
    SerializeAsAny,
    ValidationError,
    ValidatorFunctionWrapHandler,
    field_validator,
    model_validator,
)

from engine.contract.section import Section
from engine.contract.step_parameters import StepParameters, parse_step

SCHEMA_VERSION = 1
BASELINE = "baseline"
"""The name that the trained network itself has among the chains."""

Subband = Literal["LL", "LH", "HL", "HH"]
Augmentation = Literal["hflip", "vflip", "rotate", "autoaugment_cifar"]
Side = Annotated[int, Field(ge=8, le=1024)]


class DatasetSettings(Section):
    """Where the images come from and how they are split."""

    kind: str = Field("phantom", title="Source", description="Which dataset source reads the images.")
    path: str = Field("", title="Folder", description="The folder or file with the images; ~ is the home folder.")
    validation_path: str = Field("", title="Validation folder", description="A second tree with validation images.")
    test_path: str = Field("", title="Test folder", description="A second tree with test images.")
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

    @model_validator(mode="after")
    def _leaves_training_images(self) -> DatasetSettings:
        if self.validation_fraction + self.test_fraction >= 0.95:
            raise ValueError("validation_fraction and test_fraction together must leave at least 5 % to train on")
        if len(set(self.classes)) != len(self.classes):
            raise ValueError("classes names one class twice")
        return self


class DwtSettings(Section):
    """The discrete wavelet transform that the network is trained on (Trad et al. 2022)."""

    wavelet: str = Field("haar", title="Wavelet", description="Any discrete wavelet of PyWavelets.")
    level: int = Field(1, ge=1, le=4, title="Level", description="How many times the approximation is split again.")
    subbands: tuple[Subband, ...] = Field(
        ("LL",), min_length=1, title="Subbands", description="Fed as channels, in this order, of the last level."
    )

    @field_validator("subbands")
    @classmethod
    def _each_once(cls, value: tuple[Subband, ...]) -> tuple[Subband, ...]:
        if len(set(value)) != len(value):
            raise ValueError("each subband can be fed once only")
        return value


class ImageSettings(Section):
    """How each image is made smaller before the network sees it."""

    size: Side | tuple[Side, Side] = Field(96, title="Size", description="Pixels: a side, or [height, width].")
    color: Literal["rgb", "grayscale"] = Field("rgb", title="Colour")
    resample: Literal["lanczos", "bilinear", "bicubic", "nearest"] = Field("lanczos", title="Resize filter")
    scale: Literal["unit", "per_image_max", "standardize"] = Field(
        "unit",
        title="Scale",
        description="unit: /255; per_image_max (Garifulla et al. 2022); standardize: training mean and deviation.",
    )
    jpeg_quality: int = Field(
        0, ge=0, le=95, title="JPEG quality", description="1 to 95: re-save with optimize (Trad et al. 2022); 0: off."
    )
    dwt: DwtSettings | None = Field(None, title="Wavelet transform")

    @field_validator("size", mode="wrap")
    @classmethod
    def _one_sentence_for_both_forms(cls, value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
        try:
            return handler(value)
        except ValidationError:
            raise ValueError("a side in pixels from 8 to 1024 is needed, or [height, width]") from None

    @property
    def height_width(self) -> tuple[int, int]:
        """The size of the resized image in pixels, (height, width)."""
        return (self.size, self.size) if isinstance(self.size, int) else self.size


class BackboneSettings(Section):
    """The network that is trained, then compressed."""

    kind: str = Field("resnet18", title="Backbone")
    width: float = Field(1.0, gt=0, le=4, title="Width", description="Multiplies the filters of every layer.")
    weights: str = Field("", title="Weights", description="Empty: random; or a Keras weights file.")
    freeze_base: bool = Field(False, title="Freeze the base", description="Train the head only.")
    head: Literal["gap", "flatten"] = Field("gap", title="Head", description="Global average pooling, or flatten.")
    output: Literal["auto", "sigmoid", "softmax"] = Field(
        "auto", title="Output", description="auto: one sigmoid unit for two classes, softmax else."
    )


class TrainingSettings(Section):
    """How the baseline is trained."""

    epochs: int = Field(10, ge=1, le=10_000, title="Epochs")
    batch_size: int = Field(32, ge=1, le=4096, title="Batch size", description="Images.")
    optimizer: Literal["adam", "sgd", "rmsprop"] = Field("adam", title="Optimizer")
    learning_rate: float = Field(1e-3, gt=0, le=10, title="Learning rate")
    head_learning_rate: float = Field(0.0, ge=0, le=10, title="Head learning rate", description="0: the same.")
    weight_decay: float = Field(0.0, ge=0, le=1, title="Weight decay")
    schedule: Literal["constant", "cosine", "step"] = Field("constant", title="Schedule")
    augment: tuple[Augmentation, ...] = Field((), title="Augmentation")


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
    images: ImageSettings = Field(ImageSettings(), title="Images")
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
