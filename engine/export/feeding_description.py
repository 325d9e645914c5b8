"""How to feed a shipped `.tflite`: JSON beside the file and inside it, and what TFLite metadata can say of it."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from engine.contract.image_settings import ImageSettings
from engine.contract.measurements import DecisionThreshold
from engine.contract.pixel_reading import AS_STORED, PixelReading
from engine.export.metadata_embedding import with_metadata
from engine.export.metadata_tables import ImageInput, LabelledOutput, metadata_flatbuffer
from engine.feeding.pipeline import ImagePipeline
from engine.imaging.scale import SCALES, Normalization
from engine.imaging.wavelet import MODE
from engine.measurement.tflite_file import TfliteFile
from engine.measurement.tflite_graph import EndTensor

LABELS_FILE, FEEDING_FILE = "labels.txt", "feeding.json"
"""What the `.tflite` carries with it, as a ZIP archive at its end."""

COLOURS = {
    "rgb": "three channels: red, green, blue",
    "grayscale": "one channel: of colours 0.299 red + 0.587 green + 0.114 blue, rounded",
}
PIXEL_OF_METADATA = 255
"""The largest pixel value for readers of TFLite metadata."""
LONGEST_FRACTION = 1.2345678901234567e-05
"""As text: what has the most characters of all from 0 to 1."""
SUBBAND_SENTENCE = (
    "Transform it with the {wavelet} wavelet ({mode}), {level} times, each time the approximation only and all "
    "subbands divided by 2; feed as channels {subbands} of the last time, all colours of the first, then of the next."
)


class Feeding(BaseModel):
    """From an image file to the network's input, and from its output to a class."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    how: tuple[str, ...]
    """The steps in words, in their order."""
    input: EndTensor
    reading: PixelReading = AS_STORED
    """What is done to an image before it is resized."""
    images: ImageSettings
    largest_value: int
    """Of a pixel: 255, or 65535 where some image has 16 bits; all scales but "per_image_max" divide by it."""
    mean: tuple[float, ...] = ()
    """A channel, of the input scaled to 0..1 (and transformed); for scale "standardize"."""
    deviation: tuple[float, ...] = ()
    output: EndTensor
    output_kind: Literal["sigmoid", "softmax"]
    """sigmoid: one value, the probability of the second class; softmax: one value per class."""
    classes: tuple[str, ...]
    threshold: DecisionThreshold | None = None
    """Of two classes: another border than the larger probability, which was chosen on the validation images."""

    @classmethod
    def of(
        cls,
        pipeline: ImagePipeline,
        classes: tuple[str, ...],
        file: TfliteFile,
        threshold: DecisionThreshold | None = None,
    ) -> Feeding:
        """What a network that was trained through `pipeline` has to be fed, and what its file takes and gives."""
        single = file.output.shape[-1] == 1
        return cls(
            how=(*_image_steps(pipeline), *_border_steps(file, classes, threshold)),
            input=file.input,
            reading=pipeline.reading,
            images=pipeline.settings,
            largest_value=pipeline.largest_value,
            mean=pipeline.mean,
            deviation=pipeline.deviation,
            output=file.output,
            output_kind="sigmoid" if single else "softmax",
            classes=classes,
            threshold=threshold,
        )

    def pipeline(self) -> ImagePipeline:
        """The arithmetic from resized pixels to the network's input."""
        return ImagePipeline(self.images, self.largest_value, self.mean, self.deviation, self.reading)

    @property
    def labels(self) -> tuple[str, ...]:
        """The class whose probability each value of the output is."""
        return self.classes[1:] if self.output_kind == "sigmoid" else self.classes

    @property
    def normalization(self) -> Normalization | None:
        """Mean and deviation of (pixel - mean) / deviation per channel; None if pixels are not fed so.

        Readers of TFLite metadata give pixels of eight bits. Those are put on the scale of 16-bit ones first where both
        came, which is to divide them by 255; a study of 16-bit images alone has no such pixels.
        """
        if self.images.dwt is not None or 8 not in self.reading.depths:
            return None
        if not self.mean:
            return SCALES[self.images.scale].normalization(PIXEL_OF_METADATA)
        scaled = (tuple(PIXEL_OF_METADATA * value for value in values) for values in (self.mean, self.deviation))
        mean, deviation = scaled
        return mean, deviation


def described(
    content: bytes, pipeline: ImagePipeline, classes: tuple[str, ...], threshold: DecisionThreshold | None = None
) -> tuple[bytes, str]:
    """The `.tflite` that ships, with metadata inside, and its JSON; equal files stay equal.

    Raises:
        NutshellError: it is no `.tflite`, or too large to carry metadata.
    """
    feeding = Feeding.of(pipeline, classes, TfliteFile.parse(content), threshold)
    document = feeding.model_dump_json(indent=2, exclude_none=True) + "\n"
    labels = "".join(f"{' '.join(label.splitlines())}\n" for label in feeding.labels)
    files = {LABELS_FILE: labels.encode(), FEEDING_FILE: document.encode()}
    return with_metadata(content, _metadata(feeding), files), document


def most_described_bytes(
    content: bytes, pipeline: ImagePipeline, classes: tuple[str, ...], wanted_sensitivity: float, validation_images: int
) -> int:
    """What the `.tflite` takes at most once it is described; of two classes, whatever decision threshold is chosen."""
    threshold = None
    if len(classes) == 2:
        threshold = DecisionThreshold(
            positive=max(classes, key=lambda name: len(name.encode())),
            value=LONGEST_FRACTION,
            wanted_sensitivity=wanted_sensitivity,
            validation_sensitivity=LONGEST_FRACTION,
            validation_specificity=LONGEST_FRACTION,
            validation_images=validation_images,
        )
    return len(described(content, pipeline, classes, threshold)[0])


def _metadata(feeding: Feeding) -> bytes:
    images = feeding.images
    height, width, _ = feeding.input.shape[1:]
    *to_feed, answer = feeding.how
    said = "" if feeding.normalization else f" No fixed mean and deviation says this: see {FEEDING_FILE}."
    image = ImageInput(
        name=feeding.input.name,
        description=" ".join(to_feed) + said,
        color=images.color if images.dwt is None else None,
        height_width=(height, width),
        normalization=feeding.normalization,
    )
    return metadata_flatbuffer(
        name="Image classifier",
        description=f"Tells {', '.join(feeding.classes[:-1])} and {feeding.classes[-1]} apart. "
        + " ".join(feeding.how),
        image=image,
        output=LabelledOutput(feeding.output.name, answer, LABELS_FILE),
        described_in=FEEDING_FILE,
    )


def _image_steps(pipeline: ImagePipeline) -> list[str]:
    images = pipeline.settings
    height, width = images.height_width
    reading = pipeline.reading
    steps = [*reading.steps]
    if reading.value_range is not None:
        low, high = reading.value_range
        which = (
            "all values" if reading.value_range_of == "all" else "fractions, signed values and those of over 16 bits"
        )
        steps.append(
            f"Put {which} on one scale: (value - {low:.9g}) / ({high:.9g} - {low:.9g}), cut to 0 to 1, times "
            "65535, rounded: an image of 16 bits."
        )
    steps.append(f"Give it {COLOURS[images.color]}.")
    deep = " An image of 16 bits is resized as 32-bit floats, a channel at a time, then rounded and cut to 0 to 65535."
    steps.append(
        f"If it has another size, resize it to {height}×{width} pixels (height × width) with Pillow's "
        f"{images.resample} filter.{deep if 16 in reading.depths else ''}"
    )
    if images.jpeg_quality:
        upper = "Of 16 bits keep the upper eight (value // 256). " if 16 in reading.depths else ""
        steps.append(
            f"{upper}Save it as JPEG of quality {images.jpeg_quality}, as Pillow does with optimize, and read it back."
        )
    elif reading.widens:
        steps.append("Multiply the values of an image of 8 bits by 257, so that 255 becomes 65535.")
    steps += SCALES[images.scale].steps(pipeline.largest_value)
    if images.dwt is not None:
        dwt = images.dwt
        steps.append(
            SUBBAND_SENTENCE.format(wavelet=dwt.wavelet, mode=MODE, level=dwt.level, subbands=", ".join(dwt.subbands))
        )
        if dwt.threshold:
            others = "bring the others nearer to zero by it" if dwt.threshold_mode == "soft" else "leave the others"
            steps.append(f"Set detail values (not of LL) below {dwt.threshold:g} in magnitude to zero, and {others}.")
    if pipeline.mean:
        steps.append("Subtract the mean of each channel and divide by its deviation.")
    return steps


def _border_steps(file: TfliteFile, classes: tuple[str, ...], threshold: DecisionThreshold | None) -> list[str]:
    steps = []
    if file.input.scale is not None:
        limits = np.iinfo(file.input.dtype)
        steps.append(
            f"Quantise it to {file.input.dtype}: round(value / {file.input.scale:.9g}) + {file.input.zero_point}, and "
            f"limit that to {limits.min} … {limits.max}."
        )
    read = "" if file.output.scale is None else f"scale {file.output.scale:.9g}, zero point {file.output.zero_point}; "
    if file.output.shape[-1] == 1:
        answer = f'{read}one value, the probability of "{classes[1]}"; from 0.5 on decide so, else for "{classes[0]}".'
    else:
        answer = f"{read}one probability per class, in the order of the classes; decide for the largest."
    if threshold is not None:
        reached = (
            f"{threshold.validation_sensitivity:.3f} of its images are found then, and "
            f"{threshold.validation_specificity:.3f} of the others kept out, of {threshold.validation_images} "
            "validation images."
        )
        answer += f' Or decide for "{threshold.positive}" from {threshold.value:.6g} on: {reached}'
    steps.append(f"Output: {answer}")
    return steps
