"""Versions of what the program's figures depend on most."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

from PySide6.QtCore import qVersion

LIBRARIES = (
    ("TensorFlow", "tensorflow"),
    ("Keras 2 (tf_keras)", "tf_keras"),
    ("TensorFlow Model Optimization", "tensorflow-model-optimization"),
    ("LiteRT", "ai-edge-litert"),
    ("AI Edge Quantizer", "ai-edge-quantizer"),
    ("NumPy", "numpy"),
    ("PySide6", "PySide6-Essentials"),
)
MISSING = "not installed"


def main_versions() -> tuple[tuple[str, str], ...]:
    """(name, version) of Python, Qt and the main libraries, from their metadata: nothing is imported."""
    found = [("Python", platform.python_version())]
    for name, package in LIBRARIES:
        try:
            found.append((name, version(package)))
        except PackageNotFoundError:
            found.append((name, MISSING))
    return (*found, ("Qt", qVersion()))
