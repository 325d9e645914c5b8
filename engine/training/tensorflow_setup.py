"""Sets TensorFlow up before anything of it runs: Keras 2, quiet, seeded, deterministic."""

from __future__ import annotations

import os

from engine.launch.thread_limit import thread_limit


def tensorflow_environment() -> None:
    """What TensorFlow reads at its first import, unless it is set already."""
    # TFMOT needs Keras 2.
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")
    # TensorFlow itself asks for oneDNN only where a CPU has AVX-512; with AVX2 it halves the time of a batch too.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")


def set_up_tensorflow(seed: int) -> str:
    """Import TensorFlow, which takes seconds; so only a run that has something to compute calls this.

    Returns:
        What it computes on, such as "CPU, 2 cores" or the name of a graphics card.
    """
    tensorflow_environment()
    import tensorflow as tf

    tf.keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
    cards = tf.config.list_physical_devices("GPU")
    for card in cards:
        # Left to itself, TensorFlow takes all of a card's memory.
        tf.config.experimental.set_memory_growth(card, True)
    if not cards:
        threads = thread_limit()
        held_to = ", 1 thread" if threads == 1 else f", {threads} threads" if threads else ""
        return f"CPU, {os.cpu_count()} cores" + held_to
    return str(tf.config.experimental.get_device_details(cards[0]).get("device_name", "graphics card"))
