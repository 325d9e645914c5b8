"""Rows of test images with a line or two below each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from engine.report.drawing.style import INK, MUTED, WIDTH_IN

PICTURES_PER_ROW = 6
LINE_IN, TITLE_IN, GAP_IN = 0.125, 0.2, 0.08


@dataclass(frozen=True)
class CaptionedPicture:
    """An image, and what is said below it."""

    pixels: np.ndarray
    """uint8 (height, width) or (height, width, 3)."""
    lines: tuple[str, ...]


@dataclass(frozen=True)
class PictureRow:
    title: str
    pictures: tuple[CaptionedPicture, ...]
    """At most `PICTURES_PER_ROW`."""


def draw_picture_rows(rows: Sequence[PictureRow]) -> Figure:
    """All pictures are equally wide; each row is as high as its texts need."""
    side = (WIDTH_IN - GAP_IN * (PICTURES_PER_ROW - 1)) / PICTURES_PER_ROW
    lines = max(len(one.lines) for row in rows for one in row.pictures)
    row_in = TITLE_IN + side + lines * LINE_IN + GAP_IN * 1.5
    height = row_in * len(rows)
    figure = Figure(figsize=(WIDTH_IN, height))
    for number, row in enumerate(rows):
        top = height - number * row_in
        figure.text(0, (top - TITLE_IN * 0.6) / height, row.title, fontsize=7.5, fontweight="bold", va="center")
        for column, one in enumerate(row.pictures):
            left = column * (side + GAP_IN)
            box = (left / WIDTH_IN, (top - TITLE_IN - side) / height, side / WIDTH_IN, side / height)
            plot = figure.add_axes(box)
            grey: Any = {"cmap": "gray", "vmin": 0, "vmax": 255} if one.pixels.ndim == 2 else {}
            plot.imshow(one.pixels, interpolation="nearest", **grey)
            plot.set_xticks([])
            plot.set_yticks([])
            for spine in plot.spines.values():
                spine.set_visible(False)
            for place, line in enumerate(one.lines):
                down = top - TITLE_IN - side - (place + 0.65) * LINE_IN
                colour = INK if place == 0 else MUTED
                figure.text(left / WIDTH_IN, down / height, line, fontsize=6.2, va="center", color=colour)
    return figure
