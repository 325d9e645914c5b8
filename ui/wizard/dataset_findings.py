"""What a scan found: images a class and split, samples, and what was skipped and why."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QGridLayout,
    QGroupBox,
    QHeaderView,
    QLabel,
    QListWidget,
    QScrollArea,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from engine.datasets.source import Split
from ui.pictures import pixmap
from workers.dataset_scan import ScanResult

THUMBNAIL_PIXELS = 84
ROWS_SEEN = 5
FEWEST_CLASSES = 2


class DatasetFindings(QWidget):
    """The right half of the dataset page."""

    classes_chosen = Signal(tuple)
    """The names of the classes that stay ticked; empty for all."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._table = QTableWidget(0, 4, objectName="dataset.counts")
        self._table.setHorizontalHeaderLabels(["class", "train", "validation", "test"])
        self._table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self._table.verticalHeader().hide()
        self._table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self._table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self._table.setMinimumHeight(32 * (ROWS_SEEN - 1))
        self._table.itemChanged.connect(self._on_item_changed)
        self._pictures = QWidget()
        self._grid = QGridLayout(self._pictures)
        self._grid.setContentsMargins(4, 4, 4, 4)
        self._grid.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        scroll = QScrollArea(widgetResizable=True)
        scroll.setWidget(self._pictures)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        self._skipped = QListWidget(objectName="dataset.skipped")
        self._skipped.setMaximumHeight(90)
        self._skipped_box = QGroupBox("Skipped")
        QVBoxLayout(self._skipped_box).addWidget(self._skipped)
        self._skipped_box.hide()
        counts = QGroupBox("Images a class and split (untick a class to leave it out)")
        QVBoxLayout(counts).addWidget(self._table)
        samples = QGroupBox("Some of each class")
        QVBoxLayout(samples).addWidget(scroll)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(counts, 2)
        layout.addWidget(samples, 3)
        layout.addWidget(self._skipped_box)
        self._filling = False
        self._all_classes: tuple[str, ...] = ()

    def clear(self) -> None:
        """Show nothing, because there is nothing that can be used."""
        self._filling = True
        self._table.setRowCount(0)
        self._filling = False
        self._clear_pictures()
        self._skipped_box.hide()

    def show_result(self, result: ScanResult) -> None:
        """Show a scan; classes that an earlier one of the same images found stay listed, unticked."""
        if not result.settings.classes:
            self._all_classes = result.classes
        self._filling = True
        names = [*result.classes, *(name for name in self._all_classes if name not in result.classes)]
        self._table.setRowCount(len(names))
        for row, name in enumerate(names):
            used = name in result.classes
            item = QTableWidgetItem(name)
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked if used else Qt.CheckState.Unchecked)
            self._table.setItem(row, 0, item)
            for column, split in enumerate(Split, start=1):
                count = QTableWidgetItem(f"{result.counts[split.value][name]:,}" if used else "–")
                count.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self._table.setItem(row, column, count)
        self._filling = False
        self._show_pictures(result)
        self._skipped.clear()
        self._skipped.addItems([f"{skipped.path}: {skipped.reason}" for skipped in result.skipped])
        self._skipped_box.setTitle(f"Skipped ({len(result.skipped)})")
        self._skipped_box.setVisible(bool(result.skipped))

    def _show_pictures(self, result: ScanResult) -> None:
        self._clear_pictures()
        for row, name in enumerate(result.classes):
            label = QLabel(name)
            label.setFixedWidth(90)
            label.setWordWrap(True)
            self._grid.addWidget(label, row, 0)
            own = [sample for sample in result.samples if sample.class_name == name]
            for column, sample in enumerate(own, start=1):
                picture = QLabel()
                picture.setPixmap(pixmap(sample.image, THUMBNAIL_PIXELS))
                picture.setToolTip(sample.path)
                self._grid.addWidget(picture, row, column)

    def _clear_pictures(self) -> None:
        while item := self._grid.takeAt(0):
            if widget := item.widget():
                widget.deleteLater()

    def _on_item_changed(self, item: QTableWidgetItem) -> None:
        if self._filling or item.column() != 0:
            return
        ticked = tuple(
            cell.text()
            for row in range(self._table.rowCount())
            if (cell := self._table.item(row, 0)) and cell.checkState() == Qt.CheckState.Checked
        )
        if len(ticked) < FEWEST_CLASSES:
            self._filling = True
            item.setCheckState(Qt.CheckState.Checked)
            self._filling = False
            return
        everything = set(ticked) == set(self._all_classes)
        self.classes_chosen.emit(() if everything else tuple(name for name in self._all_classes if name in ticked))
