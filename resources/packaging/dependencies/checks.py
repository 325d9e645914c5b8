"""What is run with new versions: lint, types, import rules and tests; the quick set is a choice of tests."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.quick import CHECKS, FAST_TESTS

ALL = "all tests"
QUICK = "the quick set"
QUICK_TESTS = (
    *FAST_TESTS,
    # Beside the fast tests: files of images, .tflite files, the window, and a study from end to end.
    "tests/engine/imaging",
    "tests/engine/export/test_quantizer.py",
    "tests/engine/export/test_tflite_conversion.py",
    "tests/ui/test_main_window.py",
    "tests/end_to_end/test_report.py",
)


@dataclass(frozen=True)
class Check:
    """One command."""

    name: str
    command: tuple[str, ...]
    """The program of the environment, and its arguments; for pytest without the tests."""
    tests: tuple[str, ...] = ()
    """For pytest: files, folders or single tests; empty with the whole run, and for the others."""

    @property
    def is_pytest(self) -> bool:
        return self.command[0] == "pytest"


def chosen_checks(everything: bool, checkout: Path) -> tuple[Check, ...]:
    """Lint, types and imports as `tests.quick` has them, and the quick tests or all of them.

    Raises:
        FileNotFoundError: a test of the quick set is not there any more.
    """
    if missing := [test for test in QUICK_TESTS if not (checkout / test).exists()]:
        raise FileNotFoundError(f"The quick set names {missing[0]}, which is not there.")
    linters = tuple(Check(command[0] if command[0] != "ruff" else " ".join(command[:2]), command) for command in CHECKS)
    return (*linters, Check("pytest", ("pytest", "-q"), () if everything else QUICK_TESTS))
