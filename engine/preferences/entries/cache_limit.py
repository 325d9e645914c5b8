"""How much room prepared images, and stages that no run uses, may take."""

from __future__ import annotations

from engine.preferences.preference import NumberPreference

GIB = 1024**3


class CacheLimit(NumberPreference):
    key = "cache_limit_gib"
    title = "Cache &limit"
    explanation = (
        "When prepared images and unused stages take more, those that were not used for the longest time are cleared. "
        "They can be computed again. No run, result or draft is touched, and nothing that is in use."
    )
    order = 3
    maximum = 10_000
    unit = "GiB"
    zero = "no limit"

    @classmethod
    def usual(cls) -> int:
        return 20
