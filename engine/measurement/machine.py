"""What machine this is, for the figures that depend on it."""

from __future__ import annotations

import platform
import subprocess
import sys
from functools import lru_cache
from pathlib import Path


@lru_cache(maxsize=1)
def cpu_name() -> str:
    """The processor's name as its maker gives it, such as "AMD EPYC 7B13"."""
    try:
        if sys.platform.startswith("linux"):
            fields = dict(_fields(Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")))
            # ARM boards name themselves in the device tree.
            board = Path("/proc/device-tree/model")
            name = fields.get("model name") or (board.read_text().strip("\0\n") if board.exists() else "")
        elif sys.platform == "darwin":
            command = ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"]
            name = subprocess.run(command, capture_output=True, text=True, timeout=5, check=True).stdout
        else:
            name = platform.processor()
    except (OSError, subprocess.SubprocessError):
        name = ""
    return " ".join(name.split()) or platform.processor() or platform.machine()


def _fields(text: str) -> list[tuple[str, str]]:
    """The "key : value" lines."""
    pairs = (line.partition(":") for line in text.splitlines())
    return [(key.strip(), value.strip()) for key, colon, value in pairs if colon]
