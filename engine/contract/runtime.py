"""What a runtime is that a `.tflite` file may run on: the one source of recipe checks, tables and measurements.

Each is one file in `engine/measurement/runtimes`; it imports native code inside `answers` only, so that the wizard can
read what it declares.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from engine.contract.registry import Registry, nearest_name

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class FileForm:
    """In which numbers a file will store and compute, as far as a recipe tells before there is one."""

    weights: frozenset[str] = frozenset({"float32"})
    """Number types of the kernels, such as "float16", "int8", "int4"; empty where they are not known."""
    hybrid: bool = False
    """Whether integer kernels are computed with float activations, as under dynamic range."""
    activation_bytes: int = 4
    """Of one value between two layers; the fewest, where layers differ."""
    ends_bytes: int = 4
    """Of one value of the input, and of the output."""


@dataclass(frozen=True)
class RuntimeAnswers:
    """What a file gives there."""

    outputs: np.ndarray
    """float32 (images, classes or 1), dequantised."""
    arena_bytes: int | None = None
    """That its tensors take; None where the runtime has no arena."""
    operators: tuple[str, ...] = ()
    """That have to be linked into a program for this file; empty where all are."""


class Runtime(ABC):
    """One way to run a `.tflite` file, named in a recipe's `target.runs_on`."""

    key: ClassVar[str]
    title: ClassVar[str]
    """As tables have it."""
    name: ClassVar[str]
    """As sentences have it."""

    def missing(self) -> str:
        """What installs it, as the end of "not measured: …"; empty where it is installed."""
        return ""

    def unsuited(self, form: FileForm) -> str:
        """Why a file of such numbers will not run there, as a sentence; empty where nothing speaks against it."""
        return ""

    @abstractmethod
    def answers(self, file: Path, images: np.ndarray) -> RuntimeAnswers:
        """Run a file; called in a process of its own, which native code may end.

        Args:
            images: float32 (n, height, width, channels), as the network is fed.

        Raises:
            NutshellError: it does not run there; the message is the reason, in one plain sentence.
        """


RUNTIMES: Registry[Runtime] = Registry("engine.measurement.runtimes", Runtime, "runtime")


def known_runtime(key: str) -> str:
    """The key itself.

    Raises:
        ValueError: no runtime has it; the sentence names the nearest one.
    """
    if key in RUNTIMES:
        return key
    near = nearest_name(key, RUNTIMES.keys())
    suggestion = f' did you mean "{near}"?' if near else ""
    raise ValueError(f"there is no runtime of this name;{suggestion} known: {', '.join(RUNTIMES)}")
