"""Whether TensorFlow would find a graphics processor, from what is installed; TensorFlow is not asked."""

from __future__ import annotations

import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

from engine.doctor.health_check import CheckedFolders, CheckedPart, Fact, HealthCheck
from engine.doctor.installed_packages import installed

DRIVER_FILE = Path("/proc/driver/nvidia/version")
CUDA_EXTRA = re.compile(r"([\w.-]+).*extra\s*==\s*['\"]and-cuda['\"]")
PROCESSOR_ONLY = "TensorFlow computes on the processor"
WITHOUT_CUDA = "tensorflow-cpu"
"""The build of TensorFlow that a built program holds."""


class GraphicsCheck(HealthCheck):
    """NVIDIA's driver and the CUDA packages; no trouble where they are missing."""

    key: ClassVar[str] = "graphics"
    title: ClassVar[str] = "Graphics processor"
    place: ClassVar[int] = 5

    def look(self, folders: CheckedFolders) -> CheckedPart:
        if not sys.platform.startswith("linux"):
            return CheckedPart(self.title, (Fact("Use", f"not on this system; {PROCESSOR_ONLY}"),))
        driver, cuda = _driver(), _missing_cuda()
        if installed(WITHOUT_CUDA) is not None:
            use = f"{PROCESSOR_ONLY}: it is built without CUDA; for a graphics card, install the program with pip"
            return CheckedPart(self.title, (Fact("NVIDIA driver", driver or "none"), Fact("Use", use)))
        wheels = "not known" if cuda is None else "all installed" if not cuda else f"{len(cuda)} not installed"
        if driver and cuda == []:
            use = "TensorFlow should find it"
        elif driver:
            use = f"{PROCESSOR_ONLY}: it needs its CUDA packages (pip install 'tensorflow[and-cuda]')"
        else:
            use = f"{PROCESSOR_ONLY}: there is no NVIDIA driver"
        facts = (Fact("NVIDIA driver", driver or "none"), Fact("CUDA packages", wheels), Fact("Use", use))
        return CheckedPart(self.title, facts)


def _driver() -> str:
    """The driver's version; empty: none is loaded."""
    with suppress(OSError):
        text = DRIVER_FILE.read_text(encoding="utf-8", errors="replace")
        found = re.search(r"\b\d+\.\d+(?:\.\d+)?\b", text)
        return found[0] if found else "loaded"
    return ""


def _missing_cuda() -> list[str] | None:
    """What of TensorFlow's own list of CUDA packages is not installed; None: it has no such list."""
    tensorflow = installed("tensorflow")
    wanted = [found[1] for one in (tensorflow and tensorflow.requires) or () if (found := CUDA_EXTRA.match(one))]
    return [name for name in wanted if installed(name) is None] if wanted else None
