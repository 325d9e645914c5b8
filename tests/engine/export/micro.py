"""A `.tflite` in TensorFlow Lite Micro, which reads what lies inside the flatbuffer and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter, OpResolverType

ARENA_BYTES = 64 * 2**20


def micro_probabilities(content: bytes, images: Sequence[np.ndarray]) -> np.ndarray:
    """What the file answers there, float32 (n, classes).

    Args:
        images: float32 (height, width, channels) each as the network is fed.

    Raises:
        RuntimeError: it does not load there, as files with operators of mixed number types.
    """
    runtime = pytest.importorskip("tflite_micro.python.tflite_micro.runtime", reason="has no wheel for this platform")
    interpreter = runtime.Interpreter.from_bytes(content, arena_size=ARENA_BYTES)
    answers = []
    for image in images:
        interpreter.set_input(np.ascontiguousarray(image[None]), 0)
        interpreter.invoke()
        answers.append(interpreter.get_output(0)[0].copy())
    return np.array(answers)


def reference_probabilities(content: bytes, images: Sequence[np.ndarray]) -> np.ndarray:
    """What the file answers by LiteRT's reference kernels, without a delegate, float32 (n, classes)."""
    resolver = OpResolverType.BUILTIN_REF
    interpreter = Interpreter(model_content=content, experimental_op_resolver_type=resolver)
    interpreter.allocate_tensors()
    (image,), (output,) = interpreter.get_input_details(), interpreter.get_output_details()
    answers = []
    for pixels in images:
        interpreter.set_tensor(image["index"], np.ascontiguousarray(pixels[None]))
        interpreter.invoke()
        answers.append(interpreter.get_tensor(output["index"])[0].copy())
    return np.array(answers)
