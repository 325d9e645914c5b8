"""The images as they are fed: each with its class and the subbands of its wavelet transform."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import ClassVar

import numpy as np
from PySide6.QtCore import QSettings, Qt, QTimer
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from engine.contract.events import DatasetReady
from engine.imaging.wavelet import SUBBANDS
from engine.language.speech import mark, tr
from engine.store.run_hashes import is_damaged
from ui.dashboard.panel import Panel
from ui.form.calm_fields import CalmComboBox
from ui.image_figures import fidelity_text, transform_text
from ui.pictures import pixmap, subband_image
from ui.plain_label import PlainLabel
from ui.shown_run import ShownRun
from ui.theme import Theme

PICTURE_PIXELS = 128
MOST_IMAGES = 30
ROW_MS = 10
NEEDED = ("images", "labels", "classes", "subbands", "fed")
TITLES = {
    "image": mark("image"),
    "LL": mark("LL, approximation"),
    "LH": mark("LH, horizontal"),
    "HL": mark("HL, vertical"),
    "HH": mark("HH, diagonal"),
}


class ImagesPanel(Panel):
    """One row per image of one image setting; filled once its images are ready, one row per turn of the event loop."""

    key: ClassVar[str] = "images"
    tab: ClassVar[str] = mark("Images and subbands")
    place: ClassVar[int] = 30
    is_always_there: ClassVar[bool] = True

    def __init__(self, theme: Theme, settings: QSettings | None = None) -> None:
        super().__init__(theme, settings)
        self._state: ShownRun | None = None
        self._shown: Path | None = None
        self._rows: Iterator[None] = iter(())
        self._row_timer = QTimer(self, interval=ROW_MS)
        self._row_timer.timeout.connect(self._on_row)
        self._text = QLabel(tr("The images appear here once they are decoded."), wordWrap=True)
        self._text.setObjectName("dashboard.images")
        self._text.setProperty("role", "hint")
        self._setting = CalmComboBox(objectName="dashboard.images.setting", accessibleName=tr("Image setting"))
        self._setting.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self._setting.hide()
        self._setting.currentIndexChanged.connect(self._show_chosen)
        self._inside = QWidget()
        self._grid = QGridLayout(self._inside)
        self._grid.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        scroll = QScrollArea(widgetResizable=True, objectName="dashboard.images.pictures")
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setWidget(self._inside)
        layout = QVBoxLayout(self)
        above = QHBoxLayout()
        above.addWidget(self._setting)
        above.addWidget(self._text, 1)
        layout.addLayout(above)
        layout.addWidget(scroll, 1)

    def pictures(self) -> int:
        """Pictures that are shown, images and subbands."""
        labels = self._inside.findChildren(QLabel)
        return sum(not label.pixmap().isNull() for label in labels)

    def show_state(self, state: ShownRun) -> None:
        """Show the samples of the chosen image setting, the first until another is chosen."""
        self._state = state
        for setting in list(state.datasets)[self._setting.count() :]:
            self._setting.addItem(setting)
        self._setting.setVisible(self._setting.count() > 1)
        self._show_chosen()

    def _show_chosen(self) -> None:
        setting = self._setting.currentText()
        samples_file = self._state.samples(setting) if self._state else None
        if self._state is None or samples_file is None or samples_file == self._shown:
            return
        self._shown = samples_file
        self._clear()
        said = _said(self._state.datasets[setting])
        try:
            if is_damaged(self._shown.parent, self._shown):
                raise OSError(tr("is damaged"))
            with np.load(self._shown, allow_pickle=False) as stored:
                samples = {name: stored[name] for name in NEEDED}
        except (OSError, ValueError, KeyError, zipfile.BadZipFile):
            self._text.setText(
                tr(
                    "{said} The sample images cannot be read from {shown}, or that file is damaged.",
                    said=said,
                    shown=self._shown,
                )
            )
            return
        fed = [str(name) for name in samples["fed"]]
        self._text.setText(
            tr(
                "Fed to the network: {value}. {said}",
                value=", ".join(fed) if fed else tr("the image itself"),
                said=said,
            )
        )
        self._rows = self._fill(samples, fed)
        self._row_timer.start()

    def _clear(self) -> None:
        self._rows = iter(())
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                # At once, not with `deleteLater`: what is no longer shown is not counted among the pictures.
                widget.setParent(None)

    def _on_row(self) -> None:
        try:
            next(self._rows)
        except StopIteration:
            self._row_timer.stop()

    def _fill(self, samples: dict[str, np.ndarray], fed: list[str]) -> Iterator[None]:
        for column, name in enumerate(("image", *SUBBANDS)):
            title = tr(TITLES.get(name, name))
            is_fed = name in fed or (name == "image" and not fed)
            self._grid.addWidget(QLabel(tr("{title} ✓ fed", title=title) if is_fed else title), 0, column + 1)
        several = zip(samples["images"], samples["labels"], samples["subbands"], strict=True)
        for row, (image, label, bands) in enumerate(islice(several, MOST_IMAGES), start=1):
            self._grid.addWidget(PlainLabel(str(samples["classes"][label])), row, 0)
            pictures = [image, *(subband_image(band, name) for band, name in zip(bands, SUBBANDS, strict=True))]
            for column, picture in enumerate(pictures, start=1):
                shown = QLabel()
                shown.setPixmap(pixmap(picture, PICTURE_PIXELS))
                self._grid.addWidget(shown, row, column)
            yield


def _said(ready: DatasetReady) -> str:
    """What image compression gains and keeps, over the dataset and over samples."""
    sizes = ready.images
    gained = tr(
        "Image files {bytes_before:,.1f} MiB → {bytes_after:,.1f} MiB: compression ratio "
        "{compression_ratio:.2f} : 1, space saved {space_gain} %.",
        bytes_before=sizes.bytes_before / 2**20,
        bytes_after=sizes.bytes_after / 2**20,
        compression_ratio=sizes.compression_ratio,
        space_gain=round(sizes.space_gain * 100),
    )
    kept = [f"{line}." for line in fidelity_text(sizes)]
    return " ".join([gained, *kept, transform_text(ready.transform) if ready.transform else ""]).strip()
