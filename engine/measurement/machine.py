"""What machine this is, for the figures that depend on it."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

LATENCY_THREADS = 1
"""Of the interpreter that latencies are measured with."""


@lru_cache(maxsize=1)
def cpu_name() -> str:
    """The processor's name as its maker gives it, such as "AMD EPYC 7B13"."""
    try:
        name = _maker_name()
    except (OSError, subprocess.SubprocessError):
        name = ""
    return " ".join(name.split()) or platform.processor() or platform.machine()


def is_x86() -> bool:
    """Whether the processor has the instructions of Intel and AMD, rather than ARM's."""
    return platform.machine().lower() in {"x86_64", "amd64", "i386", "i686", "x86"}


def core_count() -> int:
    """Logical processors that this process may use, at least 1."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _maker_name() -> str:
    if sys.platform == "linux":
        fields = dict(_fields(Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")))
        # ARM boards name themselves in the device tree.
        board = Path("/proc/device-tree/model")
        return fields.get("model name") or (board.read_text().strip("\0\n") if board.exists() else "")
    if sys.platform == "darwin":
        command = ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(command, capture_output=True, text=True, timeout=5, check=True).stdout
    if sys.platform == "win32":
        # `platform.processor()` knows family and model number only.
        import winreg

        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, r"HARDWARE\DESCRIPTION\System\CentralProcessor\0") as key:
            return str(winreg.QueryValueEx(key, "ProcessorNameString")[0])
    return ""


def _fields(text: str) -> list[tuple[str, str]]:
    """The "key : value" lines."""
    pairs = (line.partition(":") for line in text.splitlines())
    return [(key.strip(), value.strip()) for key, colon, value in pairs if colon]
