"""Runs a command where files of the system are hidden, in a mount namespace of its own: as on a bare machine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

from engine.doctor.system_library import LIBRARIES

IN_EVERY_SYSTEM = ("libz.so.1", "libzstd.so.1", "libstdc++.so.6", "libgcc_s.so.1")
"""Of those that Qt needs."""
UNSHARE = ("unshare", "--mount", "--map-root-user")
MOUNT_AND_RUN = 'while [ "$1" != -- ]; do mount --bind "$1" "$2" || exit 99; shift 2; done; shift; exec "$@"'


@lru_cache(maxsize=1)
def can_hide() -> bool:
    """Whether this system lets a process have mounts of its own."""
    if sys.platform != "linux" or shutil.which("unshare") is None or shutil.which("ldconfig") is None:
        return False
    command = [*UNSHARE, "sh", "-c", MOUNT_AND_RUN, "sh", os.devnull, "/etc/hostname", "--", "true"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def libraries_of_the_window() -> dict[str, str]:
    """What a bare Debian lacks of what Qt loads, each as a file that is no library."""
    listed = subprocess.run(["ldconfig", "-p"], capture_output=True, text=True, check=True).stdout
    names = {one.name for one in LIBRARIES} - set(IN_EVERY_SYSTEM)
    found = re.findall(r"^\s*(\S+) \(.*=> (\S+)$", listed, re.MULTILINE)
    return {str(Path(path).resolve()): os.devnull for name, path in found if name in names}


def replaced(files: dict[str, str], *command: object) -> list[str]:
    """The command line that runs a command where each of these files is another one."""
    pairs = [word for path, other in files.items() for word in (other, path)]
    return [*UNSHARE, "sh", "-c", MOUNT_AND_RUN, "sh", *pairs, "--", *map(str, command)]


def run_program(
    command: list[str], checkout: Path, timeout_s: float = 120, **environment: str
) -> subprocess.CompletedProcess[str]:
    """In the checkout, without a display unless the environment names one."""
    unwanted = ("DISPLAY", "WAYLAND_DISPLAY", "XDG_SESSION_TYPE", "QT_QPA_PLATFORM", "PYTEST_XDIST_WORKER")
    variables = {name: value for name, value in os.environ.items() if name not in unwanted} | environment
    return subprocess.run(
        command, cwd=checkout, env=variables, capture_output=True, text=True, timeout=timeout_s, check=False
    )
