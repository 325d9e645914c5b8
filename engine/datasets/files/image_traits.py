"""What is kept of every decoded image to judge a dataset by: hashes, size, mode and brightness."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from engine.imaging.scipy_import import import_scipy

DIGEST_BYTES = 16
REDUCED_SIDE = 64
"""Pixels: twice the side that the perceptual hash is made from."""
LEAST_CONTRAST = 2
"""Of the pixel values: the perceptual hash of a flatter image is noise."""


@dataclass(frozen=True, slots=True)
class ImageTraits:
    """One image as it came, before it is resized."""

    digest: bytes
    """SHA-256 over shape, depth and pixels, its first 16 bytes: equal for equal pixels, whatever file they came in."""
    perceptual_hash: int | None
    """64 bits, alike for images that look alike; None for an image of one colour."""
    height: int
    width: int
    mode: str
    """Such as "8-bit grayscale"."""
    brightest: int
    """The largest pixel value."""

    @property
    def bits(self) -> int:
        """Of a value, 8 or 16."""
        return int(self.mode.partition("-")[0])


def image_traits(image: np.ndarray) -> ImageTraits:
    """The traits of an image (height, width) or (height, width, 3), uint8 or uint16."""
    brightest = int(image.max())
    flat = brightest - int(image.min()) < LEAST_CONTRAST
    return ImageTraits(
        digest=_digest(image),
        perceptual_hash=None if flat else _perceptual_hash(image, brightest),
        height=image.shape[0],
        width=image.shape[1],
        mode=f"{8 * image.dtype.itemsize}-bit {'grayscale' if image.ndim == 2 else 'colour'}",
        brightest=brightest,
    )


def write_traits(path: Path, traits: Sequence[ImageTraits]) -> None:
    """Keep the traits as an `.npz`."""
    np.savez(
        path,
        digests=np.frombuffer(b"".join(one.digest for one in traits), np.uint8).reshape(-1, DIGEST_BYTES),
        hashes=np.asarray([one.perceptual_hash or 0 for one in traits], np.uint64),
        hashed=np.asarray([one.perceptual_hash is not None for one in traits], bool),
        figures=np.asarray([(one.height, one.width, one.brightest) for one in traits], np.int64).reshape(-1, 3),
        modes=np.asarray([one.mode for one in traits], str),
    )


def read_traits(path: Path) -> tuple[ImageTraits, ...]:
    """What `write_traits` kept.

    Raises:
        OSError, ValueError, EOFError, LookupError, zipfile.BadZipFile: the file is missing or damaged.
    """
    with np.load(path, allow_pickle=False) as kept:
        columns = [kept[name] for name in ("digests", "hashes", "hashed", "figures", "modes")]
    return tuple(
        ImageTraits(
            digest.tobytes(), int(value) if hashed else None, int(height), int(width), str(mode), int(brightest)
        )
        for digest, value, hashed, (height, width, brightest), mode in zip(*columns, strict=True)
    )


def _digest(image: np.ndarray) -> bytes:
    digest = hashlib.sha256(f"{image.shape} {image.dtype}".encode())
    digest.update(np.ascontiguousarray(image).data)
    return digest.digest()[:DIGEST_BYTES]


def _perceptual_hash(image: np.ndarray, brightest: int) -> int:
    """ImageHash's phash: the signs of the 8×8 lowest cosine frequencies of a 32×32 grayscale copy, less their median.

    Sixteen bits are stretched to eight first: Pillow would cut them off.
    """
    import_scipy()
    import imagehash

    if image.dtype != np.uint8:
        image = (image.astype(np.float32) * (255 / brightest)).astype(np.uint8)
    picture = Image.fromarray(image).convert("L")
    # Means of whole blocks first: ImageHash's own filter takes twice as long from the full size.
    factor = min(picture.size) // REDUCED_SIDE
    bits = imagehash.phash(picture.reduce(factor) if factor > 1 else picture).hash
    return int.from_bytes(np.packbits(bits).tobytes())
