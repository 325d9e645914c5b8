"""What a run keeps to tell later whether its images are still the same: a digest of the pixels of each."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from engine.contract.errors import DataError
from engine.datasets.cache.prepared import PreparedDataset
from engine.store.durable_file import write_durably

COLUMNS = ("path", "digest")


def pixels_file(split: Path) -> Path:
    """The digests of the images that a table of splits has: "pixels-2.csv" beside "split-2.csv"."""
    return split.with_name(split.name.replace("split", "pixels", 1))


def write_pixel_digests(split: Path, dataset: PreparedDataset) -> None:
    """Write path and digest of every image that could be read, those that are left out included.

    Repetitions mostly divide the same images in other ways: what "pixels.csv" has is not written again.
    """
    rows = dict(zip(dataset.paths, dataset.pixel_digests, strict=True))
    first = split.with_name("pixels.csv")
    if pixels_file(split) != first and read_pixel_digests(first) == rows:
        return
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows.items())
    write_durably(pixels_file(split), text.getvalue())


def kept_digests(split: Path) -> dict[str, str]:
    """Path → digest, of the images in a table of splits; empty where the run is of a version that kept none.

    Raises:
        DataError: the file is damaged.
    """
    own = pixels_file(split)
    return read_pixel_digests(own if own.is_file() else split.with_name("pixels.csv"))


def read_pixel_digests(path: Path) -> dict[str, str]:
    """Path → digest; empty where there is no such file.

    Raises:
        DataError: the file is damaged.
    """
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            rows = csv.DictReader(stream)
            if tuple(rows.fieldnames or ()) != COLUMNS:
                raise csv.Error
            return {row["path"]: row["digest"] for row in rows}
    except FileNotFoundError:
        return {}
    except (OSError, KeyError, ValueError, csv.Error):
        raise DataError(f"{path} is damaged, so the images cannot be compared with those of the run.") from None
