"""Versions of what the program's figures depend on most."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

from PySide6.QtCore import qVersion

from engine.language.speech import mark

LIBRARIES = (
    ("TensorFlow", "tensorflow"),
    ("Keras 2 (tf_keras)", "tf_keras"),  # not shown
    ("TensorFlow Model Optimization", "tensorflow-model-optimization"),  # not shown
    ("LiteRT", "ai-edge-litert"),
    ("AI Edge Quantizer", "ai-edge-quantizer"),  # not shown
    ("NumPy", "numpy"),
    ("PySide6", "PySide6-Essentials"),
)
MISSING = mark("not installed")
"""As a version; `tr` tells it."""


def main_versions() -> tuple[tuple[str, str], ...]:
    """(name, version) of Python, Qt and the main libraries, from their metadata: nothing is imported."""
    found = [("Python", platform.python_version())]  # not shown
    for name, package in LIBRARIES:
        try:
            found.append((name, version(package)))
        except PackageNotFoundError:
            found.append((name, MISSING))
    return (*found, ("Qt", qVersion()))  # not shown
