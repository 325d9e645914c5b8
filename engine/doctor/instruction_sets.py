"""The processor's instruction sets that TensorFlow and LiteRT compute with. Standard library only."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from engine.measurement.machine import is_x86

CPU_FILE = Path("/proc/cpuinfo")
X86_SETS = {
    "AVX": "avx",
    "AVX2": "avx2",
    "AVX-512": "avx512f",
    "BF16": "avx512_bf16",
    "AMX": "amx_tile",
}
"""Name → flag of the Linux kernel."""
ARM_SETS = {"NEON": "asimd", "BF16": "bf16"}
WINDOWS_FEATURES = {"AVX": 39, "AVX2": 40, "AVX-512": 41}
"""`PF_AVX_INSTRUCTIONS_AVAILABLE` and its neighbours."""
SYSCTL_LINES = ("machdep.cpu.features", "machdep.cpu.leaf7_features")
APPLE_NAMES = {"AVX": "avx1.0", "AVX2": "avx2", "AVX-512": "avx512f"}


def instruction_sets() -> dict[str, bool]:
    """Name → whether this computer has it; empty where the system does not say."""
    names = X86_SETS if is_x86() else ARM_SETS
    if sys.platform == "win32":
        kernel = ctypes.windll.kernel32
        return {name: bool(kernel.IsProcessorFeaturePresent(at)) for name, at in WINDOWS_FEATURES.items() if is_x86()}
    if sys.platform == "darwin":
        flags = _apple_flags() if is_x86() else frozenset({"asimd"})
        names = APPLE_NAMES if is_x86() else {"NEON": "asimd"}
    else:
        flags = _linux_flags()
    return {name: flag in flags for name, flag in names.items()} if flags else {}


def avx_refusal() -> str:
    """Why TensorFlow would end at once with "Illegal instruction" here, as a sentence; empty where it would not."""
    if instruction_sets().get("AVX", True):
        return ""
    return (
        "This processor has no AVX instructions, which TensorFlow's packages need, so no network can be trained here; "
        "run the recipe on a computer whose processor has them, or, in a virtual machine, let it have the host's "
        "processor features."
    )


def _linux_flags() -> frozenset[str]:
    with suppress(OSError):
        for line in CPU_FILE.read_text(encoding="utf-8", errors="replace").splitlines():
            key, colon, value = line.partition(":")
            if colon and key.strip() in ("flags", "Features"):
                return frozenset(value.split())
    return frozenset()


def _apple_flags() -> frozenset[str]:
    with suppress(OSError, subprocess.SubprocessError):
        command = ["/usr/sbin/sysctl", "-n", *SYSCTL_LINES]
        done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False)
        return frozenset(done.stdout.lower().split())
    return frozenset()
