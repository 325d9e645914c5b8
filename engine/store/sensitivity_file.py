"""Measured sensitivities, kept beside what they are of, so that none is measured twice."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from pydantic import ValidationError

from engine.contract.document import Document
from engine.contract.sensitivity import Sensitivity
from engine.store.durable_file import write_durably

FOLDER = "sensitivity"
RESULTS_VERSION = 1
"""Raised when the same network would give other figures, so that older ones are measured again."""


def sensitivity_key(settings: Document) -> str:
    """SHA-256 over all that the figures depend on."""
    canonical = json.dumps([RESULTS_VERSION, settings], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def kept_sensitivity(directory: Path, key: str) -> Sensitivity | None:
    """What was measured before; None where it was not, or the file is damaged.

    Args:
        directory: a run's folder, or a stage's.
    """
    return _read(_file(directory, key))


def keep_sensitivity(directory: Path, key: str, found: Sensitivity) -> None:
    """
    Raises:
        OSError: the folder cannot be written.
    """
    write_durably(_file(directory, key), found.model_dump_json(by_alias=True, indent=1) + "\n")


def kept_sensitivities(directory: Path) -> tuple[Sensitivity, ...]:
    """All that is kept there, the newest first; what cannot be read is left out."""
    files = [(file.stat().st_mtime, file) for file in (directory / FOLDER).glob("*.json")]
    found = (_read(file) for _, file in sorted(files, reverse=True))
    return tuple(one for one in found if one is not None)


def _file(directory: Path, key: str) -> Path:
    return directory / FOLDER / f"{key}.json"


def _read(file: Path) -> Sensitivity | None:
    try:
        return Sensitivity.model_validate_json(file.read_bytes())
    except (OSError, ValidationError):
        return None
