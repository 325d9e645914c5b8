"""Lint, types, imports and the fast tests, in under two minutes: python -m tests.quick

The whole run is `python -m pytest`, some eight minutes on two cores.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FAST_TESTS = (
    "tests/engine/contract",
    "tests/engine/chain",
    "tests/engine/store",
    "tests/engine/backbones",
    "tests/ui/test_wording.py",
    "tests/ui/test_reference_page.py",
    "tests/ui/results",
    "tests/test_imports.py",
)
CHECKS: tuple[tuple[str, ...], ...] = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "--quiet", "."),
    ("mypy",),
    ("lint-imports", "--no-logo"),
)


def main() -> int:
    """Run all, and return 1 where one has failed."""
    failed = []
    tools = Path(sys.executable).parent
    commands = [(command[0], (str(tools / command[0]), *command[1:])) for command in CHECKS]
    commands.append(("pytest", (sys.executable, "-m", "pytest", "-q", "-x", *FAST_TESTS)))
    for name, command in commands:
        started = time.perf_counter()
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        print(f"{name}: {'passed' if done.returncode == 0 else 'FAILED'}, {time.perf_counter() - started:.0f} s")
        if done.returncode:
            failed.append(name)
            print(done.stdout + done.stderr)
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
