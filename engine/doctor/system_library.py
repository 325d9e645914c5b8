"""The system's libraries that Qt loads on Linux, and the packages that have them. They are tried, not looked for."""

from __future__ import annotations

import ctypes
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class NeededBy(StrEnum):
    """Which part of Qt loads a library."""

    QT = "Qt"
    X11 = "xcb"
    WAYLAND = "wayland"


@dataclass(frozen=True)
class PackageNames:
    """What has the missing thing, by distribution."""

    debian: str
    fedora: str
    arch: str


@dataclass(frozen=True)
class SystemLibrary:
    """One shared library and its packages."""

    name: str
    needed_by: NeededBy
    packages: PackageNames
    comes_with: str = ""
    """Another library, whose package depends on this one's in every distribution."""

    def loads(self) -> bool:
        """Whether the dynamic linker finds it, with all that it needs itself."""
        try:
            ctypes.CDLL(self.name)
        except OSError:
            return False
        return True


def _library(name: str, needed_by: NeededBy, packages: str, comes_with: str = "") -> SystemLibrary:
    return SystemLibrary(name, needed_by, PackageNames(*packages.split()), comes_with)


LIBRARIES = (
    _library("libEGL.so.1", NeededBy.QT, "libegl1 libglvnd-egl libglvnd"),
    _library("libGL.so.1", NeededBy.QT, "libgl1 libglvnd-glx libglvnd"),
    _library("libX11.so.6", NeededBy.QT, "libx11-6 libX11 libx11", "libGL.so.1"),
    _library("libxkbcommon.so.0", NeededBy.QT, "libxkbcommon0 libxkbcommon libxkbcommon"),
    _library("libdbus-1.so.3", NeededBy.QT, "libdbus-1-3 dbus-libs dbus"),
    _library("libfontconfig.so.1", NeededBy.QT, "libfontconfig1 fontconfig fontconfig"),
    _library("libfreetype.so.6", NeededBy.QT, "libfreetype6 freetype freetype2", "libfontconfig.so.1"),
    _library("libglib-2.0.so.0", NeededBy.QT, "libglib2.0-0 glib2 glib2"),
    _library("libgthread-2.0.so.0", NeededBy.QT, "libglib2.0-0 glib2 glib2", "libglib-2.0.so.0"),
    _library("libz.so.1", NeededBy.QT, "zlib1g zlib zlib"),
    _library("libzstd.so.1", NeededBy.QT, "libzstd1 libzstd zstd"),
    _library("libstdc++.so.6", NeededBy.QT, "libstdc++6 libstdc++ gcc-libs"),
    _library("libgcc_s.so.1", NeededBy.QT, "libgcc-s1 libgcc gcc-libs"),
    _library("libxcb-cursor.so.0", NeededBy.X11, "libxcb-cursor0 xcb-util-cursor xcb-util-cursor"),
    _library("libxkbcommon-x11.so.0", NeededBy.X11, "libxkbcommon-x11-0 libxkbcommon-x11 libxkbcommon-x11"),
    _library("libxcb-icccm.so.4", NeededBy.X11, "libxcb-icccm4 xcb-util-wm xcb-util-wm"),
    _library("libxcb-image.so.0", NeededBy.X11, "libxcb-image0 xcb-util-image xcb-util-image", "libxcb-cursor.so.0"),
    _library("libxcb-keysyms.so.1", NeededBy.X11, "libxcb-keysyms1 xcb-util-keysyms xcb-util-keysyms"),
    _library(
        "libxcb-render-util.so.0",
        NeededBy.X11,
        "libxcb-render-util0 xcb-util-renderutil xcb-util-renderutil",
        "libxcb-cursor.so.0",
    ),
    _library("libxcb-util.so.1", NeededBy.X11, "libxcb-util1 xcb-util xcb-util", "libxcb-cursor.so.0"),
    _library("libxcb-randr.so.0", NeededBy.X11, "libxcb-randr0 libxcb libxcb", "libEGL.so.1"),
    _library("libxcb-render.so.0", NeededBy.X11, "libxcb-render0 libxcb libxcb", "libxcb-cursor.so.0"),
    _library("libxcb-shape.so.0", NeededBy.X11, "libxcb-shape0 libxcb libxcb"),
    _library("libxcb-shm.so.0", NeededBy.X11, "libxcb-shm0 libxcb libxcb", "libxcb-cursor.so.0"),
    _library("libxcb-sync.so.1", NeededBy.X11, "libxcb-sync1 libxcb libxcb", "libEGL.so.1"),
    _library("libxcb-xfixes.so.0", NeededBy.X11, "libxcb-xfixes0 libxcb libxcb", "libEGL.so.1"),
    _library("libxcb-xkb.so.1", NeededBy.X11, "libxcb-xkb1 libxcb libxcb", "libxkbcommon-x11.so.0"),
    _library("libxcb.so.1", NeededBy.X11, "libxcb1 libxcb libxcb", "libxcb-cursor.so.0"),
    _library("libX11-xcb.so.1", NeededBy.X11, "libx11-xcb1 libX11-xcb libx11", "libEGL.so.1"),
    _library(
        "libwayland-client.so.0",
        NeededBy.WAYLAND,
        "libwayland-client0 libwayland-client wayland",
        "libwayland-cursor.so.0",
    ),
    _library("libwayland-cursor.so.0", NeededBy.WAYLAND, "libwayland-cursor0 libwayland-cursor wayland"),
)
"""What the Linux wheels of PySide6 link to beside the C library; a test compares this with the wheel."""
FONT_PACKAGES = PackageNames("fonts-dejavu-core", "dejavu-sans-fonts", "ttf-dejavu")
FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts")
INSTALLERS = (("apt-get", "apt-get install -y"), ("dnf", "dnf install -y"), ("pacman", "pacman -S --noconfirm"))
NAMED = 3
"""Libraries that a sentence names; the packages are all named."""


def missing_libraries(parts: Iterable[NeededBy]) -> tuple[SystemLibrary, ...]:
    """Those that do not load, of what these parts of Qt need."""
    wanted = set(parts)
    return tuple(one for one in LIBRARIES if one.needed_by in wanted and not one.loads())


def has_font() -> bool:
    """Whether there is a font file where Linux keeps them; without one, Qt draws boxes instead of letters."""
    endings = (".ttf", ".otf", ".ttc", ".pfb")
    folders = (Path(folder).expanduser() for folder in FONT_FOLDERS)
    return any(path.suffix.lower() in endings for folder in folders for path in folder.rglob("*"))


def named_libraries(missing: tuple[SystemLibrary, ...]) -> str:
    """Such as "libEGL.so.1, libGL.so.1, libX11.so.6 and 4 more"."""
    *others, name = [one.name for one in missing]
    names = ", ".join(others[:NAMED])
    if len(others) > NAMED:
        return f"{names} and {len(missing) - NAMED} more"
    return f"{names} and {name}" if others else name


def needed_packages(missing: tuple[SystemLibrary, ...]) -> tuple[PackageNames, ...]:
    """The packages to ask for: what another one of them brings along is left out."""
    names = {one.name for one in missing}
    return tuple(one.packages for one in missing if one.comes_with not in names)


def install_remedy(packages: Iterable[PackageNames]) -> str:
    """How to install packages on each kind of distribution."""
    wanted = tuple(packages)
    debian, fedora, arch = (
        " ".join(dict.fromkeys(getattr(one, kind) for one in wanted)) for kind in ("debian", "fedora", "arch")
    )
    return (
        f"install: sudo apt-get install -y {debian} (Debian, Ubuntu), sudo dnf install -y {fedora} (Fedora), "
        f"or sudo pacman -S {arch} (Arch)"
    )


def install_command(packages: Iterable[PackageNames]) -> str:
    """The command of the package manager that is here, without sudo; empty: nothing to install, or none is known."""
    wanted = tuple(packages)
    kinds = ("debian", "fedora", "arch")
    found = next((at for at, (program, _) in enumerate(INSTALLERS) if shutil.which(program)), None)
    if found is None or not wanted:
        return ""
    return " ".join([INSTALLERS[found][1], *dict.fromkeys(getattr(one, kinds[found]) for one in wanted)])
