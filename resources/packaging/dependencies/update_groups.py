"""Updates that only work together, such as a package and its compiled half."""

from __future__ import annotations

from collections.abc import Mapping

from packaging.utils import canonicalize_name

from dependencies.held_back import requirements_of
from dependencies.package_index import Release, Releases

Versions = Mapping[str, str]
"""Canonical name → version."""
Group = tuple[str, ...]
"""Canonical names."""


def grouped_updates(pinned: Versions, releases: Releases) -> tuple[Group, ...]:
    """What can be taken or left by itself: two are together where the new one refuses the other's pinned version.

    Args:
        pinned: the versions of today.
        releases: the newest ones, with what they need.
    """
    changed = [key for key in sorted(releases) if pinned.get(key, releases[key].version) != releases[key].version]
    group_of = {key: key for key in changed}
    for key in changed:
        for other in _refused(releases[key], pinned):
            if other in group_of:
                joined, kept = group_of[key], group_of[other]
                group_of = {name: kept if group == joined else group for name, group in group_of.items()}
    groups: dict[str, list[str]] = {}
    for key in changed:
        groups.setdefault(group_of[key], []).append(key)
    return tuple(tuple(group) for group in groups.values())


def _refused(release: Release, pinned: Versions) -> tuple[str, ...]:
    return tuple(
        key
        for requirement in requirements_of(release)
        if (key := canonicalize_name(requirement.name)) in pinned
        and not requirement.specifier.contains(pinned[key], prereleases=True)
    )
