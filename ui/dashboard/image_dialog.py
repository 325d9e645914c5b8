"""One test image, large, with what every file of the run says of it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from engine.contract.progress import Progress
from engine.imaging.thumbnail import thumbnail
from engine.inspection.run_images import RunImages
from engine.language.speech import number_text, tr
from engine.store.prediction_file import Predictions
from ui.dashboard.maps_view import MapsView
from ui.pictures import pixmap
from ui.plain_label import PlainLabel
from ui.side_by_side import SideBySide
from workers.file_inspection import FileInspector
from workers.latest_call import LatestCall

PICTURE_PIXELS = 256
SIZE = (880, 760)
MOST_CLASSES = 12
"""Of more, those that any file finds likeliest are shown."""


class ImageDialog(QDialog):
    """Reads its image beside the event loop."""

    def __init__(
        self,
        directory: Path,
        images: RunImages,
        predictions: Predictions,
        row: int,
        variant: str,
        parent: QWidget | None = None,
    ) -> None:
        """
        Args:
            directory: the run's.
            row: of the image in the predictions.
            variant: the file whose line is marked.
        """
        super().__init__(parent)
        path = predictions.paths[row]
        self.setObjectName("image")
        self.setWindowTitle(tr("Test image"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(*SIZE)
        self._picture = QLabel(objectName="image.picture", accessibleName=tr("The image"))
        self._picture.setFixedSize(PICTURE_PIXELS, PICTURE_PIXELS)
        self._picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._maps = MapsView("image.maps")
        self._told = PlainLabel(tr("Reading the image…"), "image.told", wraps=True)
        table = _answers(predictions, row, variant)
        left, right = QWidget(), QWidget()
        for side, widgets in ((left, (self._picture, self._told)), (right, (table,))):
            layout = QVBoxLayout(side)
            layout.setContentsMargins(0, 0, 0, 0)
            for widget in widgets:
                layout.addWidget(widget)
            if side is left:
                layout.addStretch()
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.close)
        layout = QVBoxLayout(self)
        truth = PlainLabel(
            tr("{path}\nTrue class: {classes}", path=path, classes=predictions.classes[predictions.labels[row]]),
            "image.truth",
            True,
        )
        truth.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        layout.addWidget(truth)
        layout.addWidget(SideBySide(left, right, PICTURE_PIXELS), 1)
        layout.addWidget(self._maps)
        layout.addWidget(buttons)
        self._call = LatestCall("test-image", self)
        self._call.succeeded.connect(self._on_read)
        self._call.failed.connect(self._told.setText)
        self._call.request(partial(_read, images, path))
        self._maps.look(FileInspector(directory), variant, path)

    def done(self, result: int) -> None:
        self._shut_down()
        super().done(result)

    def closeEvent(self, event: QCloseEvent) -> None:
        self._shut_down()
        super().closeEvent(event)

    def _shut_down(self) -> None:
        self._call.shut_down()
        self._maps.shut_down()

    def _on_read(self, read: tuple[np.ndarray, tuple[int, ...]]) -> None:
        image, shape = read
        self._picture.setPixmap(pixmap(image, PICTURE_PIXELS))
        self._told.setText(tr("{shape}×{shape2} pixels, as it came", shape=shape[1], shape2=shape[0]))


def _read(images: RunImages, path: str, progress: Progress) -> tuple[np.ndarray, tuple[int, ...]]:
    progress.raise_if_cancelled()
    image = images.decoded(path)
    return thumbnail(image, PICTURE_PIXELS), image.shape


def _answers(predictions: Predictions, row: int, variant: str) -> QTableWidget:
    """A line per file, a column per class."""
    probabilities = predictions.probabilities[:, row]
    order = np.arange(len(predictions.classes))
    if len(order) > MOST_CLASSES:
        order = np.sort(np.argsort(-probabilities.max(axis=0))[:MOST_CLASSES])
    table = QTableWidget(len(predictions.variants), 1 + len(order), objectName="image.answers")
    table.setAccessibleName(tr("What each file says"))
    table.setTabKeyNavigation(False)
    table.setHorizontalHeaderLabels([tr("says"), *(predictions.classes[place] for place in order)])
    table.setVerticalHeaderLabels(list(predictions.variants))
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    truth = int(predictions.labels[row])
    for line, name in enumerate(predictions.variants):
        decided = int(predictions.predicted[line, row])
        mark = "✓" if decided == truth else "✕"
        texts = [
            f"{mark} {predictions.classes[decided]}",
            *(number_text(f"{probabilities[line, place]:.3f}") for place in order),
        ]
        for column, text in enumerate(texts):
            item = QTableWidgetItem(text)
            font = item.font()
            font.setBold(name == variant)
            item.setFont(font)
            table.setItem(line, column, item)
    return table
