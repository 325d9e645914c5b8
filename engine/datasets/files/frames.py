"""Files with several images: which of them are used, and what those are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engine.contract.findings import Finding, Severity

Frames = Literal["first", "middle", "all"]
NAMES = {"first": "the first", "middle": "the middle one"}


@dataclass(frozen=True)
class HeldImages:
    """How many images a file holds, and how many pages that are not of the first one's size or type."""

    count: int
    odd_pages: int = 0


def chosen_frames(count: int, frames: Frames) -> Sequence[int]:
    """The images that are used of `count`, from 0."""
    if frames == "all":
        return range(count)
    return (count // 2 if frames == "middle" else 0,)


def frame_name(file: str, frame: int) -> str:
    """What one of several images in a file is called: "file#1" is the first."""
    return f"{file}#{frame + 1}"


def file_and_frame(path: Path) -> tuple[Path, int]:
    """The file of such an image and its place in it, from 0; a file's own name may end like that too."""
    file, _, number = str(path).rpartition("#")
    if file and number.isdigit() and not path.exists():
        return Path(file), int(number) - 1
    return path, 0


def frames_finding(counts: Mapping[Path, int], frames: Frames) -> list[Finding]:
    """What is said of files of which one image is used and others are not.

    Args:
        counts: file → images in it, of those with more than one.
    """
    if frames == "all" or not counts:
        return []
    file = next(iter(counts))
    files = "1 file holds" if len(counts) == 1 else f"{len(counts):,} files hold"
    others = "" if frames == "middle" else ' "middle" takes the one in the middle.'
    message = (
        f"{files} several images, such as {file.name} with {counts[file]:,}; only {NAMES[frames]} of each is used. "
        f'With dataset.frames = "all" each is an image of its own.{others}'
    )
    return [Finding(severity=Severity.WARNING, where="dataset.frames", message=message)]


def odd_pages_finding(counts: Mapping[Path, int]) -> list[Finding]:
    """What is said of pages that are left out since they differ from their file's first.

    Args:
        counts: file → such pages in it, of those that have any.
    """
    if not counts:
        return []
    file = next(iter(counts))
    files = "1 file has" if len(counts) == 1 else f"{len(counts):,} files have"
    message = (
        f"{files} pages of another size or number type than the first page, such as {file.name} with {counts[file]:,}; "
        "these pages are left out. To use them, save each as a file of its own."
    )
    return [Finding(severity=Severity.WARNING, where="dataset.path", message=message)]
