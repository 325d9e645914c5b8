"""Where a file looks: an image, and the activation maps of a baseline and a variant over it."""

from __future__ import annotations

from functools import partial

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from engine.language.speech import number_text, tr
from ui.array_pictures import DIFFERENCES, grid_picture, overlay_picture
from ui.flow_layout import FlowLayout
from ui.pictures import pixmap
from ui.plain_label import PlainLabel
from workers.file_inspection import FileInspector, MapsLook
from workers.latest_call import LatestCall

PICTURE_PIXELS = 200


class MapsView(QWidget):
    """Four pictures: the image, the baseline's map, the variant's, and what moved."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pictures = [
            QLabel(objectName=f"{name}.{part}") for part in ("image", "baseline", "variant", "difference")
        ]
        self._texts = [PlainLabel() for _ in self._pictures]
        self._said = QLabel(objectName=f"{name}.said", wordWrap=True)
        self._said.setTextFormat(Qt.TextFormat.PlainText)
        self._asked: tuple[FileInspector, str, str]
        self._call = LatestCall(name, self)
        self._call.succeeded.connect(self._on_answer)
        self._call.failed.connect(self._said.setText)
        pictures = QWidget()
        flow = FlowLayout(pictures)
        for picture, text in zip(self._pictures, self._texts, strict=True):
            picture.setFixedSize(PICTURE_PIXELS, PICTURE_PIXELS)
            picture.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
            text.setFixedWidth(PICTURE_PIXELS)
            flow.addWidget(Captioned(text, picture))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(pictures)
        layout.addWidget(self._said)

    def look(self, inspector: FileInspector, variant: str, path: str) -> None:
        """Show an image through a variant and its baseline.

        Args:
            inspector: used by nobody else meanwhile.
        """
        self._said.setText(tr("Looking…"))
        self._asked = (inspector, variant, path)
        self._call.request(partial(inspector.maps, variant, path))

    def shut_down(self) -> None:
        """End the thread."""
        self._call.shut_down()

    def _on_answer(self, answer: MapsLook | str) -> None:
        if isinstance(answer, MapsLook):
            self._show(answer)
            # Looking through training images takes longer, and is but a hint.
            inspector, variant, path = self._asked
            self._call.request(partial(inspector.hint, variant, path))
        elif answer:
            self._said.setText(f"{self._said.text()} {answer}")

    def _show(self, look: MapsLook) -> None:
        """Show an image and both maps on the same scale."""
        for picture in self._pictures:
            picture.clear()
        self._pictures[0].setPixmap(pixmap(look.image, PICTURE_PIXELS))
        self._texts[0].setText(tr("image"))
        first, second = look.baseline, look.other
        for text, answer in zip(self._texts[1:3], (first, second), strict=True):
            said = f"{answer.name}: {answer.decided}, {number_text(f'{answer.probability:.3f}')}"
            text.setText(text.fontMetrics().elidedText(said, Qt.TextElideMode.ElideMiddle, PICTURE_PIXELS))
            text.setToolTip(said)
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
            shape = self._pictures[1].pixmap().size()
            drawn = grid_picture(moved[None], (-most, most), DIFFERENCES, 1, PICTURE_PIXELS)
            # In the image's proportions, as the maps over it are.
            self._pictures[3].setPixmap(drawn.scaled(shape))
            self._texts[3].setText(tr("variant − baseline, ±{most:.3g}", most=most))
        how = tr("Class activation map") if first.map.method == "cam" else "Grad-CAM"
        apart = (
            tr("a map holds no evidence")
            if look.distance is None
            else tr("{distance:.3f} of the evidence moved", distance=look.distance)
        )
        height, width = first.map.values.shape
        self._said.setText(
            tr(
                '{how} of "{decided}", the class that the baseline decides for, {height}×{width} values '
                "from the files themselves: {apart}.",
                how=how,
                decided=first.decided,
                height=height,
                width=width,
                apart=apart,
            )
        )


class Captioned(QWidget):
    """A picture with a text above it."""

    def __init__(self, text: QLabel, picture: QLabel) -> None:
        super().__init__()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(text)
        layout.addWidget(picture)
        layout.addStretch()
