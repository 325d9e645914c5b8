"""Whether the window can open: Qt's libraries, a font, a display."""

from __future__ import annotations

import os
import sys
from typing import ClassVar

from engine.doctor.display import DisplayKind, answers, display_kinds, display_name
from engine.doctor.health_check import CheckedFolders, CheckedPart, Fact, HealthCheck, Trouble
from engine.doctor.system_library import (
    FONT_PACKAGES,
    LIBRARIES,
    NeededBy,
    has_font,
    install_remedy,
    missing_libraries,
)
from engine.doctor.window_trouble import NO_DISPLAY, PARTS, library_trouble, window_trouble

SHOWN = {DisplayKind.X11: "X11", DisplayKind.WAYLAND: "Wayland", DisplayKind.OWN: "Qt's own"}
NO_FONT = "There is no font, so the window would show boxes instead of letters."


class WindowCheck(HealthCheck):
    """Loads the libraries as Qt would, but not Qt. That there is no display at all is no trouble: a server has none."""

    key: ClassVar[str] = "window"
    title: ClassVar[str] = "Window"
    place: ClassVar[int] = 2

    def look(self, folders: CheckedFolders) -> CheckedPart:
        if not sys.platform.startswith("linux"):
            return CheckedPart(self.title, (Fact("Display", "the system's"),))
        kinds, trouble = display_kinds(), window_trouble()
        missing = missing_libraries(_parts(kinds, trouble))
        facts = [_display(kinds), *(_libraries(part) for part in NeededBy), _font()]
        troubles = []
        if missing:
            troubles.append(library_trouble(missing))
        elif trouble is not None and trouble != NO_DISPLAY:
            troubles.append(trouble)
        if not missing and not has_font():
            remedy = install_remedy((FONT_PACKAGES,))
            troubles.append(Trouble(NO_FONT, f"{remedy[0].upper()}{remedy[1:]}."))
        return CheckedPart(self.title, tuple(facts), tuple(troubles))


def _parts(kinds: tuple[DisplayKind, ...], trouble: Trouble | None) -> set[NeededBy]:
    """What the window needs here; where there is no display yet, what X11 needs, as any desktop has it."""
    if trouble is None:
        return {NeededBy.QT}
    return {NeededBy.QT, *(PARTS[kind] for kind in kinds or (DisplayKind.X11,) if kind in PARTS)}


def _display(kinds: tuple[DisplayKind, ...]) -> Fact:
    if not kinds:
        return Fact("Display", "none: the window cannot open; every command runs without it")
    said = [f"{SHOWN[kind]} ({display_name(kind)}), {_answer(kind)}" for kind in kinds]
    session = os.environ.get("XDG_SESSION_TYPE", "")
    return Fact("Display", "; ".join(said) + (f"; session: {session}" if session else ""))


def _answer(kind: DisplayKind) -> str:
    if kind is DisplayKind.OWN:
        return "needs no display"
    return "answers" if answers(kind) else "does not answer"


def _libraries(part: NeededBy) -> Fact:
    titles = {NeededBy.QT: "Qt's libraries", NeededBy.X11: "for X11", NeededBy.WAYLAND: "for Wayland"}
    wanted = [one for one in LIBRARIES if one.needed_by is part]
    missing = [one.name for one in missing_libraries({part})]
    said = f"missing: {', '.join(missing)}" if missing else f"all {len(wanted)} load"
    return Fact(titles[part], said)


def _font() -> Fact:
    return Fact("Fonts", "found" if has_font() else "none")
