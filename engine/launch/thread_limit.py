"""How many threads TensorFlow takes, by the variables that it reads when it starts; children inherit them."""

from __future__ import annotations

import os
from collections.abc import Mapping

VARIABLES = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
"""Within an operator, and of operators beside each other."""


def thread_limit(environment: Mapping[str, str] = os.environ) -> int | None:
    """As the environment says; 0: all; None: it says nothing that is a number."""
    try:
        return max(int(environment[VARIABLES[0]]), 0)
    except (KeyError, ValueError):
        return None


def with_thread_limit(environment: Mapping[str, str], count: int) -> dict[str, str]:
    """The environment of a process in which TensorFlow takes so many threads at most.

    Args:
        count: 0: all.
    """
    return {**environment, **dict.fromkeys(VARIABLES, str(count))}
