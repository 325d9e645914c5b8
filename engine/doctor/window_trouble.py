"""Why no window can open here, found before Qt is loaded: Qt itself would end the process with its own lines."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path

from engine.contract.errors import NutshellError
from engine.doctor.display import PLATFORM_VARIABLE, DisplayKind, answers, display_kinds, display_name
from engine.doctor.health_check import Trouble
from engine.doctor.system_library import (
    FONT_PACKAGES,
    NeededBy,
    PackageNames,
    SystemLibrary,
    has_font,
    install_remedy,
    missing_libraries,
    named_libraries,
    needed_packages,
)
from engine.launch.program import typed_command

NO_DISPLAY = Trouble(
    "There is no display to open the window on.",
    f"Run a recipe without one: {typed_command('run RECIPE.toml')}, or try the demo: {typed_command('--demo')}",
)
PARTS = {DisplayKind.X11: NeededBy.X11, DisplayKind.WAYLAND: NeededBy.WAYLAND}


class NoWindow(NutshellError):
    """The window cannot open; everything else can be done in the terminal."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(f"{trouble.what} {trouble.remedy}")
        self.trouble = trouble


def window_trouble() -> Trouble | None:
    """The first thing that keeps a window from opening; None: it can open."""
    if not sys.platform.startswith("linux"):
        return None
    if unknown := unknown_platform():
        return unknown
    kinds = display_kinds()
    if not kinds:
        return NO_DISPLAY
    lacking = {kind: missing_for(kind) for kind in kinds}
    complete = [kind for kind in kinds if not lacking[kind]]
    if not complete:
        return library_trouble(lacking[kinds[-1]])
    if any(answers(kind) for kind in complete):
        return None
    silent = " and ".join(display_name(kind) for kind in complete)
    return Trouble(
        f"The display does not answer ({silent}).",
        "Start the program in a terminal of the desktop, or run a recipe without a window: "
        f"{typed_command('run RECIPE.toml')}",
    )


def missing_for(kind: DisplayKind) -> tuple[SystemLibrary, ...]:
    """Libraries that Qt needs for a display of this kind and that do not load."""
    return missing_libraries({NeededBy.QT, *([PARTS[kind]] if kind in PARTS else [])})


def library_trouble(missing: tuple[SystemLibrary, ...]) -> Trouble:
    """Names them and their packages; with a font's where there is none."""
    plural = len(missing) > 1
    return Trouble(
        f"Qt cannot start here because {named_libraries(missing)} {'are' if plural else 'is'} missing.",
        f"To have {'them' if plural else 'it'}, {install_remedy(packages_of(missing))}.",
    )


def packages_of(missing: tuple[SystemLibrary, ...]) -> tuple[PackageNames, ...]:
    """The packages that have these libraries, and a font where there is none."""
    return (*needed_packages(missing), *(() if has_font() else (FONT_PACKAGES,)))


def unknown_platform() -> Trouble | None:
    """`QT_QPA_PLATFORM` may name what this Qt does not have."""
    asked = os.environ.get(PLATFORM_VARIABLE, "")
    spec = find_spec("PySide6")
    elsewhere = os.environ.get("QT_PLUGIN_PATH") or os.environ.get("QT_QPA_PLATFORM_PLUGIN_PATH")
    if not asked or elsewhere or spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(spec.submodule_search_locations[0]) / "Qt" / "plugins" / "platforms"
    known = sorted(file.stem.removeprefix("libq") for file in folder.glob("libq*.so"))
    # One that it has is enough: Qt tries the next.
    names = [one.partition(":")[0] for one in asked.split(";")]
    if not known or any(name.partition("-")[0] in known for name in names):
        return None
    return Trouble(
        f'{PLATFORM_VARIABLE} is "{asked}", which this Qt does not have.',
        f"Unset it, or set it to one of: {', '.join(known)}.",
    )
