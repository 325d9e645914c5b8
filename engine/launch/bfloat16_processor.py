"""Whether this processor multiplies bfloat16 numbers itself. No TensorFlow."""

from __future__ import annotations

import platform
from collections.abc import Mapping

import numpy as np

INSTRUCTIONS = "AVX512BF16"
"""As NumPy names them. Processors with AMX have them too."""


def multiplies_bfloat16() -> bool | None:
    """Whether it has the instructions; None where that is unknown. NumPy asks the processor, whatever the system."""
    features = instructions()
    return features.get(INSTRUCTIONS, False if features else None)


def missing_bfloat16() -> str:
    """Why a training cannot compute in bfloat16 here, as a sentence that says what to do; empty where it can."""
    if multiplies_bfloat16():
        return ""
    remedy = 'set training.precision = "float32"'
    if multiplies_bfloat16() is None:
        return f"Whether this processor computes in bfloat16 cannot be found out; {remedy}."
    kind = platform.machine() or "unknown"
    return f"This processor ({kind}) does not compute in bfloat16, which takes AVX-512 BF16 or AMX; {remedy}."


def instructions() -> Mapping[str, bool]:
    """Instruction set → whether the processor has it; empty where NumPy does not say."""
    core = getattr(np, "_core", None)
    features: Mapping[str, bool] = getattr(getattr(core, "_multiarray_umath", None), "__cpu_features__", {})
    return features
