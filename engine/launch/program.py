"""What this program is, checkout or built, and how it starts itself again as a child."""

from __future__ import annotations

import os
import sys
from pathlib import Path

VERSION = "0.1.0"
"""As in pyproject.toml."""
ENGINE_SWITCH = "--engine-child"
MEASUREMENT_SWITCH = "--measurement-child"
LIBRARY_PATH = "LD_LIBRARY_PATH"
"""Where Linux's loader looks first; a built program starts with its own folder in it."""
START_AFRESH = "PYINSTALLER_RESET_ENVIRONMENT"
"""Set for a built program, it makes that path anew and does not rely on its parent's; it takes it away itself."""


def is_built() -> bool:
    """Whether this is the built program, which has its own Python and packages, and not a checkout."""
    return bool(getattr(sys, "frozen", False))


def program_command(*arguments: str) -> list[str]:
    """The command line that starts this program with `arguments`; built, `sys.executable` is the program."""
    if is_built():
        return [sys.executable, *arguments]
    return [sys.executable, str(Path(__file__).resolve().parents[2] / "main.py"), *arguments]


def typed_command(arguments: str) -> str:
    """What a user types in a terminal to start this program with `arguments`, for texts."""
    return f"nutshell {arguments}" if is_built() else f"python main.py {arguments}"


def begin_built_program() -> None:
    """What a built program does before anything else; a checkout needs none of it.

    Does not return in a process that decodes images for another one: that is this program started again.
    """
    if not is_built():
        return
    # The loader has read it. Programs of the system that this one starts, such as a browser, need its libraries.
    before = os.environ.pop(f"{LIBRARY_PATH}_ORIG", "")
    os.environ.pop(LIBRARY_PATH, None)
    if before:
        os.environ[LIBRARY_PATH] = before
    # So a child of this program cannot inherit it.
    os.environ[START_AFRESH] = "1"
    import multiprocessing

    multiprocessing.freeze_support()
