"""Tells which pins of constraints.txt are behind, and tries the newest versions.

python resources/packaging/updates.py                 a table: pinned, newest possible, newest, what holds it back
python resources/packaging/updates.py --test [--all]  installs the newest possible versions in a fresh environment, runs
                                                      the quick checks there (--all: every test), finds what breaks
                                                      them, and writes resources/docs/dependencies.md
python resources/packaging/updates.py --test --take   also writes what passed into constraints.txt

Exit code 0: done; 3: the index cannot be reached, or an update breaks something.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# The checks are those of `tests.quick`; the processor's name is read as for measurements.
sys.path.insert(0, str(ROOT))

from dependencies.checks import ALL, QUICK, chosen_checks  # noqa: E402
from dependencies.held_back import Outlook, look  # noqa: E402
from dependencies.pins import DependencyError, Pin, read_pins, with_versions  # noqa: E402
from dependencies.trial import Trial, run_trial  # noqa: E402
from dependencies.trial_environment import TrialEnvironment  # noqa: E402
from dependencies.updates_text import as_json, outlook_lines, outlook_table, page, trial_lines  # noqa: E402
from ui.terminal.plain_console import plain_console  # noqa: E402

CONSTRAINTS = ROOT / "constraints.txt"
PAGE = ROOT / "resources" / "docs" / "dependencies.md"
FAILED = 3


def main(arguments: list[str]) -> int:
    """Returns the exit code."""
    chosen = _parser().parse_args(arguments)
    if (chosen.all or chosen.take or chosen.folder) and not chosen.test:
        _parser().error("--all, --take and --folder belong to --test")
    try:
        return _run(chosen)
    except DependencyError as error:
        sys.stderr.write(f"{error}\n")
        return FAILED


def _run(chosen: argparse.Namespace) -> int:
    pins = read_pins(CONSTRAINTS)
    _tell("Asking the package index; this takes some minutes…")
    found = look(ROOT, pins)
    console = plain_console(quiet=chosen.json is not None and str(chosen.json) == "-")
    console.print(outlook_table(found))
    for line in outlook_lines(found):
        console.print(line, soft_wrap=True, highlight=False, markup=False)
    trial = _tried(found, pins, chosen) if chosen.test else None
    if trial is not None:
        for line in trial_lines(trial):
            console.print(line, soft_wrap=True, highlight=False, markup=False)
        PAGE.write_text(page(found, trial), encoding="utf-8")
        if chosen.take and (taken := trial.taken(found)):
            CONSTRAINTS.write_text(with_versions(CONSTRAINTS.read_text(encoding="utf-8"), taken), encoding="utf-8")
    if chosen.json is not None:
        _write_json(chosen.json, as_json(found, trial))
    return FAILED if trial is not None and not trial.passed else 0


def _tried(found: Outlook, pins: dict[str, Pin], chosen: argparse.Namespace) -> Trial:
    checks = chosen_checks(chosen.all, ROOT)
    with tempfile.TemporaryDirectory(dir=chosen.folder, ignore_cleanup_errors=True) as folder:
        environment = TrialEnvironment(Path(folder), ROOT)
        return run_trial(environment, found, pins, checks, ALL if chosen.all else QUICK, _tell)


def _write_json(path: Path, text: str) -> None:
    if str(path) == "-":
        sys.stdout.write(text)
        return
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise DependencyError(f"--json {path} cannot be written ({error.strerror}); name another file.") from None


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("updates.py", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--test", action="store_true", help="try the newest versions in a fresh environment")
    parser.add_argument("--all", action="store_true", help="with --test: run every test")
    parser.add_argument("--take", action="store_true", help="with --test: write what passed into constraints.txt")
    parser.add_argument(
        "--folder", type=Path, metavar="DIR", help="with --test: make the environment there (some 5 GB)"
    )
    parser.add_argument(
        "--json", type=Path, nargs="?", const=Path("-"), metavar="FILE", help="as JSON (without FILE: nothing else)"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
