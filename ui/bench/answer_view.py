"""What one model says of the chosen image: its classes as bars, and room for an activation map."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QVBoxLayout, QWidget

from engine.inspection.answers import AskedModel
from engine.inspection.loaded_model import Answer
from engine.language.speech import number_text, tr
from ui.answer_words import UNSURE, time_text
from ui.pictures import pixmap
from ui.plain_label import PlainLabel
from ui.theme import current_theme

MOST_BARS = 5
"""The likeliest classes."""
BAR_HEIGHT, GAP = 16, 4
NAME_SHARE, FIGURE_WIDTH = 0.38, 40
MAP_PIXELS = 160


class AnswerView(QFrame):
    """One model and one image."""

    def __init__(self, model: AskedModel) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self._model = model
        self._heading = PlainLabel(model.name, wraps=True)
        self._heading.setToolTip(str(model.path))
        self._text = PlainLabel(wraps=True)
        self._text.setProperty("role", "hint")
        self._bars = ProbabilityBars()
        self._map = QLabel(objectName="bench.map")
        self._map.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.setSpacing(3)
        for widget in (self._heading, self._text, self._bars, self._map):
            layout.addWidget(widget)

    def show_answer(self, answer: Answer | None, fault: str) -> None:
        """Show another image's answer; its map is not known yet."""
        self._map.hide()
        if answer is None:
            self._text.setText(tr("Not fed: {fault}", fault=fault))
            self._bars.show_bars([], "")
            return
        unsure = tr(UNSURE) if answer.is_unsure else ""
        parts = [answer.class_name, f"{unsure}{number_text(f'{answer.probability:.2f}')}", time_text(answer.latency_ms)]
        if answer.at_threshold and self._model.threshold is not None:
            parts.append(
                tr(
                    "{at_threshold} at the file's threshold {threshold:.2f}",
                    at_threshold=answer.at_threshold,
                    threshold=self._model.threshold,
                )
            )
        self._text.setText(", ".join(parts))
        ranked = sorted(zip(answer.probabilities, self._model.classes, strict=True), reverse=True)
        # Few classes keep their order, so that models can be compared bar by bar.
        shown = list(zip(answer.probabilities, self._model.classes, strict=True))
        self._bars.show_bars(shown if len(shown) <= MOST_BARS else ranked[:MOST_BARS], answer.class_name)

    def show_map(self, array: np.ndarray) -> None:
        """Show where the model has looked.

        Args:
            array: (height, width) or (height, width, 3), uint8.
        """
        self._map.setPixmap(pixmap(array, MAP_PIXELS))
        self._map.show()


class ProbabilityBars(QWidget):
    """A bar per class, from 0 to 1."""

    def __init__(self) -> None:
        super().__init__()
        self._bars: list[tuple[float, str]] = []
        self._decided = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_bars(self, bars: list[tuple[float, str]], decided: str) -> None:
        """(probability, class), from above; the class that the model decides for stands out."""
        self._bars, self._decided = bars, decided
        self.setAccessibleName(", ".join(f"{name} {number_text(f'{probability:.2f}')}" for probability, name in bars))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(160, len(self._bars) * (BAR_HEIGHT + GAP))

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, painter = current_theme(), QPainter(self)
        left = self.width() * NAME_SHARE
        room = max(self.width() - left - FIGURE_WIDTH, 1)
        middle = Qt.AlignmentFlag.AlignVCenter
        for place, (probability, name) in enumerate(self._bars):
            top = place * (BAR_HEIGHT + GAP)
            painter.setPen(QColor(theme.text))
            shown = self.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, int(left) - 6)
            painter.drawText(QRectF(0, top, left - 6, BAR_HEIGHT), int(middle), shown)
            painter.fillRect(QRectF(left, top + 2, room, BAR_HEIGHT - 4), QColor(theme.grid))
            colour = QColor(theme.accent if name == self._decided else theme.muted)
            painter.fillRect(QRectF(left, top + 2, room * min(max(probability, 0), 1), BAR_HEIGHT - 4), colour)
            figure = QRectF(left + room, top, FIGURE_WIDTH, BAR_HEIGHT)
            painter.drawText(figure, int(middle | Qt.AlignmentFlag.AlignRight), number_text(f"{probability:.2f}"))
        painter.end()
