"""The four subbands of each level: picture, histogram and share of the energy."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QGroupBox, QLabel, QWidget

from engine.contract.image_settings import DwtSettings
from engine.feeding.samples import SubbandLevel
from engine.imaging.wavelet import SUBBANDS
from engine.language.speech import mark, tr
from ui.form.calm_fields import CalmComboBox
from ui.pictures import histogram_pixmap, picture_side, pixmap, subband_image

SIDES_PIXELS = (92, 118, 170)
"""Of a subband's picture, by the room that there is."""
HISTOGRAM_PIXELS = 30
GAPS_PIXELS = 48
MIN_WIDTH = len(SUBBANDS) * SIDES_PIXELS[0] + GAPS_PIXELS
TITLES = {"LL": mark("approximation"), "LH": mark("horizontal"), "HL": mark("vertical"), "HH": mark("diagonal")}


class SubbandViewer(QGroupBox):
    """Shows one level at a time, the last until another is chosen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Subbands"), parent)
        self._side = SIDES_PIXELS[0]
        self._levels: Sequence[SubbandLevel] = ()
        self._dwt: DwtSettings | None = None
        self._level = CalmComboBox(objectName="images.subbands.level", accessibleName=tr("Level that is shown"))
        self._level.currentIndexChanged.connect(self._show_level)
        self._hint = QLabel(objectName="images.subbands.hint", wordWrap=True)
        self._hint.setProperty("role", "hint")
        self._bands = {name: _picture(f"images.band.{name}") for name in SUBBANDS}
        self._histograms = {name: _picture(f"images.histogram.{name}") for name in SUBBANDS}
        self._texts = {name: QLabel() for name in SUBBANDS}
        grid = QGridLayout(self)
        grid.addWidget(self._level, 0, 0)
        grid.addWidget(self._hint, 0, 1, 1, len(SUBBANDS) - 1)
        for place, name in enumerate(SUBBANDS):
            for row, widget in enumerate((self._bands[name], self._histograms[name], self._texts[name]), start=1):
                grid.addWidget(widget, row, place)
        self._size_pictures()

    def show_levels(self, levels: Sequence[SubbandLevel], dwt: DwtSettings | None) -> None:
        """Show the subbands of an image.

        Args:
            levels: the first the finest.
            dwt: what is fed of them; None: nothing, the transform is off.
        """
        chosen, changed = self._level.currentIndex(), len(levels) != len(self._levels)
        self._levels, self._dwt = levels, dwt
        self._level.blockSignals(True)
        self._level.clear()
        self._level.addItems([tr("Level {level}", level=level.level) for level in levels])
        self._level.setCurrentIndex(len(levels) - 1 if changed else chosen)
        self._level.blockSignals(False)
        self._level.setEnabled(len(levels) > 1)
        self._show_level()

    def minimumSizeHint(self) -> QSize:
        return QSize(MIN_WIDTH, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        side = picture_side((self.width() - GAPS_PIXELS) // len(SUBBANDS), SIDES_PIXELS, self._side)
        if side != self._side:
            self._side = side
            self._size_pictures()
            if self._levels:
                self._show_level()

    def _size_pictures(self) -> None:
        for name in SUBBANDS:
            self._bands[name].setFixedSize(self._side, self._side)
            self._histograms[name].setFixedSize(self._side, HISTOGRAM_PIXELS)

    def _show_level(self) -> None:
        level = self._levels[self._level.currentIndex()]
        last = level is self._levels[-1]
        colour = self.palette().highlight().color()
        if self._dwt is None:
            self._hint.setText(tr("Not fed: the wavelet transform is off."))
        else:
            self._hint.setText(
                tr("The ticked subbands are fed to the network.")
                if last
                else tr("Level {level} is fed, not this one.", level=self._levels[-1].level)
            )
        for name in SUBBANDS:
            title = tr(TITLES[name])
            self._bands[name].setPixmap(pixmap(subband_image(level.bands[name], name), self._side))
            self._bands[name].setAccessibleName(tr("Subband {name}, {title}", name=name, title=title))
            counts = level.histograms[name]
            self._histograms[name].setPixmap(histogram_pixmap(counts, self._side, HISTOGRAM_PIXELS, colour))
            self._histograms[name].setToolTip(
                tr("How often each value occurs, on a logarithmic scale; zero is in the middle.")
                if name != "LL"
                else tr("How often each value occurs, from the darkest to the brightest, on a logarithmic scale.")
            )
            fed = tr(" ✓ fed") if self._dwt and last and name in self._dwt.subbands else ""
            energy = tr("{energy_share:.1f} % energy", energy_share=level.energy_share[name] * 100)
            self._texts[name].setText(f"<b>{name}</b>{fed}<br>{title}<br>{energy}")


def _picture(name: str) -> QLabel:
    label = QLabel(objectName=name)
    label.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
    return label
