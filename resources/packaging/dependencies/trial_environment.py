"""A fresh environment with chosen versions, in which checks are run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import venv
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from dependencies.checks import Check
from dependencies.pins import DependencyError

LAST_LINES = 40
PYTEST_TESTS_FAILED = 1


@dataclass(frozen=True)
class CheckResult:
    """How one check ended."""

    check: Check
    passed: bool
    seconds: float
    output: str
    """The last lines of what it printed."""
    failed_tests: tuple[str, ...] = ()
    """Of pytest, as it names them; empty where it did not come as far as that."""

    @property
    def summary(self) -> str:
        """Its last line."""
        lines = self.output.strip().splitlines()
        return lines[-1].strip("= ") if lines else ""

    @property
    def narrowed(self) -> Check:
        """The check, of what failed only."""
        return replace(self.check, tests=self.failed_tests) if self.failed_tests else self.check


class TrialEnvironment:
    """A virtual environment in a folder of its own; the checks run in the checkout."""

    def __init__(self, folder: Path, checkout: Path) -> None:
        self._folder = folder / "environment"
        self._cache = folder / "pytest"
        self._checkout = checkout
        self._installed: dict[str, str] = {}
        # The pip of this Python installs into it.
        venv.EnvBuilder(with_pip=False, symlinks=os.name != "nt").create(self._folder)

    def install(self, versions: Mapping[str, str]) -> None:
        """Make these the installed versions; only what differs is installed.

        Args:
            versions: canonical name → version; complete, as nothing else is installed with them.

        Raises:
            DependencyError: pip does not install them.
        """
        changed = [f"{name}=={version}" for name, version in versions.items() if self._installed.get(name) != version]
        if not changed:
            return
        command = (sys.executable, "-m", "pip", "--python", str(self._program("python")), "install", "--quiet")
        # Wheels, as the index was asked for them; complete, so that pip need not look for more.
        done = self._run((*command, "--no-deps", "--only-binary", ":all:", *changed))
        if done.returncode:
            raise DependencyError(f"pip cannot install the versions to try: {done.stderr.strip()[-400:]}")
        self._installed |= versions

    def conflicts(self) -> tuple[str, ...]:
        """What `pip check` says of versions that do not go together."""
        done = self._run((sys.executable, "-m", "pip", "--python", str(self._program("python")), "check"))
        return tuple(done.stdout.strip().splitlines()) if done.returncode else ()

    def run(self, check: Check) -> CheckResult:
        """Run one check with what is installed."""
        started = time.perf_counter()
        arguments = check.command[1:]
        if check.is_pytest:
            arguments = (*arguments, "-o", f"cache_dir={self._cache}", *check.tests)
        done = self._run((str(self._program(check.command[0])), *arguments))
        output = "\n".join((done.stdout + done.stderr).splitlines()[-LAST_LINES:])
        failed = self._failed_tests() if check.is_pytest and done.returncode == PYTEST_TESTS_FAILED else ()
        return CheckResult(check, done.returncode == 0, time.perf_counter() - started, output, failed)

    def _failed_tests(self) -> tuple[str, ...]:
        try:
            return tuple(json.loads((self._cache / "v/cache/lastfailed").read_text(encoding="utf-8")))
        except OSError:
            return ()

    def _program(self, name: str) -> Path:
        return self._folder / ("Scripts" if os.name == "nt" else "bin") / (f"{name}.exe" if os.name == "nt" else name)

    def _run(self, command: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
        # The caller's own environment must not show through.
        hidden = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}
        environment = {key: value for key, value in os.environ.items() if key not in hidden}
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
        return subprocess.run(command, cwd=self._checkout, env=environment, capture_output=True, text=True, check=False)
