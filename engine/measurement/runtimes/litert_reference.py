"""LiteRT's reference kernels, without a delegate: what ports to other processors are compared with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from engine.contract.runtime import Runtime, RuntimeAnswers

if TYPE_CHECKING:
    import numpy as np


class LiteRtReference(Runtime):
    key: ClassVar[str] = "litert_reference"
    title: ClassVar[str] = "LiteRT reference"
    name: ClassVar[str] = "LiteRT with its reference kernels"

    def answers(self, file: Path, images: np.ndarray) -> RuntimeAnswers:
        from engine.measurement.interpreter import ImageClassifier

        return RuntimeAnswers(ImageClassifier(file, reference=True).answers(images))
