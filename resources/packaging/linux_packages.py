"""A bundle as Linux users get it: a .tar.xz that installs into a home folder, and a .deb."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Collection
from pathlib import Path

from engine.doctor.system_library import FONT_PACKAGES, LIBRARIES

PACKAGING = Path(__file__).resolve().parent
CHECKOUT = PACKAGING.parents[1]
LINUX = PACKAGING / "linux"
WITH_LIBC = ("libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1", "libutil.so.1", "libresolv.so.2")
OTHERS = {
    "libOpenGL.so.0": "libopengl0",
    "libGLX.so.0": "libglx0",
    "libdrm.so.2": "libdrm2",
    "libgbm.so.1": "libgbm1",
    "libwayland-egl.so.1": "libwayland-egl1",
}
"""Packages of what the doctor does not look for."""
XZ_LEVEL = 3
"""Of 0 to 9; more takes many minutes for such a folder."""
ZSTD_LEVEL = 6
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
CONTROL = """\
Package: nutshell
Version: {version}
Section: science
Priority: optional
Architecture: {architecture}
Installed-Size: {kibibytes}
Depends: {depends}
Maintainer: Nutshell <nutshell@localhost>
Description: compresses convolutional neural networks
 Choose images, a network and chains of compression steps in a wizard, and
 watch them train and shrink, all offline. The result is .tflite files with
 figures measured on exactly those files.
"""


class UnknownLibrary(Exception):
    """A compiled file needs a library of the system of which no package is known."""


def debian_packages(libraries: Collection[str], glibc: str) -> list[str]:
    """The packages that have these libraries, and a font.

    Raises:
        UnknownLibrary: no package is known for one of them.
    """
    known = {one.name: one.packages.debian for one in LIBRARIES} | OTHERS
    wanted = sorted(name for name in libraries if name not in WITH_LIBC and not name.startswith("ld-linux"))
    if unknown := [name for name in wanted if name not in known]:
        raise UnknownLibrary(
            f"The bundle needs {', '.join(unknown)} of the system; add the package to OTHERS in {Path(__file__).name}, "
            "or leave out what needs it in left_out.py."
        )
    names = sorted({known[name] for name in wanted} | {FONT_PACKAGES.debian})
    return [f"libc6 (>= {glibc})", *names]


def write_tar(bundle: Path, target: Path, scratch: Path) -> None:
    """The bundle beside its installer, in one folder; owned by whoever unpacks it."""
    folder = scratch / target.name.removesuffix(".tar.xz")
    folder.mkdir(parents=True)
    for file in ("install.sh", "menu_entry.sh", "nutshell.desktop"):
        shutil.copy(LINUX / file, folder)
    # A second name for the same bytes, where the disk can.
    subprocess.run(["cp", "-al", bundle, folder / "nutshell"], check=True)
    packed = ("--sort=name", "--owner=0", "--group=0", "--numeric-owner", f"--use-compress-program=xz -T0 -{XZ_LEVEL}")
    subprocess.run(["tar", *packed, "-C", scratch, "-cf", target.absolute(), folder.name], check=True)
    shutil.rmtree(folder)


def write_deb(bundle: Path, target: Path, scratch: Path, version: str, machine: str, depends: list[str]) -> None:
    """The bundle in /opt, with a command, an entry in the menu and its licence.

    Args:
        machine: as `platform.machine()` says it.
    """
    root = scratch / "deb"
    share = root / "usr" / "share"
    icons = share / "icons" / "hicolor"
    places = {
        LINUX / "nutshell.desktop": share / "applications" / "nutshell.desktop",
        CHECKOUT / "resources/icons/nutshell.png": icons / "256x256" / "apps" / "nutshell.png",
        CHECKOUT / "resources/icons/nutshell.svg": icons / "scalable" / "apps" / "nutshell.svg",
        CHECKOUT / "LICENSE": share / "doc" / "nutshell" / "copyright",
    }
    for source, place in places.items():
        place.parent.mkdir(parents=True)
        shutil.copy(source, place)
    for folder in (root / "opt", root / "usr" / "bin", root / "DEBIAN"):
        folder.mkdir()
    (root / "usr" / "bin" / "nutshell").symlink_to("/opt/nutshell/nutshell")
    subprocess.run(["cp", "-al", bundle, root / "opt" / "nutshell"], check=True)
    kibibytes = sum(path.stat().st_size for path in bundle.rglob("*") if path.is_file()) // 1024
    control = CONTROL.format(
        version=version, architecture=ARCHITECTURES[machine], kibibytes=kibibytes, depends=", ".join(depends)
    )
    (root / "DEBIAN" / "control").write_text(control, encoding="utf-8")
    # Every Debian and Ubuntu whose glibc is new enough unpacks zstd, and that much faster than xz.
    subprocess.run(["dpkg-deb", "--build", "--root-owner-group", "-Zzstd", f"-z{ZSTD_LEVEL}", root, target], check=True)
    shutil.rmtree(root)
