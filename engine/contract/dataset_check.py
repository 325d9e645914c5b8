"""What a check of every image of a dataset found: only the facts; findings say what they mean."""

from __future__ import annotations

from pydantic import Field

from engine.contract.findings import Finding
from engine.contract.measurements import Measured


class DuplicateImage(Measured):
    """An image with an earlier copy, exact or near."""

    path: str
    split: str
    class_name: str
    copy_of: str
    """The path of the image that stays first: that of the later split, else the one listed before."""
    copy_split: str
    copy_class: str
    exact: bool
    """Whether the pixels are the same; else the perceptual hashes are near."""
    distance: int
    """Differing bits of the perceptual hashes, 0 to 64."""
    left_out: bool


class DatasetCheck(Measured):
    """Of one dataset with its split."""

    images: int
    """Readable ones, before any are left out."""
    sizes: dict[str, int] = Field(default_factory=dict)
    """"height×width" → images, the most frequent first."""
    modes: dict[str, dict[str, int]] = Field(default_factory=dict)
    """Such as "8-bit grayscale" → class → images."""
    brightest_of_16_bit: int = 0
    """The largest pixel value of all images of sixteen bits; 0 where there are none."""
    exact_duplicates: int = 0
    """Images with the same pixels as one before them."""
    near_duplicates: int = 0
    """Others that are nearly identical to one before them."""
    near_duplicate_bits: int = 0
    """The largest distance between perceptual hashes that counts as near."""
    exact_leaks: int = 0
    """Images with the same pixels as one in another split."""
    near_leaks: int = 0
    conflicts: int = 0
    """Exact duplicates that are of another class than the image before."""
    left_out: int = 0
    duplicates: tuple[DuplicateImage, ...] = ()
    """One entry for each image that has a copy before it, those in two splits first; at most `MAX_LISTED`."""


class DatasetReport(Measured):
    """A run's `dataset.json`."""

    check: DatasetCheck
    findings: tuple[Finding, ...]


MAX_LISTED = 10_000
