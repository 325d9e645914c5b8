"""What an update would bring and what came of its trial, as text, as JSON and as a page of the docs."""

from __future__ import annotations

import json
from dataclasses import asdict

from rich import box
from rich.table import Table

from dependencies.held_back import Outlook, PackageStatus
from dependencies.trial import Trial

SCHEMA = 1
PAGE_HEAD = """# Dependencies

Every package that an installation may bring is pinned in `constraints.txt`; `pyproject.toml` says in which range the
program works with those that it uses itself. This page is written by

```sh
python resources/packaging/updates.py --test
```

How to take an update is told in [contributing](../../CONTRIBUTING.md#updating-what-it-is-built-on).
"""


def outlook_table(outlook: Outlook) -> Table:
    """A row for each package that is behind, held back or not pinned."""
    table = Table("Package", "Pinned", "Newest possible", "Newest", "Held back by", box=box.SIMPLE)
    for one in told_packages(outlook):
        table.add_row(one.name, one.pinned or "–", one.allowed, one.newest, "\n".join(one.held_back_by))
    return table


def told_packages(outlook: Outlook) -> tuple[PackageStatus, ...]:
    """Those of which there is something to say; the others are pinned at their newest version."""
    return tuple(one for one in outlook.packages if one.is_behind or one.is_held_back or not one.pinned)


def outlook_lines(outlook: Outlook) -> tuple[str, ...]:
    """The table in sentences."""
    count, behind, held = len(outlook.packages), len(outlook.behind), len(outlook.held_back)
    lines = [f"Of {count} packages, {behind} can be newer, and {held} have a newer version that others do not allow."]
    if outlook.unpinned:
        lines.append(
            f"Installed without a pin, so that their version is not reproduced: {', '.join(outlook.unpinned)}."
        )
    if outlook.not_needed:
        lines.append(f"Pinned, and not needed on this system and Python: {', '.join(outlook.not_needed)}.")
    return tuple(lines)


def trial_lines(trial: Trial) -> tuple[str, ...]:
    """What came of the trial, in sentences."""
    again = [f"Failed at first, and passed when it was run again alone: {test}" for test in trial.second_try]
    if trial.passed:
        return (f"With all newest possible versions together, {trial.checks_name} passed.", *again)
    failed = ", ".join(result.check.name for result in trial.results if not result.passed)
    lines = [f"With all newest possible versions together, of {trial.checks_name} this failed: {failed}."]
    if trial.broken_before:
        lines.append(
            f"With the pinned versions this fails too: {', '.join(trial.broken_before)}. So no update was held to "
            "blame; mend that first, then try again."
        )
    else:
        names = "; ".join(" with ".join(group) for group in trial.broken)
        lines.append(f"Left out, found by halving the list of updates: {names}. Without them what failed passes.")
    tests = [test for result in trial.results for test in result.failed_tests if test not in trial.second_try]
    return (*lines, *(f"Failed test: {test}" for test in tests), *again)


def as_json(outlook: Outlook, trial: Trial | None) -> str:
    """`{"schema", "packages", "unpinned", "not_needed", "trial"}`, with the fields of `PackageStatus` and `Trial`."""
    packages = [asdict(one) | {"behind": one.is_behind, "held_back": one.is_held_back} for one in outlook.packages]
    told = None if trial is None else asdict(trial) | {"passed": trial.passed}
    document = {
        "schema": SCHEMA,
        "packages": packages,
        "unpinned": outlook.unpinned,
        "not_needed": outlook.not_needed,
        "trial": told,
    }
    return json.dumps(document, indent=1) + "\n"


def page(outlook: Outlook, trial: Trial) -> str:
    """The page `resources/docs/dependencies.md`."""
    rows = [
        f"| {one.name} | {one.pinned or '–'} | {one.allowed} | {one.newest} | {_cell('; '.join(one.held_back_by))} |"
        for one in told_packages(outlook)
    ]
    checks = [
        f"| {result.check.name} | {'passed' if result.passed else '**failed**'} | {result.seconds:.0f} | "
        f"{_cell(result.summary)} |"
        for result in trial.results
    ]
    parts = [
        PAGE_HEAD,
        f"## Last trial: {trial.day}\n\n{trial.machine}.\n",
        "\n".join(f"- {line}" for line in (*outlook_lines(outlook), *trial_lines(trial))) + "\n",
        "| package | pinned | newest possible | newest | held back by |\n| --- | --- | --- | --- | --- |\n"
        + "\n".join(rows)
        + "\n",
        "Newest possible: together with all others, within the ranges of `pyproject.toml`. Packages that are not "
        "listed are pinned at\ntheir newest version.\n",
        "| check | with the newest possible versions | seconds | last line |\n| --- | --- | --- | --- |\n"
        + "\n".join(checks)
        + "\n",
    ]
    return "\n".join(parts)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
