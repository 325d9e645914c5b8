"""Which display Qt would open its window on, and whether that answers. No Qt: it ends the process where none does."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from collections.abc import Callable
from enum import StrEnum

ANSWER_S = 5.0
"""A display on another machine may never answer."""
PLATFORM_VARIABLE = "QT_QPA_PLATFORM"


class DisplayKind(StrEnum):
    """Names as in `QT_QPA_PLATFORM`."""

    X11 = "xcb"
    WAYLAND = "wayland"
    OWN = "own"
    """The system's, as on Windows and macOS, or one of Qt's that needs none, such as "offscreen"."""


def display_kinds() -> tuple[DisplayKind, ...]:
    """Those that Qt would try here, in its order; empty: there is none.

    As in Qt's `QGuiApplicationPrivate::createPlatformIntegration`.
    """
    if not sys.platform.startswith("linux"):
        return (DisplayKind.OWN,)
    if asked := os.environ.get(PLATFORM_VARIABLE, ""):
        names = [one.partition(":")[0] for one in asked.split(";")]
        kinds = {"xcb": DisplayKind.X11, "wayland": DisplayKind.WAYLAND, "wayland-egl": DisplayKind.WAYLAND}
        return tuple(kinds.get(name, DisplayKind.OWN) for name in names)
    session = os.environ.get("XDG_SESSION_TYPE", "")
    kinds_here = []
    if os.environ.get("WAYLAND_DISPLAY") or session == "wayland":
        kinds_here.append(DisplayKind.WAYLAND)
    if os.environ.get("DISPLAY"):
        kinds_here.append(DisplayKind.X11)
    return tuple(kinds_here)


def answers(kind: DisplayKind) -> bool:
    """Whether a display of this kind can be connected to; its client library must be there."""
    tries: dict[DisplayKind, Callable[[], bool]] = {DisplayKind.X11: _x11, DisplayKind.WAYLAND: _wayland}
    if kind not in tries:
        return True
    answered: list[bool] = []

    def ask() -> None:
        try:
            answered.append(tries[kind]())
        except OSError:
            answered.append(False)

    asking = threading.Thread(target=ask, name="display", daemon=True)
    asking.start()
    asking.join(ANSWER_S)
    return answered == [True]


def display_name(kind: DisplayKind) -> str:
    """The variable that names it, with its value where it has one."""
    variable = {DisplayKind.X11: "DISPLAY", DisplayKind.WAYLAND: "WAYLAND_DISPLAY"}.get(kind, PLATFORM_VARIABLE)
    value = os.environ.get(variable, "")
    return f"{variable}={value}" if value else f"{variable} is not set"


def _x11() -> bool:
    xcb = ctypes.CDLL("libxcb.so.1")
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connect.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
    xcb.xcb_connection_has_error.argtypes = [ctypes.c_void_p]
    xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(None, None)
    works = xcb.xcb_connection_has_error(connection) == 0
    xcb.xcb_disconnect(connection)
    return works


def _wayland() -> bool:
    name, folder = os.environ.get("WAYLAND_DISPLAY", ""), os.environ.get("XDG_RUNTIME_DIR", "")
    if not folder and not name.startswith("/"):
        return False  # The library would print a line of its own.
    client = ctypes.CDLL("libwayland-client.so.0")
    client.wl_display_connect.restype = ctypes.c_void_p
    client.wl_display_connect.argtypes = [ctypes.c_char_p]
    client.wl_display_disconnect.argtypes = [ctypes.c_void_p]
    connection = client.wl_display_connect(None)
    if not connection:
        return False
    client.wl_display_disconnect(connection)
    return True
