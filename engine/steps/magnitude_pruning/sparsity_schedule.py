"""How the share of zeros grows while a network is pruned. No TensorFlow."""

from __future__ import annotations

RAMP_SHARE = 0.75
"""Of a polynomial stage: the rest trains at the final sparsity, so that the network recovers."""


def polynomial_sparsity(start: float, final: float, progress: float) -> float:
    """s_f + (s_i − s_f)(1 − t)³ (Zhu and Gupta 2017, equation 1).

    Args:
        progress: share of the stage's batches that are done, 0 to 1; t is 1 at three quarters.
    """
    left = max(0.0, 1.0 - progress / RAMP_SHARE)
    return final + (start - final) * left**3


def round_sparsities(start: float, final: float, rounds: int) -> tuple[float, ...]:
    """The share of zeros after each of n rounds that remove an equal share of what remains (Kharitonov 2024).

    After round k it is 1 − (1 − s_i)·((1 − s_f)/(1 − s_i))^(k/n); the last is `final` exactly.
    """
    kept = (1 - final) / (1 - start)
    return (*(1 - (1 - start) * kept ** (number / rounds) for number in range(1, rounds)), final)
