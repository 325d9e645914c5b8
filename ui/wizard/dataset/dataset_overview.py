"""What a scan found: images per class and split, samples, and what was skipped and why."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QGridLayout,
    QGroupBox,
    QHeaderView,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QScrollArea,
    QTableWidget,
    QTableWidgetItem,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from engine.contract.image_settings import ImageSettings
from engine.contract.measurements import SkippedFile
from engine.datasets.source import Split, special_keys
from engine.language.speech import mark, number_text, tr
from ui.pictures import pixmap
from ui.plain_label import PlainLabel
from ui.wizard.dataset.image_check_panel import ImageCheckPanel
from workers.dataset_scan import CLASSES_LOOKED_INTO, ScanResult

if TYPE_CHECKING:
    from engine.datasets.examination import Examination

THUMBNAIL_PIXELS = 84
MAX_SKIPPED_LISTED = 500
ROWS_SEEN = 5
MIN_WIDTH = 380
FEWEST_CLASSES = 2
EVERY_IMAGE = mark("Every image")


@dataclass(frozen=True)
class _KnownClasses:
    """The classes that were seen in some images, and whether a scan of all of them saw them."""

    names: tuple[str, ...] = ()
    complete: bool = False


class DatasetOverview(QWidget):
    """The right half of the dataset page."""

    refused = Signal(str)
    """Why a class cannot be left out."""
    classes_chosen = Signal(tuple)
    """The names of the classes that stay ticked; empty for all."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._table = QTableWidget(0, 4, objectName="dataset.counts", tabKeyNavigation=False)
        self._table.setAccessibleName(tr("Images per class and split"))
        self._table.setHorizontalHeaderLabels([tr("class"), tr("train"), tr("validation"), tr("test")])
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
        self._skipped.setAccessibleName(tr("Skipped files and why"))
        self._skipped.setMaximumHeight(90)
        self._skipped_box = QGroupBox(tr("Skipped"))
        QVBoxLayout(self._skipped_box).addWidget(self._skipped)
        self._skipped_box.hide()
        self._all = QPushButton(tr("Use all &classes"), objectName="dataset.all_classes")
        self._all.clicked.connect(lambda: self.classes_chosen.emit(()))
        self._all.hide()
        counts = QGroupBox(tr("Images per class (untick to leave out)"))
        inner = QVBoxLayout(counts)
        inner.addWidget(self._table)
        inner.addWidget(self._all, alignment=Qt.AlignmentFlag.AlignLeft)
        self.check = ImageCheckPanel()
        self._tabs = QTabWidget(objectName="dataset.tabs")
        self._tabs.addTab(scroll, tr("Samples of each class"))
        self._tabs.addTab(self.check, tr(EVERY_IMAGE))
        self.setMinimumWidth(MIN_WIDTH)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(counts, 2)
        layout.addWidget(self._tabs, 4)
        layout.addWidget(self._skipped_box)
        self._filling = False
        self._known = _KnownClasses()
        self._known_of: dict[str, _KnownClasses] = {}
        """What of a dataset's settings decides which classes there are, as text → these; an undo may bring it back."""
        self._listed: dict[str, dict[str, int]] = {}
        """split → class → images, of the scan."""
        self._counts: dict[str, dict[str, int]] | None = None
        """The same for the images that a run would use; None: not every image is checked yet."""
        self._passed_over: tuple[SkippedFile, ...] = ()
        """By the scan, which opens a few images only."""

    def show_examination(self, examination: Examination | None, images: ImageSettings) -> None:
        """Show what every image was found to be, for a run with these image settings; None: not checked yet."""
        count = self.check.show_examination(examination, images)
        self._tabs.setTabText(
            self._tabs.indexOf(self.check),
            f"{tr(EVERY_IMAGE)} ({count})" if count else tr(EVERY_IMAGE),
        )
        self._counts = examination.counts if examination is not None else None
        self._show_counts()
        if examination is not None:
            self._show_skipped((*self._passed_over, *examination.unreadable))

    def clear(self, restricted: bool) -> None:
        """Show nothing, because there is nothing that can be used; `restricted`: of the classes that were chosen."""
        self._filling = True
        self._table.setRowCount(0)
        self._filling = False
        self._clear_pictures()
        self._skipped_box.hide()
        self._all.setVisible(restricted)

    def show_result(self, result: ScanResult) -> None:
        """Show a scan; classes that an earlier one of the same images found stay listed, unticked."""
        settings = result.settings
        origin = repr([getattr(settings, name) for name in ("kind", *sorted(special_keys()))])
        if not settings.classes or origin not in self._known_of:
            self._known_of[origin] = _KnownClasses(result.classes, complete=not settings.classes)
        self._known = self._known_of[origin]
        names = [*result.classes, *(name for name in self._known.names if name not in result.classes)]
        self._all.setVisible(bool(settings.classes))
        self._filling = True
        self._table.setRowCount(len(names))
        for row, name in enumerate(names):
            used = name in result.classes
            item = QTableWidgetItem(name)
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked if used else Qt.CheckState.Unchecked)
            self._table.setItem(row, 0, item)
            for column, _ in enumerate(Split, start=1):
                count = QTableWidgetItem("–")
                count.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self._table.setItem(row, column, count)
        self._filling = False
        self._listed, self._counts = result.counts, None
        self._show_counts()
        self._show_pictures(result)
        self._passed_over = result.skipped
        self._show_skipped(result.skipped)

    def _show_counts(self) -> None:
        """How many images a run would use: of those that were listed, without what every image's check left out."""
        self._filling = True
        for row in range(self._table.rowCount()):
            cells = [self._table.item(row, column) for column in range(1 + len(Split))]
            name = cells[0].text() if cells[0] else ""
            for cell, split in zip(cells[1:], Split, strict=True):
                listed = self._listed.get(split.value, {}).get(name)
                used = listed
                if self._counts is not None and listed is not None:
                    used = self._counts.get(split.value, {}).get(name, 0)
                if cell is not None:
                    gone = (listed or 0) - (used or 0)
                    cell.setText("–" if used is None else number_text(f"{used:,}"))
                    cell.setToolTip(
                        tr("{gone:,} of {listed:,} are left out.", gone=gone, listed=listed) if gone else ""
                    )
        self._filling = False

    def _show_skipped(self, files: tuple[SkippedFile, ...]) -> None:
        files = tuple(dict.fromkeys(files))
        self._skipped.clear()
        for skipped in files[:MAX_SKIPPED_LISTED]:
            path = Path(skipped.path)
            item = QListWidgetItem(
                f"{path.parent.name}/{path.name}: {skipped.reason}",
                self._skipped,
            )
            item.setToolTip(skipped.path)
        more = len(files) - MAX_SKIPPED_LISTED
        if more > 0:
            self._skipped.addItem(tr("… and {more:,} more; the run's folder lists them all", more=more))
        self._skipped_box.setTitle(tr("Skipped ({count:,})", count=len(files)))
        self._skipped_box.setVisible(bool(files))

    def _show_pictures(self, result: ScanResult) -> None:
        self._clear_pictures()
        shown = result.classes[:CLASSES_LOOKED_INTO]
        for row, name in enumerate(shown):
            self._grid.addWidget(PlainLabel(name, wraps=True), 2 * row, 0, 1, -1)
            own = [thumbnail for thumbnail in result.thumbnails if thumbnail.class_name == name]
            for column, thumbnail in enumerate(own):
                picture = QLabel()
                picture.setPixmap(pixmap(thumbnail.image, THUMBNAIL_PIXELS))
                picture.setToolTip(thumbnail.path)
                picture.setAccessibleName(f"{name}: {thumbnail.path}")
                self._grid.addWidget(picture, 2 * row + 1, column)
        if more := len(result.classes) - len(shown):
            self._grid.addWidget(QLabel(tr("… and {more:,} more classes", more=more)), 2 * len(shown), 0, 1, -1)

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
            self.refused.emit(tr("A classifier needs at least two classes, so these two are kept."))
            return
        everything = self._known.complete and set(ticked) == set(self._known.names)
        self.classes_chosen.emit(() if everything else tuple(name for name in self._known.names if name in ticked))
