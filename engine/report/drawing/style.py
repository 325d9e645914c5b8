"""How all figures of a report look: small letters that print well, colours that colour-blind readers tell apart."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from matplotlib.ft2font import FT2Font

WIDTH_IN = 6.5
"""Between the margins of an A4 page."""
SERIES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#6b6b6b", "#a89f00")
"""Okabe and Ito 2008, as in the window."""
MARKS = ("o", "s", "D", "^", "v", "P", "X", "*")
LATIN = 0x24F
"""The last letter that every font has."""
INK, MUTED, GRID = "#1b1f24", "#5d6670", "#d9dde2"
OTHER_LETTERS = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "Source Han Sans SC", "Microsoft YaHei", "Yu Gothic", "Malgun Gothic",
    "PingFang SC", "Hiragino Sans", "Arial Unicode MS", "Noto Sans Arabic", "Noto Sans Hebrew", "Noto Sans Devanagari",
)  # fmt: skip
"""Fonts for names of classes that DejaVu Sans cannot write, where they are installed."""


@contextmanager
def report_style() -> Iterator[None]:
    """Draw and save inside of it."""
    installed = {font.name for font in fontManager.ttflist}
    settings: Any = {
        "font.family": ["DejaVu Sans", *(name for name in OTHER_LETTERS if name in installed)],
        "font.size": 7.5,
        "axes.titlesize": 8,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.labelsize": 7.5,
        "axes.labelcolor": INK,
        "axes.edgecolor": MUTED,
        "axes.linewidth": 0.6,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.axisbelow": True,
        "grid.color": GRID,
        "grid.linewidth": 0.5,
        "xtick.labelsize": 7,
        "ytick.labelsize": 7,
        "xtick.color": MUTED,
        "ytick.color": MUTED,
        "xtick.labelcolor": INK,
        "ytick.labelcolor": INK,
        "xtick.major.width": 0.6,
        "ytick.major.width": 0.6,
        "legend.fontsize": 7,
        "legend.frameon": False,
        "lines.linewidth": 1.3,
        "lines.markersize": 4.5,
        "text.color": INK,
        "pdf.fonttype": 42,
        "svg.fonttype": "path",
        "svg.hashsalt": "nutshell",
        "savefig.facecolor": "white",
    }
    with matplotlib.rc_context(settings), warnings.catch_warnings():
        # `letters_without_font` tells it, in a sentence.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        yield


def letters_without_font(text: str) -> str:
    """Those that no font of a report can write on this machine: figures and the PDF show boxes in their place."""
    installed = {font.name: font.fname for font in fontManager.ttflist if font.name in {"DejaVu Sans", *OTHER_LETTERS}}
    unknown = {letter for letter in text if ord(letter) > LATIN and letter.isprintable()}
    for file in installed.values():
        if unknown:
            known = FT2Font(file).get_charmap()
            unknown = {letter for letter in unknown if ord(letter) not in known}
    return "".join(sorted(unknown))


def new_figure(height_in: float, rows: int = 1, columns: int = 1, **options: Any) -> tuple[Figure, list[Axes]]:
    """An empty figure as wide as the text, with its plots row by row."""
    figure = Figure(figsize=(WIDTH_IN, height_in), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, **options)
    return figure, [one for row in axes for one in row]


def series(place: int) -> tuple[str, str]:
    """Colour and mark of the thing at a place; both repeat after eight."""
    return SERIES[place % len(SERIES)], MARKS[place % len(MARKS)]
