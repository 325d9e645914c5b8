"""How much of an image resizing and re-saving keep, as PSNR and SSIM over some images."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from engine.contract.image_settings import ImageSettings
from engine.contract.measurements import ImageFidelity, Spread
from engine.imaging.normalisation import coloured, resaved, resize
from engine.imaging.scipy_import import import_scipy

LARGEST_COMPARED_PIXELS = 512
SSIM_WINDOW = 7


def spread(values: Iterable[float]) -> Spread:
    """Mean, least and greatest of at least one value."""
    several = [float(value) for value in values]
    return Spread(mean=sum(several) / len(several), least=min(several), greatest=max(several))


def psnr_db(reference: np.ndarray, image: np.ndarray, largest: float) -> float:
    """Peak signal-to-noise ratio, 10 log₁₀(largest² / mean squared error), in dB; infinite for equal arrays."""
    error = float(np.square(reference.astype(np.float64) - image).mean())
    return 10 * float(np.log10(largest**2 / error)) if error else float("inf")


def resize_fidelity(images: Sequence[np.ndarray], settings: ImageSettings) -> ImageFidelity | None:
    """Resized images, brought back to their size by the same filter, against the images themselves.

    Args:
        images: (height, width) or (height, width, 3), uint8 or uint16, the originals; those too small for a window of
            SSIM are skipped, and None is returned if all are.
    """
    pairs = []
    for image in images:
        if min(image.shape[:2]) < SSIM_WINDOW:
            continue
        reference = _shrunk(coloured(image, settings.color), settings)
        resized = resize(reference, settings.height_width, settings.resample)
        height, width = reference.shape[:2]
        pairs.append((reference, resize(resized, (height, width), settings.resample)))
    return _fidelity(pairs) if pairs else None


def jpeg_fidelity(images: Sequence[np.ndarray], settings: ImageSettings) -> ImageFidelity | None:
    """Images read back from their JPEG files against the resized ones before saving; None where no quality is set."""
    if not settings.jpeg_quality or not images:
        return None
    pairs = []
    for image in images:
        resized = resize(coloured(image, settings.color), settings.height_width, settings.resample)
        before = resized if resized.dtype == np.uint8 else (resized >> 8).astype(np.uint8)
        pairs.append((before, resaved(resized, settings.jpeg_quality)[0]))
    return _fidelity(pairs)


def _shrunk(image: np.ndarray, settings: ImageSettings) -> np.ndarray:
    """At most `LARGEST_COMPARED_PIXELS` per side: a photograph would take seconds."""
    height, width = image.shape[:2]
    share = LARGEST_COMPARED_PIXELS / max(height, width)
    if share >= 1:
        return image
    return resize(image, (max(round(height * share), SSIM_WINDOW), max(round(width * share), SSIM_WINDOW)), "lanczos")


def _fidelity(pairs: Sequence[tuple[np.ndarray, np.ndarray]]) -> ImageFidelity:
    import_scipy()
    from skimage.metrics import structural_similarity

    ratios, similarities = [], []
    for reference, image in pairs:
        largest = float(np.iinfo(reference.dtype).max)
        ratios.append(psnr_db(reference, image, largest))
        # Of the luminance, as SSIM is defined; and all channels would take three times as long.
        before, after = (coloured(each, "grayscale")[:, :, 0] for each in (reference, image))
        similarities.append(structural_similarity(before, after, win_size=SSIM_WINDOW, data_range=largest))
    finite = [ratio for ratio in ratios if np.isfinite(ratio)]
    return ImageFidelity(
        images=len(pairs),
        identical=len(ratios) - len(finite),
        psnr_db=spread(finite) if finite else None,
        ssim=spread(similarities),
    )
