"""The study as a table of the documentation."""

from __future__ import annotations

import os
import statistics
from collections.abc import Sequence

from engine.measurement.machine import cpu_name
from tests.channel_study.study import BASELINE, Cell

COMMAND = "python -m tests.channel_study FOLDER_OF_CIFAR10_MINI"


def table(cells: Sequence[Cell], epochs: int, fine_tuning_epochs: int) -> str:
    """A row per method: test accuracy of each seed and the mean, and its distance from the baseline's mean."""
    seeds = sorted({one.seed for one in cells})
    methods = list(dict.fromkeys(one.method for one in cells))
    whole = {one.seed: one for one in cells if one.method == BASELINE}
    of_seeds = "one seed" if len(seeds) == 1 else f"{len(seeds)} seeds"
    if len(cells) < len(methods) * len(seeds):
        of_seeds += ", of which a row has those with a figure"
    lines = [
        f"Test accuracy in percent, {of_seeds}; the baseline was trained for {epochs} epochs, each pruned network "
        f"fine-tuned for {fine_tuning_epochs} more. By `{COMMAND} --epochs {epochs} --fine-tuning "
        f"{fine_tuning_epochs} --seeds {len(seeds)}` on {cpu_name()}, {os.cpu_count()} cores.",
        "",
        f"| network | {' | '.join(f'seed {seed}' for seed in seeds)} | mean | points | epochs | MACs | parameters | "
        "right after pruning |",
        "| --- |" + " ---: |" * (len(seeds) + 6),
    ]
    for method in methods:
        own = {one.seed: one for one in cells if one.method == method}
        mean = statistics.mean(one.test_accuracy for one in own.values())
        usual = statistics.mean(whole[seed].test_accuracy for seed in own)
        first = own[min(own)]
        each = [f"{100 * own[seed].test_accuracy:.1f}" if seed in own else "–" for seed in seeds]
        pruned = [one.validation_accuracy_after_pruning for one in own.values()]
        right_after = f"{100 * statistics.mean(pruned):.1f}" if any(pruned) else "–"
        lines.append(
            f"| {method} | {' | '.join(each)} | {100 * mean:.1f} | {100 * (mean - usual):+.1f} | {first.epochs} | "
            f"{first.macs / whole[first.seed].macs:.3f} | {first.parameters / whole[first.seed].parameters:.3f} | "
            f"{right_after} |"
        )
    return "\n".join(lines) + "\n"
