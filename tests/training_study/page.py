"""The study as a page of the documentation."""

from __future__ import annotations

import math
import os
import statistics
from collections.abc import Sequence

from engine.measurement.machine import cpu_name
from tests.training_study.fine_tuning import FineTuned
from tests.training_study.settings import DEFAULTS, EPOCHS
from tests.training_study.study import Trained

HEAD = """# What training does by default, and why

A recipe that names no training settings trains with AdamW, a learning rate that fits optimizer and batch, a warm-up
over a tenth of the epochs, a cosine schedule, label smoothing and small shifts of the images.

- **Learning rate.** 0.006 for AdamW, 0.003 for Adam, 0.05 for SGD and 0.001 for RMSprop at batches of 32. It grows
  with the square root of the batch, for SGD in proportion, up to 16 times the batch. Networks without batch
  normalisation, and those that begin with weights of a file, get a sixth.
- **Weight decay.** 0.05 for AdamW, 0.0005 for SGD, none for the others.
- **Epochs.** Without a number of epochs the rate warms up over 200 batches (one to five epochs) and stays until
  neither accuracy nor loss on the validation images has improved for a while, or until `budget_minutes` are nearly
  used; then it falls, over four tenths of the epochs so far (Hägele et al. 2024). A training that is continued after
  a break takes the same course.
- **Augmentation.** `small_shift` alone: every other kind assumes something of the images.
- **Steps that train further** begin at the baseline's rate: pruning and transfer at the whole, clustering at half,
  QAT at a tenth, where its shares differ by no more than the noise and a trained network is changed least. A student
  of distillation has the rate of a baseline of its own kind.

The network page has presets of a whole training: these settings, and those of the papers as far as they tell them.

## What the settings are worth
"""
COMMAND = "python -m tests.training_study FOLDER_OF_CIFAR10_MINI > resources/docs/training.md"


def page(cells: Sequence[Trained], fine_tuned: Sequence[FineTuned]) -> str:
    """The tables of the settings and of the steps' learning rates."""
    return _settings(cells) + ("\n" + _fine_tuning(fine_tuned) if fine_tuned else "")


def _settings(cells: Sequence[Trained]) -> str:
    """A row per settings: the mean test accuracy over its seeds for each kind of images and backbone."""
    columns = list(dict.fromkeys((one.images, one.backbone) for one in cells))
    accuracy = {(one.settings, (one.images, one.backbone), one.seed): one.test_accuracy for one in cells}
    lines = [
        HEAD,
        f"Test accuracy in percent after {EPOCHS} epochs, the mean of the seeds. The last column is the distance from "
        "the defaults' with the same images, backbone and seed: its mean, and the standard error of that mean. By "
        f"`{COMMAND}` on {cpu_name()}, {os.cpu_count()} cores; how many seeds a row has is in the table.",
        "",
        f"| settings | seeds | {_heads(columns)} | distance |",
        "| --- | ---: |" + " ---: |" * (len(columns) + 1),
    ]
    for name in dict.fromkeys(one.settings for one in cells):
        seeds = sorted({one.seed for one in cells if one.settings == name})
        means = [statistics.mean(accuracy[name, column, seed] for seed in seeds) for column in columns]
        distances = [
            accuracy[name, column, seed] - accuracy[DEFAULTS, column, seed] for column in columns for seed in seeds
        ]
        told = " | ".join(f"{100 * one:.1f}" for one in means)
        lines.append(f"| {name} | {len(seeds)} | {told} | {_distance(distances)} |")
    return "\n".join(lines) + "\n"


def _distance(distances: Sequence[float]) -> str:
    """In points, with its standard error."""
    if not any(distances):
        return "0"
    error = statistics.stdev(distances) / math.sqrt(len(distances)) if len(distances) > 1 else math.nan
    return f"{100 * statistics.mean(distances):+.1f} ± {100 * error:.1f}"


def _fine_tuning(cells: Sequence[FineTuned]) -> str:
    """A row per step and rate: what the step gains or loses of its baseline's test accuracy, in points."""
    columns = list(dict.fromkeys((one.images, one.backbone) for one in cells))
    rows = list(dict.fromkeys((one.step, one.share) for one in cells))
    seeds = len({one.seed for one in cells})
    lines = [
        "## The learning rate of steps that train further",
        "",
        f"What a step gains or loses of its baseline's test accuracy, in points, {_of_seeds(seeds)}, at shares of "
        "the baseline's learning rate, which falls over the step's epochs. A transfer has other images and a "
        "distillation another network; theirs is what they gain or lose against the whole rate.",
        "",
        f"| step | share of the rate | {_heads(columns)} | mean |",
        "| --- | ---: |" + " ---: |" * (len(columns) + 1),
    ]
    for step, share in rows:
        gains = [
            statistics.mean(
                one.accuracy - one.baseline_accuracy
                for one in cells
                if (one.step, one.share) == (step, share) and (one.images, one.backbone) == column
            )
            for column in columns
        ]
        told = " | ".join(f"{100 * gain:+.1f}" for gain in gains)
        lines.append(f"| {step} | {share:g} | {told} | {100 * statistics.mean(gains):+.1f} |")
    return "\n".join(lines) + "\n"


def _of_seeds(count: int) -> str:
    return "of one seed" if count == 1 else f"mean of {count} seeds"


def _heads(columns: Sequence[tuple[str, str]]) -> str:
    return " | ".join(f"{images}: {backbone}" for images, backbone in columns)
