"""The test accuracies of a run's baselines after the epochs that its recipe names, as a text."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from engine.contract.measurements import SweptEpoch, variant_name
from engine.contract.recipe import BASELINE
from engine.language.speech import number_text, tr


def sweep_text(sweep: Sequence[SweptEpoch]) -> str:
    """One line per baseline, such as "baseline, test accuracy after epoch 1: 0.870, 20: 0.922"; empty where none is."""
    lines = []
    for branch, epochs in groupby(sweep, key=lambda swept: swept.branch):
        figures = ", ".join(f"{swept.epoch}: {number_text(f'{swept.accuracy:.3f}')}" for swept in epochs)
        lines.append(
            tr(
                "{variant_name}, test accuracy after epoch {figures}",
                variant_name=variant_name(BASELINE, branch),
                figures=figures,
            )
        )
    return "\n".join(lines)
