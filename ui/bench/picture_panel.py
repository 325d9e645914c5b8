"""The chosen image, large, and below it what each model says of it."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QSize
from PySide6.QtGui import QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.inspection.answers import AnsweredImage, AskedModel
from engine.language.speech import mark, tr
from ui.bench.answer_view import AnswerView
from ui.pictures import pixmap
from ui.plain_label import PlainLabel
from ui.screen_fit import scrolling

LEAST_PICTURE, USUAL_PICTURE = 140, 260
LEAST_WIDTH = 220
NOTHING = mark("Choose an image in the table to see it here.")


class PicturePanel(QWidget):
    """Says what to do while no image is chosen."""

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumWidth(LEAST_WIDTH)
        self._views: dict[str, AnswerView] = {}
        """Name of the model → its answer."""
        self._picture = Picture()
        self._name = PlainLabel(tr(NOTHING), "bench.image", wraps=True)
        self._name.setProperty("role", "hint")
        self._hint = PlainLabel("", "bench.hint", wraps=True)
        self._hint.setProperty("role", "hint")
        self._hint.hide()
        self._answers = QWidget()
        self._stack = QVBoxLayout(self._answers)
        self._stack.setContentsMargins(0, 0, 0, 0)
        self._stack.addStretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._picture, 1)
        layout.addWidget(self._name)
        layout.addWidget(self._hint)
        layout.addWidget(scrolling(self._answers), 1)

    def set_models(self, models: tuple[AskedModel, ...]) -> None:
        """These are asked from now on."""
        for view in self._views.values():
            self._stack.removeWidget(view)
            view.deleteLater()
        self._views = {model.name: AnswerView(model) for model in models}
        for place, view in enumerate(self._views.values()):
            view.hide()
            self._stack.insertWidget(place, view)
        self.show_image(None)

    def show_image(self, image: AnsweredImage | None) -> None:
        """Show what is said of an image; its picture follows."""
        self._picture.show_array(None)
        self.show_hint("")
        for view in self._views.values():
            view.setVisible(image is not None)
        if image is None:
            self._name.setText(tr(NOTHING))
            self._name.setProperty("role", "hint")
        else:
            folder = tr("folder: {true_class}", true_class=image.true_class) if image.true_class else ""
            disagree = tr("the models disagree") if image.models_disagree else ""
            self._name.setText("; ".join(filter(None, (_breakable(image.path), folder, disagree))))
            self._name.setProperty("role", "")
            for view, answer, fault in zip(self._views.values(), image.answers, image.faults, strict=True):
                view.show_answer(answer, fault)
        self._name.style().unpolish(self._name)
        self._name.style().polish(self._name)

    def show_picture(self, array: np.ndarray) -> None:
        """The image itself, uint8."""
        self._picture.show_array(array)

    def show_hint(self, sentence: str) -> None:
        """That the image is unlike those that a model was trained on; empty: nothing is said."""
        self._hint.setText(sentence)
        self._hint.setVisible(bool(sentence))

    def show_map(self, model: str, array: np.ndarray) -> None:
        """Show where a model, by its name, has looked in the image that is shown.

        Args:
            array: (height, width) or (height, width, 3), uint8.
        """
        self._views[model].show_map(array)


class Picture(QWidget):
    """An image as large as there is room for."""

    def __init__(self) -> None:
        super().__init__()
        self._array: np.ndarray | None = None
        self._drawn: QPixmap | None = None
        self.setMinimumHeight(LEAST_PICTURE)

    def sizeHint(self) -> QSize:
        return QSize(USUAL_PICTURE, USUAL_PICTURE)

    def show_array(self, array: np.ndarray | None) -> None:
        """Show it; None: nothing."""
        self._array, self._drawn = array, None
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._array is None:
            return
        side = min(self.width(), self.height())
        if self._drawn is None or max(self._drawn.width(), self._drawn.height()) != side:
            self._drawn = pixmap(self._array, side)
        painter = QPainter(self)
        left = (self.width() - self._drawn.width()) // 2
        painter.drawPixmap(left, (self.height() - self._drawn.height()) // 2, self._drawn)
        painter.end()


def _breakable(path: str) -> str:
    """A path that a label may break at its folders."""
    return path.replace("/", "/\u200b").replace("\\", "\\\u200b")
