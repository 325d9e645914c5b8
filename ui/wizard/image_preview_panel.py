"""Before and after of one image, its subbands, and what is gained in bytes."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QGroupBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from engine.imaging.wavelet import SUBBANDS
from ui.pictures import pixmap, subband_image
from workers.image_preview import ImagePreview

PICTURE_PIXELS = 190
BAND_PIXELS = 132
BAND_TITLES = {"LL": "approximation", "LH": "horizontal", "HL": "vertical", "HH": "diagonal"}


class ImagePreviewPanel(QWidget):
    """The right half of the images page."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._before, self._before_text = _picture("images.before", PICTURE_PIXELS), QLabel()
        self._after, self._after_text = _picture("images.after", PICTURE_PIXELS), QLabel()
        self._sizes = QLabel(objectName="images.sizes", wordWrap=True)
        self._shape = QLabel(objectName="images.shape", wordWrap=True)
        self._shape.setProperty("role", "hint")
        pictures = QGroupBox("Before and after")
        row = QHBoxLayout(pictures)
        for picture, text in ((self._before, self._before_text), (self._after, self._after_text)):
            column = QVBoxLayout()
            column.addWidget(picture)
            column.addWidget(text)
            row.addLayout(column)
        figures = QVBoxLayout()
        figures.addWidget(self._sizes)
        figures.addWidget(self._shape)
        figures.addStretch()
        row.addLayout(figures, 1)
        self._bands_box = QGroupBox("Subbands")
        grid = QGridLayout(self._bands_box)
        self._bands = {name: _picture(f"images.band.{name}", BAND_PIXELS) for name in SUBBANDS}
        self._band_texts = {name: QLabel() for name in SUBBANDS}
        for place, name in enumerate(SUBBANDS):
            grid.addWidget(self._bands[name], 0, place)
            grid.addWidget(self._band_texts[name], 1, place)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(pictures)
        layout.addWidget(self._bands_box)
        layout.addStretch()

    def show_preview(self, preview: ImagePreview) -> None:
        """Show one preview."""
        for picture, image, text, title, size in (
            (self._before, preview.before, self._before_text, "as it came", preview.before_size),
            (self._after, preview.after, self._after_text, "resized", preview.after_size),
        ):
            picture.setPixmap(pixmap(image, PICTURE_PIXELS))
            picture.setAccessibleName(f"A sample {title}")
            text.setText(f"{title}: {size[0]}×{size[1]}")
        self._show_figures(preview)
        self._show_bands(preview)

    def _show_figures(self, preview: ImagePreview) -> None:
        sizes, settings = preview.sizes, preview.settings
        samples = "one sample" if preview.images == 1 else f"{preview.images} samples"
        gain = f"{sizes.space_gain * 100:.0f}".replace("-", "−")
        self._sizes.setText(
            f"<b>{sizes.compression_ratio:.2f} : 1</b> compression ratio<br>"
            f"<b>{gain} %</b> space gain<br>"
            f"{sizes.bytes_before / 1024:,.1f} → {sizes.bytes_after / 1024:,.1f} KiB over {samples}"
        )
        height, width, channels = preview.input_shape
        stored = f"JPEG at quality {settings.jpeg_quality}" if settings.jpeg_quality else "lossless PNG"
        colours = 1 if settings.color == "grayscale" else 3
        share = math.prod(preview.input_shape) / (math.prod(settings.height_width) * colours)
        transformed = f", {share * 100:.0f} % of the resized image's values" if settings.dwt else ""
        self._shape.setText(
            f"Sizes after are of {stored}.<br><br>The network is fed {height}×{width}, "
            f"{'one channel' if channels == 1 else f'{channels} channels'}{transformed}."
        )

    def _show_bands(self, preview: ImagePreview) -> None:
        last = preview.levels[-1]
        dwt = preview.settings.dwt
        self._bands_box.setTitle(
            f"Subbands of level {last.level}" + ("" if dwt else " (not fed: the transform is off)")
        )
        for name in SUBBANDS:
            self._bands[name].setPixmap(pixmap(subband_image(last.bands[name], name), BAND_PIXELS))
            self._bands[name].setAccessibleName(f"Subband {name}, {BAND_TITLES[name]}")
            fed = " ✓ fed" if dwt and name in dwt.subbands else ""
            self._band_texts[name].setText(
                f"<b>{name}</b>{fed}<br>{BAND_TITLES[name]}<br>{last.energy_share[name] * 100:.1f} % of energy"
            )


def _picture(name: str, side: int) -> QLabel:
    label = QLabel(objectName=name)
    label.setFixedSize(side, side)
    label.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
    return label
