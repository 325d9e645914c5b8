"""Some training images before and after their augmentation."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from engine.language.speech import tr
from ui.pictures import picture_side, pixmap
from workers.augmentation_preview import AugmentedSample

PAIRS_PER_ROW = 4
SHOWN_SAMPLES = 2 * PAIRS_PER_ROW
PICTURE_SIDES = (64, 80, 96, 120, 150)
"""In pixels, by the room that there is."""
HEADING_WIDTH = 44
GAP = 6


class AugmentedPictures(QWidget):
    """Pairs of pictures, one above the other, and a button that draws other changes."""

    drawn_again = Signal()

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        """
        Args:
            name: that the object names of its widgets begin with.
        """
        super().__init__(parent)
        self._samples: tuple[AugmentedSample, ...] = ()
        self._side = PICTURE_SIDES[0]
        self._before = [_picture(f"{name}.before{number}") for number in range(SHOWN_SAMPLES)]
        self._after = [_picture(f"{name}.after{number}") for number in range(SHOWN_SAMPLES)]
        self._mixed = [QLabel(objectName=f"{name}.mixed{number}") for number in range(SHOWN_SAMPLES)]
        self._headings = [QLabel(text) for text in (tr("Before"), tr("After")) * (SHOWN_SAMPLES // PAIRS_PER_ROW)]
        self._again = QPushButton(tr("&Draw again"), objectName=f"{name}.again")
        self._again.setToolTip(tr("Draws other random changes; a training draws them anew in every epoch."))
        self._again.clicked.connect(self.drawn_again)
        self._note = QLabel(objectName=f"{name}.note", wordWrap=True)
        self._note.setProperty("role", "hint")
        head = QHBoxLayout()
        head.addWidget(self._again)
        head.addWidget(self._note, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        # The button is above the pictures, whose height changes as they are drawn again.
        layout.addLayout(head)
        layout.addLayout(self._grid())
        layout.addStretch()

    def editors(self) -> list[QWidget]:
        """For the Tab key."""
        return [self._again]

    def show_samples(self, samples: Sequence[AugmentedSample]) -> None:
        """Show at most `SHOWN_SAMPLES` of them."""
        self._samples = tuple(samples[:SHOWN_SAMPLES])
        self._note.setText(tr("Images of the study, as a training changes them."))
        self.setEnabled(True)
        self._draw()

    def say(self, sentence: str) -> None:
        """Why there is nothing to show."""
        self._note.setText(sentence)
        self.setEnabled(not self._samples)

    def minimumSizeHint(self) -> QSize:
        return QSize(self._width_for(PICTURE_SIDES[0]), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        room = (self.width() - self._width_for(0)) // PAIRS_PER_ROW
        side = picture_side(room, PICTURE_SIDES, self._side)
        if side != self._side:
            self._side = side
            self._draw()

    def _width_for(self, side: int) -> int:
        return HEADING_WIDTH + PAIRS_PER_ROW * (side + GAP)

    def _grid(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setSpacing(GAP)
        grid.setColumnMinimumWidth(0, HEADING_WIDTH - GAP)
        grid.setColumnStretch(PAIRS_PER_ROW + 1, 1)
        for place in range(SHOWN_SAMPLES):
            row, column = 3 * (place // PAIRS_PER_ROW), place % PAIRS_PER_ROW + 1
            top = Qt.AlignmentFlag.AlignTop
            grid.addWidget(self._before[place], row, column, top)
            grid.addWidget(self._after[place], row + 1, column, top)
            grid.addWidget(self._mixed[place], row + 2, column, top)
        for place, heading in enumerate(self._headings):
            grid.addWidget(heading, 3 * (place // 2) + place % 2, 0)
        return grid

    def _draw(self) -> None:
        for place in range(SHOWN_SAMPLES):
            sample = self._samples[place] if place < len(self._samples) else None
            for picture, image, called in (
                (
                    self._before[place],
                    sample.before if sample else None,
                    tr("Image {place} before augmentation", place=place + 1),
                ),
                (
                    self._after[place],
                    sample.after if sample else None,
                    tr("Image {place} after augmentation", place=place + 1),
                ),
            ):
                picture.setVisible(image is not None)
                if image is not None:
                    picture.setFixedSize(self._side, self._side)
                    picture.setPixmap(pixmap(image, self._side))
                    picture.setAccessibleName(called)
            self._say_classes(self._mixed[place], sample.mixed if sample else ())
        for place, heading in enumerate(self._headings):
            heading.setVisible(place // 2 * PAIRS_PER_ROW < len(self._samples))

    def _say_classes(self, label: QLabel, classes: Sequence[str]) -> None:
        """One line per class, no wider than the picture; whole in the tool tip."""
        label.setFixedWidth(self._side)
        label.setText(
            "\n".join(label.fontMetrics().elidedText(one, Qt.TextElideMode.ElideRight, self._side) for one in classes)
        )
        label.setToolTip(", ".join(classes))
        label.setVisible(bool(classes))


def _picture(name: str) -> QLabel:
    picture = QLabel(objectName=name)
    picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
    return picture
