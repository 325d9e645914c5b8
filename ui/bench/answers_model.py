"""Answers as a Qt table: a row per image, a column per model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QBrush, QColor

from engine.contract.measurements import SkippedFile
from engine.inspection.answers import AnsweredImage, Answers
from engine.language.speech import mark, number_text, tr
from ui.answer_words import answer_text, summary_text
from ui.theme import current_theme

Index = QModelIndex | QPersistentModelIndex
IMAGE_COLUMN, MODELS_FROM = 0, 1
RIGHT, WRONG = "✓ ", "✗ "
DISAGREE = "≠ "
"""Before the name of an image on which models decide differently."""


class Order(StrEnum):
    """In which the images stand."""

    FILES = mark("as the files stand")
    DISAGREE = mark("models disagree first")
    UNSURE = mark("least sure first")
    WRONG = mark("wrong first")


KEYS: dict[Order, Callable[[AnsweredImage], Any]] = {
    Order.DISAGREE: lambda image: (not image.models_disagree, image.least_margin),
    Order.UNSURE: lambda image: image.least_margin,
    Order.WRONG: lambda image: (
        -sum(image.is_right(model) is False for model in range(len(image.answers))),
        image.least_margin,
    ),
}


class AnswersModel(QAbstractTableModel):
    """Grows while answers come; ordered when they are all there, or another order is chosen."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.answers = Answers(())
        self._rows: list[int] = []
        """Which image stands in each row."""
        self._order = Order.FILES

    def begin(self, answers: Answers) -> None:
        """Other models, or other images, are asked."""
        self.beginResetModel()
        self.answers = answers
        self._rows = list(range(len(answers.images)))
        self.endResetModel()

    def add(self, told: Sequence[AnsweredImage | SkippedFile]) -> None:
        """Some more are answered, or skipped."""
        images = sum(isinstance(one, AnsweredImage) for one in told)
        first = len(self._rows)
        if images:
            self.beginInsertRows(QModelIndex(), first, first + images - 1)
        for one in told:
            self.answers.add(one)
        self._rows += range(first, first + images)
        if images:
            self.endInsertRows()

    def arrange(self, order: Order | None = None) -> None:
        """Bring the rows into an order, or into the one that was chosen last; what is selected stays so."""
        self._order = order or self._order
        images = self.answers.images
        key = KEYS.get(self._order)
        rows = sorted(range(len(images)), key=(lambda row: key(images[row])) if key else None)
        if rows == self._rows:
            return
        self.layoutAboutToBeChanged.emit()
        place = {image: row for row, image in enumerate(rows)}
        before = self.persistentIndexList()
        after = [self.index(place[self._rows[index.row()]], index.column()) for index in before]
        self._rows = rows
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    def update_summaries(self) -> None:
        """What the headings say of each model has changed."""
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, self.columnCount() - 1)

    def image(self, row: int) -> AnsweredImage:
        return self.answers.images[self._rows[row]]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else MODELS_FROM + len(self.answers.models)

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        if not index.isValid():
            return None
        image = self.image(index.row())
        if index.column() == IMAGE_COLUMN:
            return self._of_image(image, role)
        model = index.column() - MODELS_FROM
        right = image.is_right(model)
        if role == Qt.ItemDataRole.DisplayRole:
            return {True: RIGHT, False: WRONG, None: ""}[right] + answer_text(image, model)
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tip(image, model)
        if role == Qt.ItemDataRole.ForegroundRole:
            answer, theme = image.answers[model], current_theme()
            if right is False:
                return QBrush(QColor(theme.error))
            return QBrush(QColor(theme.warning)) if answer is None or answer.is_unsure else None
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = int(Qt.ItemDataRole.DisplayRole)
    ) -> Any:
        if orientation is Qt.Orientation.Vertical:
            return section + 1 if role == Qt.ItemDataRole.DisplayRole else None
        if section == IMAGE_COLUMN:
            several = len(self.answers.models) > 1
            heading = tr("image\n{disagree}models disagree", disagree=DISAGREE) if several else tr("image")
            return heading if role == Qt.ItemDataRole.DisplayRole else None
        model = self.answers.models[section - MODELS_FROM]
        if role == Qt.ItemDataRole.DisplayRole:
            accuracy = self.answers.accuracy(section - MODELS_FROM)
            return (
                model.name
                if accuracy is None
                else tr("{name}\naccuracy {accuracy:.3f}", name=model.name, accuracy=accuracy)
            )
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{model.path}\n{summary_text(self.answers.summary(section - MODELS_FROM))}"
        return None

    def _of_image(self, image: AnsweredImage, role: int) -> Any:
        if role == Qt.ItemDataRole.DisplayRole:
            known = f" ({image.true_class})" if image.true_class else ""
            return (tr(DISAGREE) if image.models_disagree else "") + Path(image.path).name + known
        if role == Qt.ItemDataRole.ToolTipRole:
            return tr("{path}\nThe models disagree.", path=image.path) if image.models_disagree else image.path
        if role == Qt.ItemDataRole.ForegroundRole and image.models_disagree:
            return QBrush(QColor(current_theme().warning))
        return None

    def _tip(self, image: AnsweredImage, model: int) -> str:
        answer = image.answers[model]
        if answer is None:
            return tr("Not fed: {faults}", faults=image.faults[model])
        classes = self.answers.models[model].classes
        ranked = sorted(zip(answer.probabilities, classes, strict=True), reverse=True)
        return "\n".join(f"{name}: {number_text(f'{probability:.3f}')}" for probability, name in ranked[:10])
