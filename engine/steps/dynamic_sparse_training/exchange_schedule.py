"""When connections are exchanged, and how many (Evci et al. 2020, section 3, "update schedule"). No TensorFlow."""

from __future__ import annotations

import math
from dataclasses import dataclass

EXCHANGES_PER_EPOCH = 4
"""At least, where an epoch has as many batches."""


@dataclass(frozen=True)
class ExchangeSchedule:
    """Of one training."""

    update_every: int
    """ΔT, in batches."""
    drop_fraction: float
    """α, 0 to 1."""
    stop_fraction: float
    """T_end, as a share of the training, 0 to 1."""
    epochs: int

    def fraction_at(self, step: int, steps: int) -> float:
        """The share of its connections that each layer exchanges in batch `step` (from 0) of `steps`: α/2 ·
        (1 + cos(π · step / T_end)); 0 where it exchanges none."""
        end = self.stop_fraction * steps
        # The first weights have not learned anything yet, and what the last batch grows would never learn.
        if step == 0 or step >= min(end, steps - 1) or step % self._every(steps):
            return 0.0
        return self.drop_fraction / 2 * (1 + math.cos(math.pi * step / end))

    def planned(self, steps: int) -> int:
        """How many exchanges a training of `steps` batches has."""
        if not self.drop_fraction:
            return 0
        last = min(math.ceil(self.stop_fraction * steps), steps - 1) - 1
        return max(0, last // self._every(steps))

    def _every(self, steps: int) -> int:
        return min(self.update_every, max(1, steps // self.epochs // EXCHANGES_PER_EPOCH))
