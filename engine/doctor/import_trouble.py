"""What to tell where a package of others cannot be imported: one sentence with a way out."""

from __future__ import annotations

import re

from engine.doctor.health_check import Trouble
from engine.doctor.installed_packages import installed, missing_packages, missing_trouble, reinstall_remedy
from engine.launch.program import typed_command

OWN = ("engine", "ui", "workers")
NOT_PACKAGES = (
    "",
    "__main__",
    "main",
    "importlib",
    "_frozen_importlib",
    "_frozen_importlib_external",
    "pyimod02_importers",
)
CAUSE = re.compile(r"^(?:\w*Error): (.+)$", re.MULTILINE)
"""TensorFlow puts a whole traceback into its message."""
LONGEST = 200
DISTRIBUTIONS = {"tf_keras": "tf_keras", "tensorflow_model_optimization": "tensorflow-model-optimization"}
"""Of modules that are called otherwise."""


def is_of_others(error: ImportError) -> bool:
    """Whether it is not a module of the program's own that is missing."""
    return (error.name or "").partition(".")[0] not in OWN


def import_sentence(error: ImportError) -> str:
    """Names what is missing or broken, and how to install it again."""
    trouble = import_trouble(error)
    return f"{trouble.what} {trouble.remedy}"


def import_trouble(error: ImportError) -> Trouble:
    """The same, as what is wrong and what to do."""
    module = (error.name or "").partition(".")[0]
    if isinstance(error, ModuleNotFoundError) and module and (missing := missing_packages()):
        return missing_trouble(missing)
    package = _package(error, module)
    causes = CAUSE.findall(str(error))
    reason = (causes[-1] if causes else next(iter(str(error).strip().splitlines()), "no reason given"))[:LONGEST]
    return Trouble(
        f"{package} cannot be loaded ({reason.rstrip('.')}).",
        f"{reinstall_remedy(package)}, and see what {typed_command('doctor')} says.",
    )


def _package(error: ImportError, module: str) -> str:
    """What to install again: what is not there, or the first package of others that the import went through."""
    trace = None if isinstance(error, ModuleNotFoundError) and module else error.__traceback__
    while trace is not None:
        passed = str(trace.tb_frame.f_globals.get("__name__", "")).partition(".")[0]
        if passed not in (*OWN, *NOT_PACKAGES):
            module = passed
            break
        trace = trace.tb_next
    name = DISTRIBUTIONS.get(module, module or "a package")
    return "PySide6-Essentials" if name in ("PySide6", "shiboken6") and installed("PySide6-Essentials") else name
