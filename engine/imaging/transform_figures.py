"""What a wavelet transform keeps of images: energy per subband, reconstruction error, and the real codec's bytes."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image, features

from engine.contract.image_settings import DwtSettings
from engine.contract.measurements import Reconstruction, Spread, TransformFigures
from engine.imaging.fidelity import psnr_db, spread
from engine.imaging.wavelet import SUBBANDS, decompose_levels, recompose

DETAILS = SUBBANDS[1:]
ROUNDING_DB = 90.0
"""A PSNR above it is the rounding of 32-bit floats and no loss: eight bits end at 59 dB."""
LOSSLESS_DB = 59.0
MAX_IMAGES, MAX_PIXELS = 16, 2**21
"""JPEG 2000 takes a second or two for so many pixels in colour."""


def images_looked_at(height: int, width: int) -> int:
    """How many images of a size are enough to be looked at, and few enough to be so in about a second."""
    return max(2, min(MAX_IMAGES, MAX_PIXELS // (height * width)))


def transform_figures(images: np.ndarray, settings: DwtSettings) -> TransformFigures:
    """The figures over some images of one size.

    Args:
        images: (n, height, width, 1 or 3), uint8 or uint16, n at least 1.
    """
    batch = images.astype(np.float32) / np.iinfo(images.dtype).max
    height, width = batch.shape[1:3]
    kept = decompose_levels(batch, settings.model_copy(update={"threshold": 0.0}))
    cut = decompose_levels(batch, settings)
    nothing: Mapping[str, np.ndarray] = {}
    fed: Mapping[str, np.ndarray] = {str(name): cut[-1][name] for name in settings.subbands}
    as_fed = recompose([*[nothing] * (settings.level - 1), fed], settings.wavelet, (height, width))
    ratios = [psnr_db(image, again, 1.0) for image, again in zip(batch, as_fed, strict=True)]
    return TransformFigures(
        images=len(images),
        energy_share=tuple(energy_share(bands) for bands in kept),
        zeroed_fraction=_zeroed(kept, cut),
        thresholded=_reconstruction(batch, recompose(cut, settings.wavelet, (height, width))),
        fed=_reconstruction(batch, as_fed),
        jpeg2000_bytes=_jpeg2000(images, [None] * len(images)),
        jpeg2000_bytes_as_fed=_jpeg2000(images, [ratio if ratio < LOSSLESS_DB else None for ratio in ratios]),
    )


def energy_share(bands: Mapping[str, np.ndarray]) -> dict[str, float]:
    """Subband → its share of the sum of squares of them all, 0 to 1."""
    energy = {name: float(np.square(band).sum()) for name, band in bands.items()}
    total = sum(energy.values()) or 1.0
    return {name: value / total for name, value in energy.items()}


def jpeg2000_bytes(image: np.ndarray, ratio_db: float | None = None) -> int:
    """The bytes of an image (height, width, 1 or 3), at eight bits, as a JPEG 2000 file.

    Args:
        ratio_db: the PSNR that is enough; None: without loss.

    Raises:
        OSError: Pillow was built without the codec.
    """
    if image.dtype == np.uint16:
        image = (image >> 8).astype(np.uint8)
    picture = Image.fromarray(image[:, :, 0] if image.shape[2] == 1 else image)
    stream = io.BytesIO()
    if ratio_db is None:
        picture.save(stream, "JPEG2000")
    else:
        picture.save(stream, "JPEG2000", irreversible=True, quality_mode="dB", quality_layers=[max(ratio_db, 1.0)])
    return stream.tell()


def _jpeg2000(images: np.ndarray, ratios_db: Sequence[float | None]) -> Spread | None:
    if not features.check("jpg_2000"):
        return None
    return spread(jpeg2000_bytes(image, ratio) for image, ratio in zip(images, ratios_db, strict=True))


def _zeroed(kept: Sequence[Mapping[str, np.ndarray]], cut: Sequence[Mapping[str, np.ndarray]]) -> float:
    """Of the detail coefficients, those that are zero only by the threshold."""
    pairs = [(before[name], after[name]) for before, after in zip(kept, cut, strict=True) for name in DETAILS]
    zeroed = sum(int(np.count_nonzero((before != 0) & (after == 0))) for before, after in pairs)
    return zeroed / sum(before.size for before, _ in pairs)


def _reconstruction(batch: np.ndarray, again: np.ndarray) -> Reconstruction:
    ratios, errors = [], []
    for image, made in zip(batch, again, strict=True):
        ratios.append(psnr_db(image, made, 1.0))
        norm = float(np.linalg.norm(image)) or 1.0
        errors.append(float(np.linalg.norm(image - made)) / norm)
    lossy = [ratio for ratio in ratios if ratio < ROUNDING_DB]
    return Reconstruction(psnr_db=spread(lossy) if lossy else None, relative_l2=spread(errors))
