"""Normally distributed numbers for noise on pixels, in a sixth of the time that a generator takes for exact ones."""

from __future__ import annotations

from functools import lru_cache
from statistics import NormalDist

import numpy as np

QUANTILES = 2**16
"""As many different values there are; the outermost is 4.3 deviations from 0, the deviation of all is 0.99999."""


def normal_values(shape: tuple[int, ...], generator: np.random.Generator) -> np.ndarray:
    """Float32 of mean 0 and deviation 1, each drawn evenly from `QUANTILES` quantiles of the normal distribution."""
    return _quantiles().take(generator.integers(0, QUANTILES, shape, dtype=np.uint16))


@lru_cache(maxsize=1)
def _quantiles() -> np.ndarray:
    """The middle of each of as many equally likely parts of the distribution."""
    normal = NormalDist()
    upper = [normal.inv_cdf((place + 0.5) / QUANTILES) for place in range(QUANTILES // 2, QUANTILES)]
    values = np.asarray([-value for value in reversed(upper)] + upper, dtype=np.float32)
    values.flags.writeable = False
    return values
