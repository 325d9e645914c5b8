"""TensorFlow Lite Micro, for microcontrollers: reads no file, allocates nothing, and has fewer kernels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from engine.contract.runtime import FileForm, Runtime, RuntimeAnswers
from engine.measurement.micro_runtime import INSTALLED_BY, micro_is_installed

if TYPE_CHECKING:
    import numpy as np


class TfliteMicro(Runtime):
    key: ClassVar[str] = "tflm"
    title: ClassVar[str] = "TFLM"
    name: ClassVar[str] = "TensorFlow Lite Micro"

    def missing(self) -> str:
        return "" if micro_is_installed() else INSTALLED_BY

    def unsuited(self, form: FileForm) -> str:
        for narrow in ("float16", "int4"):
            if narrow in form.weights:
                return f"{self.name} does not widen {narrow} weights to floats."
        if form.hybrid:
            return f"{self.name} does not compute int8 weights with float activations, as dynamic range does."
        return ""

    def answers(self, file: Path, images: np.ndarray) -> RuntimeAnswers:
        from engine.measurement.micro_interpreter import MicroInterpreter
        from engine.measurement.tflite_file import TfliteFile

        interpreter = MicroInterpreter(file, images[0].nbytes)
        outputs = interpreter.answers(images)
        operators = sorted({operator.name for operator in TfliteFile.read(file).operators})
        return RuntimeAnswers(outputs, interpreter.arena_bytes(), tuple(operators))
