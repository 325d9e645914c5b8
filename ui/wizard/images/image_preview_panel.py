"""Before and after of one image, its subbands, and what is gained in bytes and lost in likeness."""

from __future__ import annotations

import math

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGroupBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from engine.language.speech import tr
from ui.form.calm_fields import CalmComboBox, CalmSpinBox
from ui.image_figures import fidelity_text, transform_text
from ui.pictures import picture_side, pixmap
from ui.wizard.images.subband_viewer import SubbandViewer
from workers.image_preview import ImagePreview

SIDES_PIXELS = (112, 160, 220)
"""Of the two pictures, by the room that the panel has."""
FIGURES_WIDTH = 130
MIN_WIDTH = 2 * SIDES_PIXELS[0] + FIGURES_WIDTH + 48


class ImagePreviewPanel(QWidget):
    """The right half of the images page."""

    image_chosen = Signal()
    """Another image is to be shown."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._preview: ImagePreview | None = None
        self._side = SIDES_PIXELS[0]
        self._before, self._before_text = _picture("images.before"), QLabel()
        self._after, self._after_text = _picture("images.after"), QLabel()
        self._sizes = QLabel(objectName="images.sizes", wordWrap=True)
        self._fidelity = QLabel(objectName="images.fidelity", wordWrap=True)
        self._shape = QLabel(objectName="images.shape", wordWrap=True)
        self._shape.setProperty("role", "hint")
        self._class = CalmComboBox(objectName="images.shown_class", accessibleName=tr("Class of the shown image"))
        self._number = CalmSpinBox(
            objectName="images.shown_number", accessibleName=tr("Image of this class"), minimum=1
        )
        self._number.setKeyboardTracking(False)
        self._of = QLabel()
        self._counts: dict[str, int] = {}
        chooser = QHBoxLayout()
        chooser.addWidget(QLabel(tr("Image")))
        for widget in (self._class, self._number, self._of):
            chooser.addWidget(widget)
        chooser.addStretch()
        pictures = QGroupBox(tr("Before and after"))
        outer = QVBoxLayout(pictures)
        outer.addLayout(chooser)
        row = QHBoxLayout()
        outer.addLayout(row)
        for picture, text in ((self._before, self._before_text), (self._after, self._after_text)):
            column = QVBoxLayout()
            column.addWidget(picture)
            column.addWidget(text)
            column.addStretch()
            row.addLayout(column)
        figures = QVBoxLayout()
        for label in (self._sizes, self._fidelity, self._shape):
            figures.addWidget(label)
        figures.addStretch()
        row.addLayout(figures, 1)
        self._subbands = SubbandViewer()
        self._transform = QLabel(objectName="images.transform", wordWrap=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(pictures)
        layout.addWidget(self._subbands)
        layout.addWidget(self._transform)
        layout.addStretch()

        self._class.currentIndexChanged.connect(self._on_class)
        self._number.valueChanged.connect(self._on_number)

    def offer_images(self, counts: dict[str, int]) -> None:
        """The images that can be shown: class → how many."""
        if counts == self._counts:
            return
        self._counts = counts
        for widget in (self._class, self._number):
            widget.blockSignals(True)
        self._class.clear()
        self._class.addItems(list(counts))
        self._number.setValue(1)
        self._limit()
        for widget in (self._class, self._number):
            widget.blockSignals(False)

    def chosen(self) -> tuple[str, int] | None:
        """(class, number counted from 0) of the image that is to be shown; None: there are none."""
        return (self._class.currentText(), self._number.value() - 1) if self._counts else None

    def _limit(self) -> None:
        count = self._counts.get(self._class.currentText(), 1)
        self._number.setMaximum(max(count, 1))
        self._of.setText(tr("of {count:,} listed", count=count))

    def _on_class(self, *_: object) -> None:
        self._number.blockSignals(True)
        self._number.setValue(1)
        self._limit()
        self._number.blockSignals(False)
        self.image_chosen.emit()

    def _on_number(self, *_: object) -> None:
        self.image_chosen.emit()

    def show_preview(self, preview: ImagePreview) -> None:
        """Show one preview."""
        self._preview = preview
        self._draw(preview)
        for text, title, size in (
            (self._before_text, tr("original"), preview.before_size),
            (self._after_text, tr("resized"), preview.after_size),
        ):
            text.setText(f"{title}: {size[0]}×{size[1]}")
        self._show_figures(preview)
        self._subbands.show_levels(preview.levels, preview.settings.dwt)
        self._transform.setText(transform_text(preview.transform) if preview.transform else "")

    def minimumSizeHint(self) -> QSize:
        return QSize(MIN_WIDTH, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        side = picture_side((self.width() - (MIN_WIDTH - 2 * SIDES_PIXELS[0])) // 2, SIDES_PIXELS, self._side)
        if side != self._side:
            self._side = side
            for picture in (self._before, self._after):
                picture.setFixedSize(side, side)
            if self._preview is not None:
                self._draw(self._preview)

    def _draw(self, preview: ImagePreview) -> None:
        for picture, image, title in (
            (self._before, preview.before, tr("original")),
            (self._after, preview.after, tr("resized")),
        ):
            picture.setPixmap(pixmap(image, self._side))
            picture.setAccessibleName(tr("A sample {title}", title=title))

    def _show_figures(self, preview: ImagePreview) -> None:
        sizes, settings = preview.sizes, preview.settings
        samples = tr("one sample") if preview.images == 1 else tr("{images} samples", images=preview.images)
        gain = f"{round(sizes.space_gain * 100)}".replace("-", "−")
        self._sizes.setText(
            tr(
                "<b>{compression_ratio:.2f} : 1</b> compression ratio<br><b>{gain} %</b> space "
                "saved<br>{bytes_before:,.1f} → {bytes_after:,.1f} KiB over {samples}",
                compression_ratio=sizes.compression_ratio,
                gain=gain,
                bytes_before=sizes.bytes_before / 1024,
                bytes_after=sizes.bytes_after / 1024,
                samples=samples,
            )
        )
        self._fidelity.setText("<br>".join(fidelity_text(sizes)))
        height, width, channels = preview.input_shape
        stored = (
            tr("JPEG at quality {jpeg_quality}", jpeg_quality=settings.jpeg_quality)
            if settings.jpeg_quality
            else tr("lossless PNG")
        )
        colours = 1 if settings.color == "grayscale" else 3
        share = math.prod(preview.input_shape) / (math.prod(settings.height_width) * colours)
        transformed = tr(", {share:.0f} % of the resized image's values", share=share * 100) if settings.dwt else ""
        self._shape.setText(
            tr(
                "Sizes after are of {stored}. The network is fed {height}×{width}, {value}{transformed}.",
                stored=stored,
                height=height,
                width=width,
                value=tr("one channel") if channels == 1 else tr("{channels} channels", channels=channels),
                transformed=transformed,
            )
        )


def _picture(name: str) -> QLabel:
    label = QLabel(objectName=name)
    label.setFixedSize(SIDES_PIXELS[0], SIDES_PIXELS[0])
    label.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
    return label
