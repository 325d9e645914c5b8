"""Feature maps, filters and activation maps as pictures on the screen."""

from __future__ import annotations

import numpy as np
import pyqtgraph
from PIL import Image
from PySide6.QtGui import QImage, QPixmap

GAP_PIXELS = 2
GAP_GREY = 128
STEPS = 256
OVERLAY = 0.55
"""How much of an activation map covers the image where it is strongest."""
VALUES, DIFFERENCES = "viridis", "CET-D1A"
HEAT = "inferno"


def grid_picture(planes: np.ndarray, scale: tuple[float, float], colours: str, columns: int, cell: int) -> QPixmap:
    """Planes side by side, all drawn on one scale.

    Args:
        planes: float (n, height, width).
        scale: the values of the first and the last colour.
        colours: a colour map's name, such as `VALUES`.
        cell: pixels of one plane's longer side.
    """
    count, height, width = planes.shape
    larger = max(1, round(cell / max(height, width)))
    planes = planes.repeat(larger, axis=1).repeat(larger, axis=2)
    _, height, width = planes.shape
    columns = min(columns, count)
    rows = -(-count // columns)
    shape = (rows * (height + GAP_PIXELS) - GAP_PIXELS, columns * (width + GAP_PIXELS) - GAP_PIXELS, 3)
    canvas = np.full(shape, GAP_GREY, dtype=np.uint8)
    for place, plane in enumerate(planes):
        row, column = divmod(place, columns)
        top, left = row * (height + GAP_PIXELS), column * (width + GAP_PIXELS)
        canvas[top : top + height, left : left + width] = coloured(plane, scale, colours)
    return _pixmap(canvas)


def overlay(image: np.ndarray, evidence: np.ndarray, strongest: float, side: int) -> np.ndarray:
    """An image with an activation map over it, enlarged smoothly, uint8 (height, width, 3).

    Args:
        image: uint8 (height, width[, 3]).
        evidence: float (height', width'), 0 or more.
        strongest: the value of the last colour; the same for maps that are to be compared.
    """
    grey = image if image.ndim == 3 else np.repeat(image[:, :, None], 3, axis=2)
    height, width = grey.shape[:2]
    larger = side / max(height, width)
    size = (max(1, round(width * larger)), max(1, round(height * larger)))
    base = np.asarray(Image.fromarray(np.ascontiguousarray(grey)).resize(size, Image.Resampling.BILINEAR))
    share = np.clip(evidence / strongest if strongest else evidence * 0, 0, 1).astype(np.float32)
    smooth = np.asarray(Image.fromarray(share).resize(size, Image.Resampling.BICUBIC))
    heat = coloured(smooth, (0.0, 1.0), HEAT)
    weight = OVERLAY * np.clip(smooth, 0, 1)[:, :, None] + 0.15
    return np.asarray(base * (1 - weight) + heat * weight).astype(np.uint8)


def overlay_picture(image: np.ndarray, evidence: np.ndarray, strongest: float, side: int) -> QPixmap:
    """The same as a picture."""
    return _pixmap(overlay(image, evidence, strongest, side))


def coloured(plane: np.ndarray, scale: tuple[float, float], colours: str) -> np.ndarray:
    """uint8 (height, width, 3) of a plane's values."""
    low, high = scale
    span = high - low or 1.0
    steps = np.clip((plane - low) / span * (STEPS - 1), 0, STEPS - 1).astype(np.int64)
    table = pyqtgraph.colormap.get(colours).getLookupTable(nPts=STEPS, alpha=False)
    return np.asarray(table, dtype=np.uint8)[steps]


def _pixmap(canvas: np.ndarray) -> QPixmap:
    canvas = np.ascontiguousarray(canvas)
    height, width = canvas.shape[:2]
    return QPixmap.fromImage(QImage(canvas.data, width, height, canvas.strides[0], QImage.Format.Format_RGB888).copy())
