"""Which installed packages belong to the program: what it needs, and what that needs; not what only tests do."""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import Distribution, PackageNotFoundError, distribution, distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from engine.contract.errors import DataError

ROOT = Path(__file__).resolve().parents[2]
BUNDLE_CONTENTS = "bundle-contents.json"


def bundled_distributions() -> tuple[Distribution, ...]:
    """The program's packages by name, without those that this system does not need.

    In a built program, which has no pyproject.toml, all whose metadata it holds.

    Raises:
        DataError: one is not installed.
    """
    wanted = direct_requirements()
    if not wanted:
        return tuple(sorted(distributions(), key=distribution_key))
    found: dict[str, Distribution] = {}
    _add(wanted, frozenset(), found)
    return tuple(found[key] for key in sorted(found))


def direct_requirements() -> tuple[str, ...]:
    """What pyproject.toml says that the program needs; empty in a built program, which has none."""
    try:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    except OSError:
        return ()
    return tuple(project["dependencies"])


def distributions_of_bundle(folder: Path) -> tuple[Distribution, ...]:
    """The packages of a folder that was built from this Python, by its `bundle-contents.json`.

    The file is `{"distributions": [{"name", "version"}, …]}`, or `{"distributions": {name: version}}`.

    Raises:
        DataError: the file is not as described, or names a version that this Python does not have.
    """
    path = folder / BUNDLE_CONTENTS
    try:
        listed = json.loads(path.read_text(encoding="utf-8"))["distributions"]
        versions = dict(listed) if isinstance(listed, dict) else {one["name"]: one["version"] for one in listed}
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}); build the program first.") from None
    except (ValueError, KeyError, TypeError):
        raise DataError(f'{path} does not list {{"distributions": [{{"name", "version"}}]}}; build it again.') from None
    return tuple(_of_version(name, versions[name], path) for name in sorted(versions, key=canonicalize_name))


def distribution_key(package: Distribution) -> str:
    """Its canonical name."""
    return str(canonicalize_name(package.name))


def _of_version(name: str, version: str, path: Path) -> Distribution:
    package = _installed(name)
    if package.version != version:
        raise DataError(
            f"{path} lists {name} {version}, and this Python has {package.version}; build the program again with it."
        )
    return package


def _add(requirements: Iterable[str], extras: frozenset[str], found: dict[str, Distribution]) -> None:
    for text in requirements:
        requirement = Requirement(text)
        wanted = ({"extra": extra} for extra in extras or {""})
        if requirement.marker is not None and not any(requirement.marker.evaluate(one) for one in wanted):
            continue
        key = str(canonicalize_name(requirement.name))
        if key in found and not requirement.extras:
            continue
        found[key] = package = _installed(requirement.name)
        _add(package.requires or (), frozenset(requirement.extras), found)


def _installed(name: str) -> Distribution:
    try:
        return distribution(name)
    except PackageNotFoundError:
        raise DataError(
            f"{name} is not installed, so its licence cannot be read; run "
            f"{Path(sys.executable).name} -m pip install -c constraints.txt ."
        ) from None
