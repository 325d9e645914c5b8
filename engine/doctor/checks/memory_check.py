"""How much memory there is, with the limit of a container."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

from engine.doctor.health_check import CheckedFolders, CheckedPart, Fact, HealthCheck, Trouble

GIB = 1024**3
LEAST_FREE_GIB = 1.0
"""TensorFlow alone takes half of it before the first image."""
MEMORY_FILE = Path("/proc/meminfo")
LIMIT_FILES = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


class MemoryCheck(HealthCheck):
    """Reads what the kernel says."""

    key: ClassVar[str] = "memory"
    title: ClassVar[str] = "Memory"
    place: ClassVar[int] = 4

    def look(self, folders: CheckedFolders) -> CheckedPart:
        total, free = _memory_gib()
        if total is None or free is None:
            return CheckedPart(self.title, (Fact("Memory", "not known"),))
        facts = [Fact("Memory", f"{total:.1f} GiB, {free:.1f} GiB free")]
        limit = _limit_gib()
        if limit is not None and limit < total:
            facts.append(Fact("Limit", f"{limit:.1f} GiB for this container"))
            free = min(free, limit)
        if free >= LEAST_FREE_GIB:
            return CheckedPart(self.title, tuple(facts))
        what = f"Only {free:.1f} GiB of memory can be used; the system may end a training."
        remedy = "Close other programs, or give the container more; smaller images and batches need less."
        return CheckedPart(self.title, tuple(facts), (Trouble(what, remedy),))


def _memory_gib() -> tuple[float | None, float | None]:
    """Total and available."""
    if sys.platform.startswith("linux"):
        with suppress(OSError, KeyError, ValueError):
            lines = (line.split() for line in MEMORY_FILE.read_text(encoding="ascii").splitlines())
            kib = {words[0]: int(words[1]) for words in lines if len(words) > 1}
            return kib["MemTotal:"] * 1024 / GIB, kib["MemAvailable:"] * 1024 / GIB
    with suppress(ImportError):
        import psutil

        memory = psutil.virtual_memory()
        return memory.total / GIB, memory.available / GIB
    return None, None


def _limit_gib() -> float | None:
    for file in LIMIT_FILES:
        with suppress(OSError, ValueError):
            return int(file.read_text(encoding="ascii")) / GIB
    return None
