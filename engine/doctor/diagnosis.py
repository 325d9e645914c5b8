"""All checks of this computer together, as text and as JSON, in which nothing says whose it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

from engine.doctor.health_check import HEALTH_CHECKS, CheckedFolders, CheckedPart, Fact, Trouble
from engine.doctor.owner_names import OwnerNames

SCHEMA = 1


@dataclass(frozen=True)
class Diagnosis:
    """What was found, part after part."""

    parts: tuple[CheckedPart, ...]

    @property
    def troubles(self) -> tuple[Trouble, ...]:
        return tuple(trouble for part in self.parts for trouble in part.troubles)

    def text(self, said: Callable[[str], str] = str) -> str:
        """A part after the other, and at the end what is wrong, each with what to do.

        Args:
            said: tells a sentence in the language of who reads the text.
        """
        lines: list[str] = []
        for part in self.parts:
            facts = [(f"{said(fact.name)}{said(':')}", said(fact.value)) for fact in part.facts]
            width = max((len(name) for name, _ in facts), default=1) + 1
            lines += [said(part.title), *(f"  {name:<{width}}{value}" for name, value in facts), ""]
        if not self.troubles:
            return "\n".join([*lines, said("Nothing is wrong.")]) + "\n"
        count = len(self.troubles)
        lines.append(said(f"{count} thing{'s are' if count > 1 else ' is'} wrong:"))
        for at, trouble in enumerate(self.troubles, 1):
            lines += [f"{at}. {said(trouble.what)}", f"   {said(trouble.remedy)}"]
        return "\n".join(lines) + "\n"

    def json(self) -> str:
        """`{"schema", "sound", "parts": [{"title", "facts", "troubles"}]}`, with the fields of `Fact` and `Trouble`."""
        parts = [asdict(part) for part in self.parts]
        return json.dumps({"schema": SCHEMA, "sound": not self.troubles, "parts": parts}, indent=1) + "\n"


def diagnose(folders: CheckedFolders) -> Diagnosis:
    """Run every check; takes some tenths of a second, or seconds where a display does not answer."""
    names = OwnerNames()
    checks = sorted((HEALTH_CHECKS[key]() for key in HEALTH_CHECKS), key=lambda check: check.place)
    return Diagnosis(tuple(_without_names(check.look(folders), names) for check in checks))


def _without_names(part: CheckedPart, names: OwnerNames) -> CheckedPart:
    facts = tuple(Fact(fact.name, names.hidden(fact.value)) for fact in part.facts)
    troubles = tuple(Trouble(names.hidden(one.what), names.hidden(one.remedy)) for one in part.troubles)
    return replace(part, facts=facts, troubles=troubles)
