"""The parameters with which TensorFlow Lite's benchmark app for iOS runs a file."""

from __future__ import annotations

import json

from engine.measurement.tflite_graph import EndTensor

WAYS = {
    "cpu-1": {"num_threads": "1"},
    "cpu-4": {"num_threads": "4"},
    "gpu": {"num_threads": "1", "use_gpu": "true"},
    "coreml": {"num_threads": "1", "use_coreml": "true"},
}
"""What runs the file → what the app is told."""


def ios_parameters(file: str, taken: EndTensor) -> dict[str, str]:
    """File name → content, one for each way to run a model.

    Args:
        file: the model's name.
        taken: its input.
    """
    stem = file.removesuffix(".tflite")
    plain = {
        "benchmark_name": stem,
        "graph": file,
        "input_layer": taken.name,
        "input_layer_shape": ",".join(map(str, taken.shape)),
        "num_runs": "100",
        "warmup_runs": "5",
        "run_delay": "-1",
    }
    return {f"{stem}.{way}.json": json.dumps({**plain, **told}, indent=1) + "\n" for way, told in WAYS.items()}


def ios_device(bundle: str) -> str:
    """What the user completes."""
    return f"bundle={bundle}\nname=iPhone\nsystem=iOS\ncpu=\n"  # not shown
