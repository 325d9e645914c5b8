"""The software that a run was computed with, kept in its folder: a report made later has to tell it."""

from __future__ import annotations

import json
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from engine.launch.program import VERSION
from engine.store.durable_file import write_durably

ENVIRONMENT_FILE = "environment.json"
PACKAGES = (
    "tensorflow",
    "tf_keras",
    "tensorflow-model-optimization",
    "ai-edge-litert",
    "ai-edge-quantizer",
    "numpy",
)
"""On which weights and figures depend."""


class RunEnvironment(BaseModel):
    """Nothing in it says whose computer it was."""

    model_config = ConfigDict(frozen=True)

    nutshell: str
    python: str
    system: str
    """Such as "Linux x86_64"."""
    packages: dict[str, str]
    """Package → version; only those that are installed."""


_ENVIRONMENTS = TypeAdapter(tuple[RunEnvironment, ...])


def current_environment() -> RunEnvironment:
    """Of this process. Reads metadata only: TensorFlow is not imported."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return RunEnvironment(
        nutshell=VERSION,
        python=platform.python_version(),
        system=f"{platform.system()} {platform.machine()}",
        packages=found,
    )


def note_environment(directory: Path) -> None:
    """Add this process's to those of a run's folder, unless it is the same as the last one's.

    Raises:
        OSError: it cannot be written.
    """
    known, current = read_environments(directory), current_environment()
    if known[-1:] != (current,):
        documents = [one.model_dump() for one in (*known, current)]
        write_durably(directory / ENVIRONMENT_FILE, json.dumps(documents, indent=1))


def read_environments(directory: Path) -> tuple[RunEnvironment, ...]:
    """Those that have computed a run, in order; several where it was resumed after an update; empty: none was noted."""
    try:
        return _ENVIRONMENTS.validate_json((directory / ENVIRONMENT_FILE).read_bytes())
    except (OSError, ValidationError):
        return ()
