"""Whether every part of the program may be passed on with it: its licence is known, and accepted with a reason."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from license_expression import AND, LicenseSymbol, LicenseWithExceptionSymbol, Licensing, get_spdx_licensing

from engine.licences.licensed_part import CollectedLicences, LicensedPart
from engine.licences.told_by_hand import accepted_licences


def objections(collected: CollectedLicences) -> tuple[str, ...]:
    """A sentence for each part that must not be passed on; empty where all may be."""
    accepted = frozenset(one.licence for one in accepted_licences())
    return tuple(sentence for part in collected.parts for sentence in _of_part(part, accepted))


def is_accepted(expression: str, accepted: Iterable[str]) -> bool:
    """Whether an SPDX expression is met by accepted licences alone: of OR one, of AND all."""
    allowed = frozenset(accepted)

    def holds(node: object) -> bool:
        if isinstance(node, LicenseSymbol | LicenseWithExceptionSymbol):
            return node.render() in allowed
        parts = [holds(part) for part in node.args]  # type: ignore[attr-defined]
        return all(parts) if isinstance(node, AND) else any(parts)

    return holds(_licensing().parse(expression))


@lru_cache(maxsize=1)
def _licensing() -> Licensing:
    """Reading all SPDX ids takes a second."""
    return get_spdx_licensing()


def _of_part(part: LicensedPart, accepted: frozenset[str]) -> list[str]:
    name = f"{part.name} {part.version}".strip() + (f" in {part.inside}" if part.inside else "")
    told = [(name, part.licence)] + [(f"{one.name} {one.version} in {name}", one.licence) for one in part.components]
    found = [
        f"{who} has no known licence; read its files, and write it into resources/licences/known.toml."
        for who, licence in told
        if not licence
    ]
    found += [
        f"{who} is under {licence}, which resources/licences/accepted.toml does not list; leave the package out, or "
        "list the licence with the reason why it may be passed on."
        for who, licence in told
        if licence and not is_accepted(licence, accepted)
    ]
    if not part.texts and not part.inside:
        found.append(f"{name} brings no text of its licence; name one in resources/licences/known.toml.")
    return found
