"""Where a file looks: an image, and the activation maps of a baseline and a variant over it."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from ui.array_pictures import DIFFERENCES, grid_picture, overlay_picture
from ui.pictures import pixmap
from ui.plain_label import PlainLabel
from workers.file_inspection import MapsLook

PICTURE_PIXELS = 200


class MapsView(QWidget):
    """Four pictures: the image, the baseline's map, the variant's, and what moved."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pictures = [
            QLabel(objectName=f"{name}.{part}") for part in ("image", "baseline", "variant", "difference")
        ]
        self._texts = [PlainLabel(wraps=True) for _ in self._pictures]
        self._said = QLabel(objectName=f"{name}.said", wordWrap=True)
        self._said.setTextFormat(Qt.TextFormat.PlainText)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        for column, (picture, text) in enumerate(zip(self._pictures, self._texts, strict=True)):
            picture.setFixedSize(PICTURE_PIXELS, PICTURE_PIXELS)
            picture.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
            text.setMaximumWidth(PICTURE_PIXELS)
            grid.addWidget(text, 0, column, Qt.AlignmentFlag.AlignBottom)
            grid.addWidget(picture, 1, column)
        grid.addWidget(self._said, 2, 0, 1, 4)
        grid.setColumnStretch(4, 1)
        grid.setRowStretch(3, 1)

    def say(self, text: str) -> None:
        """In place of pictures."""
        self._said.setText(text)

    def show_look(self, look: MapsLook) -> None:
        """Show an image and both maps on the same scale."""
        for picture in self._pictures:
            picture.clear()
        self._pictures[0].setPixmap(pixmap(look.image, PICTURE_PIXELS))
        self._texts[0].setText("image")
        first, second = look.baseline, look.other
        for text, answer in zip(self._texts[1:3], (first, second), strict=True):
            text.setText(f"{answer.name}: {answer.decided}, {answer.probability:.3f}")
        self._texts[3].setText("")
        if first.map is None or second.map is None:
            self._said.setText(look.note)
            return
        strongest = max(float(first.map.evidence.max()), float(second.map.evidence.max()))
        for picture, found in zip(self._pictures[1:3], (first.map, second.map), strict=True):
            picture.setPixmap(overlay_picture(look.image, found.evidence, strongest, PICTURE_PIXELS))
        if first.map.values.shape == second.map.values.shape:
            moved = second.map.values - first.map.values
            most = float(np.abs(moved).max()) or 1.0
            self._pictures[3].setPixmap(grid_picture(moved[None], (-most, most), DIFFERENCES, 1, PICTURE_PIXELS))
            self._texts[3].setText(f"variant − baseline, ±{most:.3g}")
        how = "Class activation map" if first.map.method == "cam" else "Grad-CAM"
        apart = "a map holds no evidence" if look.distance is None else f"{look.distance:.3f} of the evidence moved"
        height, width = first.map.values.shape
        self._said.setText(
            f'{how} of "{first.decided}", the class that the baseline decides for, {height}×{width} values from the '
            f"files themselves: {apart}."
        )
