"""The images table of a recipe: one image setting, or a grid of some."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import prod
from typing import Annotated, Final, Literal, Self, cast

from pydantic import (
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    field_validator,
    model_validator,
)

from engine.contract.section import Section

OFF: Final = "off"
"""No wavelet transform, in a list of some."""
MAX_SETTINGS = 32
"""Baselines of one recipe: few enough to check them while the user types."""

SCALE_NAMES: dict[str, str] = {
    "unit": "0 to 1",
    "symmetric": "−1 to 1",
    "imagenet_bgr": "ImageNet means, BGR",
    "imagenet_rgb": "ImageNet mean and deviation, RGB",
    "bytes": "0 to 255",
    "per_image_max": "by each image's maximum",
    "standardize": "training mean and deviation",
}
ScaleName = Literal["unit", "symmetric", "imagenet_bgr", "imagenet_rgb", "bytes", "per_image_max", "standardize"]
Subband = Literal["LL", "LH", "HL", "HH"]
Side = Annotated[int, Field(ge=8, le=1024)]
HeightWidth = tuple[Side, Side]
ValueRange = tuple[float, float]
JpegQuality = Annotated[int, Field(ge=0, le=95)]


class DwtSettings(Section):
    """The discrete wavelet transform that the network is trained on (Trad et al. 2022)."""

    wavelet: str = Field("haar", title="Wavelet", description="Any discrete wavelet of PyWavelets.")
    level: int = Field(1, ge=1, le=4, title="Level", description="How many times the approximation is split again.")
    subbands: tuple[Subband, ...] = Field(
        ("LL",),
        min_length=1,
        title="Subbands",
        description="Subbands of the last level that are fed as channels, in this order.",
    )
    threshold: float = Field(
        0.0,
        ge=0,
        le=0.5,
        title="Threshold",
        description="Details below it become zero. In the units of the fed image: for images from 0 to 1, details "
        "range from −0.5 to 0.5. 0: off."
        "",
        json_schema_extra={"zero": "off"},
    )
    threshold_mode: Literal["soft", "hard"] = Field(
        "soft",
        title="Threshold mode",
        description="soft: the other details shrink by the threshold; hard: they stay unchanged.",
    )

    @field_validator("subbands")
    @classmethod
    def _each_once(cls, value: tuple[Subband, ...]) -> tuple[Subband, ...]:
        if len(set(value)) != len(value):
            raise ValueError("each subband can be fed once only")
        return value


class ImageGrid(Section):
    """How each image is made smaller before the network sees it. Lists of sizes, qualities or transforms compare them:
    each combination is a setting, and the recipe trains one baseline per setting."""

    size: Side | HeightWidth | tuple[HeightWidth, ...] = Field(
        96,
        title="Size",
        description="In pixels: one side, or [height, width]. Several sizes are a list of such pairs, as in "
        "[[224, 224], [64, 64]], or of at least three sides; two numbers alone mean [height, width].",
    )
    color: Literal["rgb", "grayscale"] = Field("rgb", title="Colour")
    resample: Literal["lanczos", "bilinear", "bicubic", "nearest"] = Field("lanczos", title="Resize filter")
    scale: ScaleName = Field(
        "unit",
        title="Scale",
        description="unit: 0 to 1; symmetric: -1 to 1, as MobileNet's published weights expect; imagenet_bgr: "
        "blue, green, red from 0 to 255 minus ImageNet's mean, as Keras' weights of VGG and ResNet expect; "
        "imagenet_rgb: 0 to 1 minus ImageNet's mean, divided by its deviation, as PyTorch's weights expect; bytes: 0 "
        "to 255, as those of image-classifiers expect; per_image_max (Garifulla et al. 2022); standardize: training "
        "mean and deviation.",
        json_schema_extra={"names": {**SCALE_NAMES}},
    )
    value_range: ValueRange | None = Field(
        None,
        title="Value range",
        description="[lowest, highest]: the pixel values that become black and white in all images, such as [-160, "
        "240] for CT; it replaces the windows of DICOM files. Empty: the range of the images' type; for "
        "fractions, signed values and more than 16 bits the range of the training images."
        "",
        json_schema_extra={"advanced": True},
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
    def _sizes(cls, value: object, handler: ValidatorFunctionWrapHandler) -> object:
        try:
            return handler(_as_pairs(value))
        except ValidationError:
            raise ValueError(
                "a side in pixels from 8 to 1024 is needed, or [height, width]; several sizes are written "
                "[[224, 224], [64, 64]]"
            ) from None

    @field_validator("value_range", mode="wrap")
    @classmethod
    def _values(cls, value: object, handler: ValidatorFunctionWrapHandler) -> object:
        try:
            found = handler(value)
        except ValidationError:
            found = value
        if found is not None and not (isinstance(found, tuple) and found[0] < found[1]):
            raise ValueError("two numbers are needed, the lower first, such as [-160, 240]")
        return found

    @field_validator("jpeg_quality", mode="wrap")
    @classmethod
    def _qualities(cls, value: object, handler: ValidatorFunctionWrapHandler) -> object:
        try:
            return handler(value)
        except ValidationError:
            message = "a whole number from 1 to 95 is needed, or 0 for off; several are written [0, 75]"
            raise ValueError(message) from None

    @field_validator("dwt", mode="before")
    @classmethod
    def _transforms(cls, value: object) -> DwtSettings | tuple[DwtSettings | Literal["off"], ...] | None:
        if isinstance(value, list | tuple):
            return tuple(_transform(one) for one in value)
        found = None if value is None else _transform(value)
        return None if found == OFF else found

    @model_validator(mode="after")
    def _a_grid(self) -> Self:
        for name, values in self.axes.items():
            if len(set(values)) != len(values) or not values:
                raise ValueError(f"{name} {'contains a value twice' if values else 'is an empty list'}")
        count = prod(len(values) for values in self.axes.values())
        if count > MAX_SETTINGS:
            raise ValueError(
                f"{count} image settings are too many, as each trains a baseline; use at most {MAX_SETTINGS}, or split "
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
    def axes(self) -> dict[str, tuple[object, ...]]:
        """Key → every value that it has, for the keys that may have several."""
        return {"size": self.sizes, "jpeg_quality": self.jpeg_qualities, "dwt": self.transforms}

    @property
    def settings(self) -> tuple[ImageSettings, ...]:
        """Every size with every quality with every transform; the transform changes first, the size last."""
        shared = self.model_dump(exclude=set(self.axes))
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
            pydantic.ValidationError: a list is empty, contains a value twice, or they are too many together.
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


def _as_pairs(value: object) -> object:
    """Several sizes as a list of pairs; one size, a side or [height, width], unchanged."""
    if not isinstance(value, list | tuple) or not (
        len(value) > 2 or any(isinstance(one, list | tuple) for one in value)
    ):
        return value
    return [one if isinstance(one, list | tuple) else (one, one) for one in value]


def _transform(value: object) -> DwtSettings | Literal["off"]:
    if isinstance(value, dict):
        return DwtSettings.model_validate(value)
    if isinstance(value, DwtSettings):
        return value
    if value == OFF:
        return OFF
    raise ValueError(f'a wavelet transform is a table such as {{ wavelet = "haar" }}, or "{OFF}"')


class ImageSettings(ImageGrid):
    """One setting: an image grid of one point."""

    size: Side | HeightWidth = Field(96, title="Size")
    jpeg_quality: JpegQuality = Field(
        0,
        title="JPEG quality",
        description="1 to 95: re-save with optimize (Trad et al. 2022); 0: off.",
        json_schema_extra={"zero": "off"},
    )
    dwt: DwtSettings | None = Field(None, title="Wavelet transform")

    @property
    def height_width(self) -> tuple[int, int]:
        """The size of the resized image in pixels, (height, width)."""
        return (self.size, self.size) if isinstance(self.size, int) else self.size


def parse_images(value: object) -> object:
    """A table or grid as `ImageSettings` where it is one setting only; anything else unchanged."""
    grid = ImageGrid.model_validate(value) if isinstance(value, dict) else value
    if isinstance(grid, ImageGrid) and not isinstance(grid, ImageSettings) and len(grid.settings) == 1:
        return grid.first
    return grid
