"""Loss and accuracy of every training stage, one after the other, on training and validation images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from string import ascii_uppercase

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from engine.contract.events import EpochFinished
from engine.report.drawing.style import MUTED, SERIES, new_figure

HEIGHT_IN = 2.25
EXPLODED = 50.0
"""Nats: above it a linear axis would hide all other stages."""
FEW_EPOCHS = 60
"""Up to so many, each is marked."""
Pair = Callable[[EpochFinished], tuple[float, float]]
VALUES: tuple[tuple[str, Pair], ...] = (
    ("cross-entropy (nats)", lambda one: (one.loss, one.validation_loss)),
    ("accuracy", lambda one: (one.accuracy, one.validation_accuracy)),
)


def stage_letter(place: int) -> str:
    """A, B, … Z, AA, AB, …"""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, len(ascii_uppercase))
        letters = ascii_uppercase[rest] + letters
    return letters


def draw_training_curves(stages: Sequence[Sequence[EpochFinished]]) -> Figure:
    """Stages are lettered above the plots."""
    figure, plots = new_figure(HEIGHT_IN, columns=2)
    for plot, (title, values) in zip(plots, VALUES, strict=True):
        _draw(plot, stages, values)
        worst = max((value for epochs in stages for one in epochs for value in values(one)), default=0.0)
        if worst > EXPLODED:
            plot.set_yscale("log")
        plot.set_ylabel(title)
        plot.set_xlabel("epoch, all stages")
    handles, labels = plots[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper right", ncols=2)
    return figure


def _draw(plot: Axes, stages: Sequence[Sequence[EpochFinished]], values: Pair) -> None:
    mark = 2.6 if sum(map(len, stages)) <= FEW_EPOCHS else 0
    before = 0
    for place, epochs in enumerate(stages):
        x = [before + number + 1 for number in range(len(epochs))]
        named = place == 0
        for side, (name, line) in enumerate((("training", "-"), ("validation", (0, (4, 1.5))))):
            plot.plot(
                x, [values(one)[side] for one in epochs], linestyle=line, color=SERIES[side], marker="os"[side],
                markersize=mark, linewidth=1.1, label=name if named else None,
            )  # fmt: skip
        if place:
            plot.axvline(before + 0.5, color=MUTED, linewidth=0.6, linestyle=":")
        plot.text(
            before + 0.5 + len(epochs) / 2, 1.02, stage_letter(place), ha="center", va="bottom", fontsize=7,
            color=MUTED, transform=plot.get_xaxis_transform(),
        )  # fmt: skip
        before += len(epochs)
    plot.set_xlim(0.5, before + 0.5)
    plot.xaxis.set_major_locator(MaxNLocator(integer=True))
    plot.grid(axis="y")
