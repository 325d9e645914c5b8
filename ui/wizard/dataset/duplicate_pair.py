"""An image and its copy side by side, so that a user sees whether they are one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from engine.contract.dataset_check import DuplicateImage
from engine.contract.progress import Progress
from engine.imaging.thumbnail import thumbnail
from engine.language.speech import tr
from ui.pictures import pixmap
from ui.plain_label import PlainLabel
from workers.dataset_scan import ScanResult
from workers.latest_call import LatestCall

PICTURE_PIXELS = 120


class DuplicatePair(QWidget):
    """Hidden until a pair is chosen; decodes in a thread."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.scanned: ScanResult | None = None
        self._paths = ("", "")
        self._pictures = [QLabel(objectName=f"images.pair{number}") for number in (1, 2)]
        self._texts = [PlainLabel(), PlainLabel()]
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        for column, (picture, text) in enumerate(zip(self._pictures, self._texts, strict=True)):
            picture.setFixedSize(PICTURE_PIXELS, PICTURE_PIXELS)
            grid.addWidget(picture, 0, column)
            grid.addWidget(text, 1, column)
        grid.setColumnStretch(2, 1)
        self._call = LatestCall("duplicate-pair", self)
        self._call.succeeded.connect(self._on_decoded)
        self._call.failed.connect(lambda sentence: self._texts[0].setText(sentence))
        self.hide()

    def show_pair(self, one: DuplicateImage) -> None:
        """Show an image and what it is a copy of."""
        if self.scanned is None:
            return
        scanned = self.scanned
        self._paths = (one.path, one.copy_of)
        self._call.request(lambda progress: _decoded(scanned, (one.path, one.copy_of), progress))

    def shut_down(self) -> None:
        """End the thread."""
        self._call.shut_down()

    def _on_decoded(self, images: list[np.ndarray]) -> None:
        for picture, text, path, image in zip(self._pictures, self._texts, self._paths, images, strict=True):
            picture.setPixmap(pixmap(image, PICTURE_PIXELS))
            text.setText(Path(path).name)
            text.setToolTip(path)
        self.show()


def _decoded(scanned: ScanResult, paths: tuple[str, ...], progress: Progress) -> list[np.ndarray]:
    images = []
    for path in paths:
        progress.raise_if_cancelled()
        sample = scanned.image_at(path)
        if sample is None:
            raise ValueError(tr("{path} is no longer among the images; rescan them.", path=path))
        images.append(thumbnail(scanned.decoded(sample).image, PICTURE_PIXELS))
    return images
