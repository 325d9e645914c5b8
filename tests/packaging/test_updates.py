"""Which pins are behind and why, which updates belong together, and which one breaks the tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from dependencies.bisection import breaking_updates
from dependencies.checks import QUICK_TESTS, Check, chosen_checks
from dependencies.held_back import UNEXPLAINED, Outlook, outlook
from dependencies.package_index import Release
from dependencies.pins import DependencyError, Pin, read_pins, with_versions
from dependencies.trial import run_trial
from dependencies.trial_environment import TrialEnvironment
from dependencies.update_groups import grouped_updates
from dependencies.updates_text import as_json, outlook_lines, page, trial_lines

OWN = Release("pyproject.toml", "", ("base>=1", 'only-elsewhere>=1; sys_platform == "nowhere"'))


def releases(*found: Release) -> dict[str, Release]:
    return {one.name: one for one in found}


@pytest.fixture
def found() -> Outlook:
    together = releases(
        Release("base", "2.0", ("helper<3", 'held<9; extra == "unasked"')),
        Release("held", "1.0", ()),
        Release("helper", "2.5", ()),
        Release("extra", "1.0", ()),
    )
    alone = together | releases(Release("helper", "3.1", ()), Release("held", "1.1", ()))
    pins = {
        name: Pin(name, version)
        for name, version in (("base", "1.0"), ("held", "1.0"), ("helper", "2.5"), ("gone", "1"))
    }
    return outlook(pins, together, alone, OWN)


def test_it_is_told_what_is_behind_and_what_holds_it_back(found: Outlook) -> None:
    assert [one.name for one in found.behind] == ["base"]
    assert {one.name: one.held_back_by for one in found.held_back} == {
        "held": (UNEXPLAINED,),
        "helper": ("base 2.0 needs helper<3",),
    }
    assert (found.unpinned, found.not_needed) == (("extra",), ("gone",))
    assert outlook_lines(found)[0].startswith("Of 4 packages, 1 can be newer, and 2 have a newer version")
    held = next(one for one in json.loads(as_json(found, None))["packages"] if one["name"] == "helper")
    assert held["held_back_by"] == ["base 2.0 needs helper<3"]
    assert (held["behind"], held["held_back"]) == (False, True)


def test_pins_are_read_and_written(tmp_path: Path) -> None:
    constraints = tmp_path / "constraints.txt"
    constraints.write_text("# chosen\nA_b==1.0\nc==2.0  # why\n", encoding="utf-8")
    assert read_pins(constraints) == {"a-b": Pin("A_b", "1.0"), "c": Pin("c", "2.0")}
    written = with_versions(constraints.read_text(encoding="utf-8"), {"a-b": "1.5", "new": "1"})
    assert written == "# chosen\nA_b==1.5\nc==2.0  # why\n"
    for wrong, sentence in (("a>=1", "line 1: 'a>=1' is no pin"), ("a==1\nA==2", "line 2: A is pinned twice")):
        constraints.write_text(wrong, encoding="utf-8")
        with pytest.raises(DependencyError, match=sentence):
            read_pins(constraints)


def test_the_pins_of_the_program_meet_its_own_ranges(checkout: Path) -> None:
    project = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pins = read_pins(checkout / "constraints.txt")
    wanted = [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    for text in wanted:
        requirement = Requirement(text)
        name = requirement.name.lower().replace("_", "-")
        assert requirement.specifier.contains(pins[name].version, prereleases=True), text


def test_updates_that_refuse_each_others_pins_are_taken_together() -> None:
    pinned = {"whole": "1", "half": "1", "other": "1", "same": "1"}
    newest = releases(
        Release("whole", "2", ("half==2", "same>=1")),
        Release("half", "2", ()),
        Release("other", "2", ()),
        Release("same", "1", ()),
    )
    assert grouped_updates(pinned, newest) == (("half", "whole"), ("other",))


@pytest.mark.parametrize("culprits", [{"e"}, {"a"}, {"h"}, {"b", "g"}, set("abcdefgh")])
def test_each_breaking_update_is_found_by_halving(culprits: set[str]) -> None:
    trials = []

    def passes(groups: Sequence[tuple[str, ...]]) -> bool:
        trials.append(groups)
        return not culprits & {name for group in groups for name in group}

    groups = [(name,) for name in "abcdefgh"]
    assert {name for group in breaking_updates(groups, passes) for name in group} == culprits
    assert len(trials) <= 4 * len(culprits)


def test_the_quick_set_is_there(checkout: Path) -> None:
    checks = chosen_checks(False, checkout)
    assert [check.name for check in checks] == ["ruff check", "ruff format", "mypy", "lint-imports", "pytest"]
    assert checks[-1].tests == QUICK_TESTS
    assert chosen_checks(True, checkout)[-1].tests == ()


def test_a_breaking_version_is_found_in_a_real_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two packages of our own, of which one version breaks a test: built, installed, tried and named."""
    wheels = tmp_path / "wheels"
    for name, version, value in (("nut-a", "1", 1), ("nut-a", "2", 1), ("nut-b", "1", 1), ("nut-b", "2", 7)):
        write_wheel(wheels, name, version, f"VALUE = {value}\n")
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    newest = releases(Release("nut-a", "2", ()), Release("nut-b", "2", ()))
    found = outlook({name: Pin(name, "1") for name in newest}, newest, newest, Release("pyproject.toml", "", ()))
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    environment = TrialEnvironment(tmp_path / "trial", checkout)
    check = Check("values", ("python", "-c", "import nut_a, nut_b; assert nut_a.VALUE == nut_b.VALUE == 1"))
    good = Check("import", ("python", "-c", "import nut_a; print('fine')"))
    once = "import pathlib, sys; file = pathlib.Path('tried'); tried = file.exists(); file.touch(); sys.exit(not tried)"
    chance = Check("chance", ("python", "-c", once))
    pins = {name: Pin(name, "1") for name in newest}
    trial = run_trial(environment, found, pins, (good, chance, check), "three checks", lambda _: None)
    assert trial.broken == (("nut-b",),)
    assert trial.taken(found) == {"nut-a": "2"}
    assert [result.passed for result in trial.results] == [True, False, False]
    assert trial.second_try == ("chance",)
    assert not trial.passed
    assert (
        trial_lines(trial)[1]
        == "Left out, found by halving the list of updates: nut-b. Without them what failed passes."
    )
    told = page(found, trial)
    assert "| nut-b | 1 | 2 | 2 |  |" in told
    assert "| import | passed |" in told
    assert "| values | **failed** |" in told
    assert json.loads(as_json(found, trial))["trial"]["broken"] == [["nut-b"]]


def test_without_a_network_it_says_so_in_one_sentence(checkout: Path) -> None:
    # Port 9 of this computer refuses the connection, as an index does that is not reached.
    offline = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
    offline |= {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_FIND_LINKS": "",
        "PIP_NO_CACHE_DIR": "1",
    }
    command = [sys.executable, str(checkout / "resources" / "packaging" / "updates.py")]
    done = subprocess.run(command, env=offline, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 3
    assert done.stdout == ""
    assert done.stderr.splitlines()[1:] == [
        "pip cannot reach the package index, so nothing is known of newer versions; connect this computer to the "
        "network, or see with `pip config list` which index is set."
    ]


def write_wheel(folder: Path, name: str, version: str, code: str) -> None:
    folder.mkdir(exist_ok=True)
    module = name.replace("-", "_")
    info = f"{module}-{version}.dist-info"
    with zipfile.ZipFile(folder / f"{module}-{version}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{module}.py", code)
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: a test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")
