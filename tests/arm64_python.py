"""A Python for aarch64 with LiteRT, run by qemu: python -m tests.arm64_python FOLDER makes it (Debian, as root).

Needs the packages qemu-user-static and debootstrap, and a network. NUTSHELL_ARM64 then names the folder to the tests.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

EMULATOR = "qemu-aarch64-static"
DEBIAN, MIRROR, VERSION = "bookworm", "http://deb.debian.org/debian", "3.11"
NEEDED: tuple[str, ...] = (
    "libc6",
    "libgcc-s1",
    "libstdc++6",
    "python3",
    "libpython3",
    "libffi8",
    "libexpat1",
    "libsqlite3",
    "libssl3",
)
NEEDED += ("liblzma5", "libbz2", "zlib1g", "libuuid1", "libcrypt1", "libdb5", "libreadline8", "libtinfo6", "libnsl2")
PLATFORMS = ("manylinux_2_28_aarch64", "manylinux_2_27_aarch64", "manylinux_2_17_aarch64", "manylinux2014_aarch64")
PACKAGES: tuple[str, ...] = (
    "ai-edge-litert",
    "numpy",
    "flatbuffers",
    "backports.strenum",
    "tqdm",
    "typing-extensions",
    "protobuf",
)
PACKAGES += ("ml_dtypes",)

PROCESSOR = """processor\t: {number}
BogoMIPS\t: 108.00
Features\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 cpuid
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: 0x0
CPU part\t: 0xd08
CPU revision\t: 3

"""
"""A Cortex-A72's. LiteRT reads it, and ends on that of an Intel processor, which qemu before 8.2 shows it."""


def make_arm64_python(folder: Path) -> None:
    """Fetch Debian's Python and the wheels; nothing of this system is changed."""
    root, site, fetched = folder / "root", folder / "site", folder / "fetched"
    (root / "usr" / "lib").mkdir(parents=True)
    (root / "lib").symlink_to("usr/lib")
    packages = f"--include=python{VERSION},libpython{VERSION}-stdlib,libstdc++6"
    command = ["debootstrap", "--arch=arm64", "--foreign", "--variant=minbase", packages, DEBIAN, str(fetched), MIRROR]
    subprocess.run(command, check=True)
    for package in sorted((fetched / "var" / "cache" / "apt" / "archives").glob("*.deb")):
        if package.name.startswith(NEEDED):
            with subprocess.Popen(["dpkg", "--fsys-tarfile", package], stdout=subprocess.PIPE) as tar:
                unpack = ["tar", "-x", "--keep-directory-symlink", "-C", str(root)]
                subprocess.run(unpack, stdin=tar.stdout, check=True)
    shutil.rmtree(fetched)
    (root / "proc").mkdir()
    (root / "proc" / "cpuinfo").write_text("".join(PROCESSOR.format(number=number) for number in range(4)))
    asked = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--python-version", VERSION]
    asked += [part for platform in PLATFORMS for part in ("--platform", platform)]
    subprocess.run([*asked, "-d", str(folder / "wheels"), *PACKAGES], check=True)
    for wheel in (folder / "wheels").glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(site)


@pytest.fixture(scope="session")
def arm64_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program that is Python on aarch64, its children too."""
    folder = Path(os.environ.get("NUTSHELL_ARM64", "nowhere"))
    emulator = shutil.which(EMULATOR)
    if not (folder / "site").is_dir() or emulator is None:
        pytest.skip("NUTSHELL_ARM64 names no Python for aarch64; python -m tests.arm64_python FOLDER makes one")
    program = tmp_path_factory.mktemp("arm64") / "python"
    # Under the program's own name, so that what it starts again is this script, which every kernel runs.
    program.write_text(
        f'#!/bin/sh\nexport QEMU_CPU=cortex-a72 PYTHONHOME="{folder}/root/usr" PYTHONPATH="{folder}/site"\n'
        f'exec {emulator} -L "{folder}/root" -0 "$0" "{folder}/root/usr/bin/python{VERSION}" "$@"\n'
    )
    program.chmod(0o755)
    return program


if __name__ == "__main__":
    make_arm64_python(Path(sys.argv[1]).resolve())
