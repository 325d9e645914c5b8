"""How many processor threads a training may take."""

from __future__ import annotations

import os

from engine.preferences.preference import NumberPreference


class Threads(NumberPreference):
    key = "threads"
    title = "&Threads"
    explanation = (
        "How many threads TensorFlow takes for one run. Fewer leave the computer to others. Latency is always measured "
        "with one thread. With another number of threads, weights may differ in the last digits."
    )
    order = 2
    maximum = 1024
    unit = ""
    zero = f"all ({os.cpu_count() or 1})"

    @classmethod
    def usual(cls) -> int:
        return 0
