"""Every format that the program keeps on the disk, with the version that it writes today.

A version is raised when what an earlier one wrote has to be changed to be read. `migrations.py` has the change.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.contract.errors import DataError


@dataclass(frozen=True)
class KeptFormat:
    """One of them."""

    name: str
    """As a sentence has it, such as "the database"."""
    version: int
    """That this program writes, from 1."""
    files: str
    """Where it is, for the documentation."""
    version_in: str
    """What in it says the version."""
    when_earlier: str
    """What is done with an earlier version."""
    when_later: str = "refused with a sentence"


DATABASE_FORMAT = KeptFormat(
    "the database",
    3,
    "`nutshell.sqlite`: runs, stages, measurements, latencies, speeds",
    "`PRAGMA user_version`",
    "migrated in one transaction; copy `nutshell.sqlite.format-N`",
)
RUN_FORMAT = KeptFormat(
    "the run folder",
    2,
    "`runs/ID/`: recipe, splits, pixels, events and digests, notes, predictions, samples, dataset, trials, sensitivity,"
    " hashes, models",
    "`format` in `run.json`; 1 where there is none",
    "migrated when the run is opened; copies in `format-N/`",
)
PREFERENCES_FORMAT = KeptFormat(
    "the preferences",
    1,
    "`preferences.toml` in the user's folder for settings",
    "`format`",
    "taken over from the window's settings, in which they were first",
    "left as it is; the usual ones are used",
)
WINDOW_FORMAT = KeptFormat(
    "the window settings",
    2,
    "Qt's settings of the user: sizes, columns, last draft",
    "`format`; 1 where there is none",
    "migrated at the start; copy in the group `format-1`",
    "left as they are; the window starts with its own",
)
RECIPE_FORMAT = KeptFormat(
    "the recipe",
    1,
    "recipes, drafts (`drafts/*.toml`), `recipe.toml` of runs",
    "`schema`",
    "there is none: every recipe ever written reads today",
)
STAGE_FORMAT = KeptFormat(
    "the stage",
    6,
    "`stages/KEY/`: facts, network, file, evidence; checkpoints",
    "part of the key",
    "computed again under another key; the old one stays",
    "computed again under another key",
)
CACHE_FORMAT = KeptFormat(
    "the prepared images",
    4,
    "`images/KEY/`: pixels, index, traits, checks, hashes, features; unpacked archives",
    "`format` in `index.json`, and part of the key",
    "read from the images again",
    "read from the images again",
)
FEEDING_FORMAT = KeptFormat(
    "the feeding description",
    1,
    "beside each `.tflite` and inside of it: how it is fed",
    "`format`",
    "there is none: it has not changed",
)
REPORT_FORMAT = KeptFormat(
    "the report folder",
    1,
    "what `report` writes; only its list of own files is read again, to replace them",
    "none: a list of names and hashes",
    "there is none: it has not changed",
    "not replaced: name a new folder",
)
DEVICE_FORMAT = KeptFormat(
    "the results of devices",
    1,
    "`runs/ID/devices/`: what other devices measured, and which bundles were made",
    "`format`",
    "there is none: it has not changed",
)
FORMATS = (
    PREFERENCES_FORMAT,
    WINDOW_FORMAT,
    RECIPE_FORMAT,
    DATABASE_FORMAT,
    RUN_FORMAT,
    STAGE_FORMAT,
    CACHE_FORMAT,
    FEEDING_FORMAT,
    REPORT_FORMAT,
    DEVICE_FORMAT,
)


def newer_sentence(what: str, path: Path) -> str:
    """What is said of something that a later version has written, such as "the database"."""
    return f"A later version of Nutshell has written {what} {path}; update the program to open it."


def refuse_newer(kept: KeptFormat, version: int, path: Path) -> None:
    """
    Raises:
        DataError: the version is later than the one that this program writes.
    """
    if version > kept.version:
        raise DataError(newer_sentence(kept.name, path))
