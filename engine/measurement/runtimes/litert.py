"""LiteRT as programs use it: with its default delegate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from engine.contract.runtime import Runtime, RuntimeAnswers

if TYPE_CHECKING:
    import numpy as np


class LiteRt(Runtime):
    key: ClassVar[str] = "litert"
    title: ClassVar[str] = "LiteRT"
    name: ClassVar[str] = "LiteRT"

    def answers(self, file: Path, images: np.ndarray) -> RuntimeAnswers:
        from engine.measurement.interpreter import ImageClassifier

        return RuntimeAnswers(ImageClassifier(file).answers(images))
