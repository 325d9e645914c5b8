"""Sets TensorFlow up before anything of it runs: Keras 2, quiet, seeded, deterministic."""

from __future__ import annotations

import os


def set_up_tensorflow(seed: int) -> None:
    """Import TensorFlow, which takes seconds; so only a run that has something to compute calls this."""
    # TFMOT needs Keras 2, and the switch is read at the first import.
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")
    import tensorflow as tf

    tf.keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
    for card in tf.config.list_physical_devices("GPU"):
        # Left to itself, TensorFlow takes all of a card's memory.
        tf.config.experimental.set_memory_growth(card, True)
