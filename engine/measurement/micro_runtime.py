"""Whether TensorFlow Lite Micro is installed, by which files for it are made and run."""

from __future__ import annotations

from importlib.util import find_spec

from engine.contract.errors import NutshellError

INSTALLED_BY = "install TensorFlow Lite Micro with pip install '.[micro]' (there is a package for Linux on x86-64)"
MISSING = (
    "lookup_tables needs the package tflite_micro, which is not installed (there is one for Linux on x86-64); install "
    "it with pip install '.[micro]', or set lookup_tables = false."
)


def micro_is_installed() -> bool:
    return find_spec("tflite_micro") is not None


def require_micro() -> None:
    """Raises: NutshellError: it is not installed."""
    if not micro_is_installed():
        raise NutshellError(MISSING)
