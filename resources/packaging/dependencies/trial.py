"""The tests with the newest versions: all at once, and where that fails, which update breaks them."""

from __future__ import annotations

import datetime
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from dependencies.bisection import breaking_updates
from dependencies.checks import Check
from dependencies.held_back import Outlook
from dependencies.pins import DependencyError, Pin
from dependencies.trial_environment import CheckResult, TrialEnvironment
from dependencies.update_groups import Group, grouped_updates
from engine.measurement.machine import core_count, cpu_name

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Trial:
    """What came of it."""

    day: str
    """ISO 8601."""
    machine: str
    checks_name: str
    """Which checks were run."""
    results: tuple[CheckResult, ...]
    """Of each check, with all updates at once."""
    broken: tuple[Group, ...]
    """Updates that have to be left out."""
    second_try: tuple[str, ...] = ()
    """Tests, or checks, that failed and passed when they were run again alone, as on a machine that is busy."""
    broken_before: tuple[str, ...] = ()
    """Checks that fail with the pinned versions too, so that no update is to blame."""

    @property
    def passed(self) -> bool:
        return all(result.passed or set(_names(result)) <= set(self.second_try) for result in self.results)

    def taken(self, outlook: Outlook) -> dict[str, str]:
        """Canonical name → version of each update that may be taken: all but those that break something."""
        if self.broken_before:
            return {}
        left_out = {name for group in self.broken for name in group}
        return {key: release.version for key, release in outlook.releases.items() if key not in left_out}


def this_machine() -> str:
    """System, processor, cores and Python; no name of the computer."""
    system = f"{platform.system()} {platform.machine()}"
    return f"{system}, {cpu_name()}, {core_count()} cores, Python {platform.python_version()}"


def run_trial(
    environment: TrialEnvironment,
    outlook: Outlook,
    pins: Mapping[str, Pin],
    checks: Sequence[Check],
    checks_name: str,
    tell: Tell,
) -> Trial:
    """Run the checks with the newest versions, and look for the culprits where one fails.

    Raises:
        DependencyError: pip does not install the versions, or they contradict each other.
    """
    newest = {key: release.version for key, release in outlook.releases.items()}
    # What has no pin is the same on both sides.
    pinned = {key: pins[key].version if key in pins else version for key, version in newest.items()}
    tell(f"Installing {len(newest)} packages in a fresh environment…")
    environment.install(newest)
    if conflicts := environment.conflicts():
        raise DependencyError(f"The newest versions contradict each other: {conflicts[0]}")
    results = tuple(_told(environment, check, tell) for check in checks)
    day, machine = datetime.datetime.now(tz=datetime.UTC).date().isoformat(), this_machine()
    failed, second_try = failed_again(environment, results, tell)
    if not failed:
        return Trial(day, machine, checks_name, results, (), second_try)
    tell("Trying what failed with the pinned versions…")
    environment.install(pinned)
    before = tuple(check.name for check in failed if not environment.run(check).passed)
    if before:
        return Trial(day, machine, checks_name, results, (), second_try, before)

    def passes(groups: Sequence[Group]) -> bool:
        names = [name for group in groups for name in group]
        environment.install(pinned | {name: newest[name] for name in names})
        passed = all(environment.run(check).passed for check in failed)
        tell(f"With {', '.join(names)}: {'passed' if passed else 'FAILED'}")
        return passed

    broken = breaking_updates(grouped_updates(pinned, outlook.releases), passes)
    return Trial(day, machine, checks_name, results, broken, second_try)


def failed_again(
    environment: TrialEnvironment, results: Sequence[CheckResult], tell: Tell
) -> tuple[list[Check], tuple[str, ...]]:
    """What fails a second time, alone, and the tests that pass then: chance is held against no update."""
    failed, passed = [], []
    for result in results:
        if result.passed:
            continue
        again = environment.run(result.narrowed)
        tell(f"{result.check.name}, what failed again: {'passed' if again.passed else 'FAILED'}. {again.summary}")
        if not again.passed:
            failed.append(again.narrowed)
        passed += [name for name in _names(result) if again.passed or name not in _names(again)]
    return failed, tuple(passed)


def _names(result: CheckResult) -> tuple[str, ...]:
    """The tests that failed, or the check where it names none."""
    return result.failed_tests or (result.check.name,)


def _told(environment: TrialEnvironment, check: Check, tell: Tell) -> CheckResult:
    result = environment.run(check)
    tell(f"{check.name}: {'passed' if result.passed else 'FAILED'}, {result.seconds:.0f} s. {result.summary}")
    return result
