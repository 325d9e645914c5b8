"""The variants of a run as a Qt table model."""

from __future__ import annotations

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor

from engine.contract.measurements import VariantMeasurement
from engine.figures.figure import Figure
from engine.figures.variant_figures import FIGURES, baselines, steps_text
from engine.language.sentence_recognition import recognised
from engine.language.speech import tr
from ui.results.device_columns import DeviceColumn
from ui.said_figure import said_cell
from ui.theme import current_theme

SORT_ROLE = int(Qt.ItemDataRole.UserRole)

Index = QModelIndex | QPersistentModelIndex


class VariantsModel(QAbstractTableModel):
    """One row per variant, in the recipe's order; each image setting's baseline stands before what was made of it."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._variants: tuple[VariantMeasurement, ...] = ()
        self._baselines: dict[str, VariantMeasurement] = {}
        """Image setting → its baseline, which comes first of its variants."""
        self._devices: tuple[DeviceColumn, ...] = ()

    def set_variants(self, variants: tuple[VariantMeasurement, ...]) -> None:
        """Show these variants instead of the others."""
        if variants != self._variants:
            self.beginResetModel()
            self._variants = variants
            self._baselines = baselines(variants)
            self.endResetModel()

    def set_devices(self, columns: tuple[DeviceColumn, ...]) -> None:
        """Show what other devices measured behind the figures of this machine."""
        if columns != self._devices:
            self.beginResetModel()
            self._devices = columns
            self.endResetModel()

    @property
    def devices(self) -> tuple[DeviceColumn, ...]:
        return self._devices

    @property
    def titles(self) -> tuple[str, ...]:
        """Of all columns, in the window's language."""
        return (*(tr(figure.title) for figure in FIGURES), *(column.title for column in self._devices))

    @property
    def variants(self) -> tuple[VariantMeasurement, ...]:
        return self._variants

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self._variants)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(FIGURES) + len(self._devices)

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> object:
        if not index.isValid():
            return None
        variant = self._variants[index.row()]
        if index.column() >= len(FIGURES):
            return _of_device(self._devices[index.column() - len(FIGURES)], variant.name, role)
        column = FIGURES[index.column()]
        baseline = self._baselines[variant.branch]
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(column, variant)
        if role == SORT_ROLE:
            return column.value(variant, baseline)
        if role == Qt.ItemDataRole.ToolTipRole:
            if column.detail and (told := column.detail(variant)):
                return "\n".join(map(recognised, told.splitlines()))
            return self._text(column, variant) if column.name == "note" else recognised(steps_text(variant))
        if role == Qt.ItemDataRole.TextAlignmentRole and not isinstance(column.value(variant, baseline), str):
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None

    def _text(self, figure: Figure, variant: VariantMeasurement) -> str:
        """In the window's language, but for what the user has named."""
        baseline = self._baselines[variant.branch]
        return said_cell(figure, figure.value(variant, baseline), figure.text(variant, baseline))

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = int(Qt.ItemDataRole.DisplayRole)
    ) -> object:
        if orientation is Qt.Orientation.Vertical:
            return self._variants[section].name if role == Qt.ItemDataRole.DisplayRole else None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.titles[section]
        if section >= len(FIGURES):
            told = self._devices[section - len(FIGURES)].explanation
            return told if role == Qt.ItemDataRole.ToolTipRole else None
        return tr(FIGURES[section].explanation) if role == Qt.ItemDataRole.ToolTipRole else None


def _of_device(column: DeviceColumn, variant: str, role: int) -> object:
    if role == Qt.ItemDataRole.DisplayRole:
        return column.text(variant)
    if role == SORT_ROLE:
        return column.value(variant)
    if role == Qt.ItemDataRole.ToolTipRole:
        return column.told(variant) or None
    if role == Qt.ItemDataRole.ForegroundRole and column.is_alarming(variant):
        return QColor(current_theme().error)
    if role == Qt.ItemDataRole.TextAlignmentRole:
        return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return None
