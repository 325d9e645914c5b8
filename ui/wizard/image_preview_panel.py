"""Before and after of one image, its subbands, and what is gained in bytes."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QGroupBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from engine.contract.recipe import ImageSettings
from engine.imaging.wavelet import SUBBANDS
from ui.pictures import pixmap, subband_image
from workers.image_preview import ImagePreview

PICTURE_PIXELS = 190
BAND_PIXELS = 118
BAND_TITLES = {"LL": "approximation", "LH": "horizontal", "HL": "vertical", "HH": "diagonal"}


class ImagePreviewPanel(QWidget):
    """The right half of the images page."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._before, self._before_text = _picture("images.before"), QLabel()
        self._after, self._after_text = _picture("images.after"), QLabel()
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
        self._bands_box = QGroupBox()
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

    def show_preview(self, preview: ImagePreview, settings: ImageSettings) -> None:
        """Show one preview."""
        self._before.setPixmap(pixmap(preview.before, PICTURE_PIXELS))
        self._after.setPixmap(pixmap(preview.after, PICTURE_PIXELS))
        self._before_text.setText(f"as it came: {preview.before.shape[0]}×{preview.before.shape[1]}")
        self._after_text.setText(f"resized: {preview.after.shape[0]}×{preview.after.shape[1]}")
        sizes = preview.sizes
        self._sizes.setText(
            f"<b>{sizes.compression_ratio:.2f} : 1</b> compression ratio<br>"
            f"<b>{sizes.space_gain * 100:.0f} %</b> space gain<br>"
            f"{sizes.bytes_before / 1024:,.1f} → {sizes.bytes_after / 1024:,.1f} KiB over {preview.images} samples"
        )
        height, width, channels = preview.input_shape
        stored = f"JPEG at quality {settings.jpeg_quality}" if settings.jpeg_quality else "lossless PNG"
        self._shape.setText(f"Sizes are of {stored}. The network is fed {height}×{width}, {channels} channels.")
        last = preview.levels[-1]
        fed = settings.dwt.subbands if settings.dwt else ()
        title = f"Subbands of level {last.level}" + ("" if settings.dwt else " (not fed: the transform is off)")
        self._bands_box.setTitle(title)
        for name in SUBBANDS:
            self._bands[name].setPixmap(pixmap(subband_image(last.bands[name], name), BAND_PIXELS))
            mark = " ✓ fed" if name in fed else ""
            self._band_texts[name].setText(
                f"{name}{mark}\n{BAND_TITLES[name]}\n{last.energy_share[name] * 100:.1f} % of energy"
            )


def _picture(name: str, side: int = PICTURE_PIXELS) -> QLabel:
    label = QLabel(objectName=name)
    label.setFixedSize(side, side)
    label.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
    return label
