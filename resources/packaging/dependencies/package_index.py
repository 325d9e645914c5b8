"""What the configured index offers to this Python; pip asks it, so that pip's own configuration holds."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name

from dependencies.pins import DependencyError

DRY_RUN = ("install", "--dry-run", "--ignore-installed", "--only-binary", ":all:", "--retries", "1", "--quiet")
"""Wheels only: no lab computer compiles TensorFlow. A second try makes pip say whether the index was reached."""
UNREACHED = re.compile(r"connection broken by|connection error|Could not fetch URL|Max retries exceeded|--no-index")
AT_ONCE = 4
"""Calls of pip: each waits for the index most of its time."""


@dataclass(frozen=True)
class Release:
    """One version of a package, as the index offers it."""

    name: str
    version: str
    requires: tuple[str, ...]
    """As its metadata write them (PEP 508)."""


Releases = dict[str, Release]
"""By canonical name."""


def newest_together(project: Path, extras: Sequence[str]) -> Releases:
    """The newest releases that the ranges of pyproject.toml, and those of all packages, allow together.

    Args:
        project: the folder of pyproject.toml.
        extras: its extras that are wanted too.

    Raises:
        DependencyError: the index cannot be reached, or nothing goes together.
    """
    # A checkout's own folder would be built in place.
    with tempfile.TemporaryDirectory() as folder:
        for name in ("pyproject.toml", "README.md", "LICENSE"):
            (Path(folder) / name).write_bytes((project / name).read_bytes())
        found = _asked([f"{folder}[{','.join(extras)}]"])
    return {key: release for key, release in found.items() if key != "nutshell"}


def newest_alone(names: Iterable[str]) -> Releases:
    """The newest release of each package that this Python can install, whatever the others need.

    Raises:
        DependencyError: the index cannot be reached, or has no wheel of one of them.
    """
    wanted = sorted(names)
    parts = [part for start in range(AT_ONCE) if (part := wanted[start::AT_ONCE])]
    with ThreadPoolExecutor(AT_ONCE) as threads:
        found = list(threads.map(lambda part: _asked(["--no-deps", *part]), parts))
    return {key: release for part in found for key, release in part.items()}


def _asked(arguments: Sequence[str]) -> Releases:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, "-m", "pip", *DRY_RUN, "--report", str(report), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if UNREACHED.search(done.stderr):
            raise DependencyError(
                "pip cannot reach the package index, so nothing is known of newer versions; connect this computer to "
                "the network, or see with `pip config list` which index is set."
            )
        if done.returncode:
            raise DependencyError(f"pip finds no versions that go together: {_said(done.stderr)}")
        installs = json.loads(report.read_text(encoding="utf-8"))["install"]
    return {
        canonicalize_name(one["metadata"]["name"]): Release(
            one["metadata"]["name"], one["metadata"]["version"], tuple(one["metadata"].get("requires_dist") or ())
        )
        for one in installs
    }


def _said(stderr: str) -> str:
    """What pip gives as the error, without its warnings."""
    errors = [line.removeprefix("ERROR: ") for line in stderr.splitlines() if line.startswith("ERROR: ")]
    return " ".join(errors) or stderr.strip()[-400:] or "pip says nothing more"
