"""Arrays as pictures on the screen."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPixmap

SCROLL_BAR_PIXELS = 20
STRETCHED_SHARE = 0.995
"""Of a detail subband's values: the strongest few are cut, so that the others can be seen."""


def pixmap(image: np.ndarray, side: int) -> QPixmap:
    """An image scaled to fit a square of `side` pixels; small ones are enlarged with sharp pixels.

    Args:
        image: (height, width) or (height, width, 1 or 3), uint8 or uint16.
    """
    if image.dtype == np.uint16:
        image = (image >> 8).astype(np.uint8)
    if image.ndim == 3 and image.shape[2] == 1:
        image = image[:, :, 0]
    image = np.ascontiguousarray(image)
    height, width = image.shape[:2]
    form = QImage.Format.Format_Grayscale8 if image.ndim == 2 else QImage.Format.Format_RGB888
    picture = QImage(image.data, width, height, image.strides[0], form).copy()
    smooth = max(height, width) > side
    mode = Qt.TransformationMode.SmoothTransformation if smooth else Qt.TransformationMode.FastTransformation
    return QPixmap.fromImage(picture.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio, mode))


def picture_side(room: int, sides: tuple[int, ...], present: int) -> int:
    """The largest of some ascending sides that fits into this many pixels; the smallest if none fits.

    Args:
        present: the side now. Pictures grow only where there is room for a scroll bar too: taller, they may bring one.
    """
    fitting = [side for side in sides if side + (SCROLL_BAR_PIXELS if side > present else 0) <= room]
    return max(fitting, default=sides[0])


def subband_image(band: np.ndarray, name: str) -> np.ndarray:
    """A subband as uint8 (height, width): the approximation as it is, a detail about mid-grey, stretched.

    Args:
        band: float (height, width, channels); channels are averaged.
    """
    plane = band.mean(axis=2)
    if name == "LL":
        return np.clip(plane * 255, 0, 255).astype(np.uint8)
    # Not `np.percentile`, whose first call loads `numpy.ma`: a tenth of a second that the window has not.
    magnitudes = np.abs(plane).ravel()
    place = round((magnitudes.size - 1) * STRETCHED_SHARE)
    strongest = float(np.partition(magnitudes, place)[place]) or 1.0
    return np.clip(127.5 + 127.5 * plane / strongest, 0, 255).astype(np.uint8)


def histogram_pixmap(counts: np.ndarray, width: int, height: int, colour: QColor) -> QPixmap:
    """Bars for how many values each bin has, on a logarithmic scale: most details are zero and would hide the rest."""
    picture = QPixmap(width, height)
    picture.fill(Qt.GlobalColor.transparent)
    heights = np.log1p(counts) * (height / max(float(np.log1p(counts.max())), 1.0))
    painter = QPainter(picture)
    for place, high in enumerate(heights.tolist()):
        left, right = place * width / len(counts), (place + 1) * width / len(counts)
        painter.fillRect(QRectF(left, height - high, right - left - 0.5, high), colour)
    painter.end()
    return picture
