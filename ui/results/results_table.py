"""The table of variants, and what leaves the app: CSV, the clipboard and `.tflite` files."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QPoint, QSortFilterProxyModel, Qt, QUrl, Signal
from PySide6.QtGui import QAction, QDesktopServices, QGuiApplication, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from engine.contract.measurements import VariantMeasurement
from engine.figures.variant_figures import FIGURES
from engine.figures.variants_csv import variants_csv
from engine.language.speech import tr
from engine.store.durable_file import write_durably
from ui.counts import counted
from ui.flow_layout import FlowLayout
from ui.menu_actions import added_action
from ui.message_bar import MessageBar
from ui.question import agrees
from ui.results.corner_heading import head_corner
from ui.results.device_columns import device_columns
from ui.results.epoch_sweep import sweep_text
from ui.results.micro_dialog import MicroDialog
from ui.results.model_saving import copy_files, planned_copies
from ui.results.report_dialog import ReportDialog
from ui.results.variants_model import SORT_ROLE, VariantsModel
from ui.shown_run import ShownRun

CHAIN_COLUMN = 0
LAST_OF_LATENCY = "latency_ratio"
WIDEST_COLUMN = 320
COLUMN_MARGIN = 6
TITLE_MARGIN = 26
FRAME_GAP = 6
"""Between what stands below the table and the frame, in pixels."""


class ResultsTable(QWidget):
    """Sortable; grows while the run is in progress."""

    columns_chosen = Signal(list)
    """The titles of the columns that the user wants to see."""
    try_requested = Signal(object)
    """The `Path` of the chosen row's file: the test bench is wanted."""

    devices_changed = Signal()
    """Another device has measured the run's files."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._directory: Path | None = None
        self._compares_images = False
        self._model = VariantsModel(self)
        self._sorted = QSortFilterProxyModel(self)
        self._sorted.setSourceModel(self._model)
        self._sorted.setSortRole(SORT_ROLE)
        self.view = QTableView(objectName="results.table", sortingEnabled=True, tabKeyNavigation=False)
        self.view.setAccessibleName(tr("Variants"))
        self.view.setModel(self._sorted)
        self.view.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
        self.view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.view.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.view.setAlternatingRowColors(True)
        self.view.setWordWrap(True)
        head_corner(self.view, tr(FIGURES[CHAIN_COLUMN].title))
        self._machine = QLabel(objectName="results.machine", wordWrap=True)
        self._machine.setContentsMargins(FRAME_GAP, 0, FRAME_GAP, 0)
        self._machine.setProperty("role", "hint")
        self._sweep = QLabel(objectName="results.epoch_sweep", wordWrap=True)
        self._sweep.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._csv = QPushButton(tr("E&xport CSV…"), objectName="results.csv")
        self._csv.setToolTip(tr("All figures of all variants; the column names contain the units"))
        self._report = QPushButton(tr("Repor&t…"), objectName="results.report")
        self._report.setToolTip(tr("Write a page, a PDF, and tables and figures for a paper"))
        self._device = QPushButton(tr("Meas&ure on a device…"), objectName="results.device")
        self._device.setToolTip(tr("Measure the files on another device, over SSH or with a bundle to carry there"))
        self._save = QPushButton(tr("Save .tfl&ite…"), objectName="results.save")
        self._save.setToolTip(
            tr("Save the .tflite file of the selected row, with a JSON file that describes its input")
        )
        self._save_all = QPushButton(tr("Save &all…"), objectName="results.save_all")
        self._save_all.setToolTip(tr("Save the files of all variants in one folder"))
        self._try_it = QPushButton(tr("Try it on i&mages…"), objectName="results.try")
        self._try_it.setToolTip(tr("Open the file of the selected row in the test bench"))
        self._micro = QPushButton(tr("Mic&rocontroller…"), objectName="results.micro")
        self._micro.setToolTip(tr("Boards that the file of the selected row fits, and its C source"))
        self._shown = {place for place, column in enumerate(FIGURES) if column.is_usual}
        """The columns that the user wants to see."""
        self._columns = QPushButton(tr("C&olumns"), objectName="results.columns")
        self._columns.setToolTip(tr("Choose which figures are shown"))
        self._columns.setMenu(self._column_menu())
        self._folder = QPushButton(tr("Ope&n folder"), objectName="results.folder")
        self._folder.setToolTip(tr("The run's folder: recipe, split, events, log and models"))
        self._message = MessageBar("results.message")
        # Else the buttons above it would move under the pointer.
        keeps_its_place = self._message.sizePolicy()
        keeps_its_place.setRetainSizeWhenHidden(True)
        self._message.setSizePolicy(keeps_its_place)
        self._lay_out()
        self._csv.clicked.connect(self._on_csv)
        self._report.clicked.connect(self._on_report)
        self._device.clicked.connect(self._on_device)
        self._save.clicked.connect(self._on_save)
        self._save_all.clicked.connect(self._on_save_all)
        self._folder.clicked.connect(self._on_folder)
        self._try_it.clicked.connect(self._on_try)
        self._micro.clicked.connect(self._on_micro)
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.view.customContextMenuRequested.connect(self._on_row_menu)
        self.view.selectionModel().selectionChanged.connect(self._enable)
        self._model.modelReset.connect(self._enable)
        QShortcut(QKeySequence.StandardKey.Copy, self.view, self._on_copy, context=Qt.ShortcutContext.WidgetShortcut)
        self._show_columns()
        self._enable()

    def show_state(self, state: ShownRun) -> None:
        """Show the variants that are measured."""
        self._directory = state.directory
        for button in (self._folder, self._report, self._device):
            button.setEnabled(self._directory is not None)
        sweep = sweep_text(state.result.epoch_sweep) if state.result else ""
        self._sweep.setText(sweep)
        self._sweep.setVisible(bool(sweep))
        columns = device_columns(state.devices)
        if columns != self._model.devices:
            self._model.set_devices(columns)
            self._place_devices()
            self._fit_columns()
        variants = tuple(state.variants.values())
        if variants == self._model.variants:
            return
        chosen = self._chosen()
        self._compares_images = len({variant.setting for variant in variants}) > 1
        self._model.set_variants(variants)
        self._show_columns()
        self._fit_columns()
        if chosen is not None:
            self._choose(chosen.name)
        if variants:
            threads = counted(variants[0].threads, "thread")
            self._machine.setText(
                tr("Latency: one image at a time, {threads}, {cpu}", threads=threads, cpu=variants[0].cpu)
            )

    def choose_variant(self, name: str) -> None:
        """Select its row, if it is measured, and bring it into sight."""
        self._choose(name)
        if rows := self.view.selectionModel().selectedRows():
            self.view.scrollTo(rows[0])
        self.view.setFocus()

    def choose_columns(self, titles: Collection[str]) -> None:
        """Show these columns, by their titles, and no others."""
        for place, action in self._column_actions.items():
            action.setChecked(FIGURES[place].title in titles)

    def _lay_out(self) -> None:
        below = QHBoxLayout()
        below.setContentsMargins(FRAME_GAP, 0, FRAME_GAP, FRAME_GAP)
        buttons = FlowLayout()
        below.addLayout(buttons)
        for button in (
            self._report,
            self._device,
            self._csv,
            self._save,
            self._save_all,
            self._micro,
            self._folder,
        ):
            buttons.addWidget(button)
        told = QHBoxLayout()
        told.addWidget(self._machine, 1)
        told.addWidget(self._try_it)
        told.addWidget(self._columns)
        told.setContentsMargins(0, 0, FRAME_GAP, 0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.view, 1)
        layout.addWidget(self._sweep)
        layout.addLayout(told)
        layout.addLayout(below)
        layout.addWidget(self._message)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._fit_columns()

    def _column_menu(self) -> QMenu:
        menu = QMenu(self)
        self._column_actions: dict[int, QAction] = {}
        for place, column in enumerate(FIGURES):
            if place == CHAIN_COLUMN:
                continue
            action = added_action(menu, tr(column.title).replace("\n", " "))
            action.setCheckable(True)
            action.setChecked(column.is_usual)
            action.setToolTip(tr(column.explanation))
            action.toggled.connect(partial(self._on_column, place))
            self._column_actions[place] = action
        menu.setToolTipsVisible(True)
        return menu

    def _on_column(self, place: int, shown: bool) -> None:
        (self._shown.add if shown else self._shown.discard)(place)
        self._show_columns()
        self._fit_columns()
        self.columns_chosen.emit([FIGURES[place].title for place in sorted(self._shown)])

    def _show_columns(self) -> None:
        for place, column in enumerate(FIGURES):
            wanted = place in self._shown and (self._compares_images or not column.compares_images)
            # The chain stands in the row's header instead, where it stays in sight while the figures scroll.
            self.view.setColumnHidden(place, place == CHAIN_COLUMN or not wanted)
            if action := self._column_actions.get(place):
                action.setVisible(self._compares_images or not column.compares_images)

    def _place_devices(self) -> None:
        """Beside this machine's latency."""
        header = self.view.horizontalHeader()
        beside = next(place for place, figure in enumerate(FIGURES) if figure.name == LAST_OF_LATENCY)
        for number in range(len(self._model.devices)):
            moved = header.visualIndex(len(FIGURES) + number)
            header.moveSection(moved, header.visualIndex(beside) + 1 + number)

    def _fit_columns(self) -> None:
        """Costs tens of milliseconds, so it waits until someone looks."""
        if not self.isVisible():
            return
        letters = self.view.horizontalHeader().fontMetrics()
        for place, title_text in enumerate(self._model.titles):
            # Qt keeps room for the arrow of the sorted column beside the title of each, which costs half a screen.
            title = max(letters.horizontalAdvance(line) for line in title_text.split("\n")) + TITLE_MARGIN
            width = max(title, self.view.sizeHintForColumn(place) + COLUMN_MARGIN)
            self.view.setColumnWidth(place, min(width, WIDEST_COLUMN))
        self.view.resizeRowsToContents()

    def _enable(self) -> None:
        there = bool(self._model.variants)
        self._csv.setEnabled(there)
        self._save_all.setEnabled(there)
        self._save.setEnabled(self._chosen() is not None)
        self._micro.setEnabled(self._chosen() is not None)
        self._try_it.setEnabled(self._chosen() is not None)

    def _chosen(self) -> VariantMeasurement | None:
        rows = self.view.selectionModel().selectedRows()
        return self._model.variants[self._sorted.mapToSource(rows[0]).row()] if rows else None

    def _choose(self, name: str) -> None:
        for row, variant in enumerate(self._model.variants):
            if variant.name == name:
                self.view.selectRow(self._sorted.mapFromSource(self._model.index(row, 0)).row())

    def _on_report(self) -> None:
        if self._directory is not None:
            dialog = ReportDialog(self._directory, self)
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            dialog.open()

    def _on_device(self) -> None:
        if self._directory is not None:
            # Imported here: it reads images and talks to SSH, which few need.
            from ui.results.device_dialog import DeviceDialog

            dialog = DeviceDialog(self._directory, tuple(one.name for one in self._model.variants), self)
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            dialog.imported.connect(self.devices_changed)
            dialog.open()

    def _on_csv(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, tr("Export the table"), "variants.csv", tr("CSV (*.csv)"))
        if path:
            target = Path(path) if Path(path).suffix else Path(path).with_suffix(".csv")
            if self._may_write([target], asked=Path(path)):
                text = variants_csv(self._model.variants)
                self._try(lambda: write_durably(target, text), tr("Exported to {target}.", target=target))

    def _on_save(self) -> None:
        variant = self._chosen()
        if variant is None or self._directory is None:
            return
        path, _ = QFileDialog.getSaveFileName(
            self, tr("Save the model"), Path(variant.file).name, tr("TFLite (*.tflite)")
        )
        if path:
            self._save_variants({Path(path): variant}, asked=Path(path))

    def _on_save_all(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, tr("Folder for the models"))
        if folder:
            self._save_variants({Path(folder) / Path(v.file).name: v for v in self._model.variants})

    def _save_variants(self, targets: dict[Path, VariantMeasurement], asked: Path | None = None) -> None:
        directory = self._directory
        if directory is None:
            return
        copies: dict[Path, Path] = {}

        def plan() -> None:
            for target, variant in targets.items():
                copies.update(planned_copies(directory, variant, target))

        if self._try(plan) and self._may_write(copies.values(), asked):
            models = len(targets)
            what = (
                next(iter(copies.values()))
                if models == 1
                else tr("{models} models in {parent}", models=models, parent=next(iter(targets)).parent)
            )
            self._try(lambda: copy_files(copies), tr("Saved {what}.", what=what))

    def _may_write(self, targets: Iterable[Path], asked: Path | None) -> bool:
        """Whether nothing is there, or the user agrees; the file dialog has asked for `asked` already."""
        there = [target.name for target in targets if target.exists() and target != asked]
        if not there:
            return True
        question = tr("These files already exist: {join}. Overwrite them?", join=", ".join(there))
        return agrees(self, tr("Overwrite?"), question, tr("Overwrite them"), tr("Keep them"))

    def _on_try(self) -> None:
        variant = self._chosen()
        if variant is not None and self._directory is not None:
            self.try_requested.emit(self._directory / variant.file)

    def _on_micro(self) -> None:
        variant = self._chosen()
        if variant is not None and self._directory is not None:
            dialog = MicroDialog(self._directory, variant, self)
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            dialog.open()

    def _on_row_menu(self, place: QPoint) -> None:
        """Of the chosen row: what the buttons do with it."""
        if self._chosen() is None:
            return
        menu = QMenu(self)
        for button in (self._save, self._micro, self._try_it):
            added_action(menu, button.text(), button.click)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.view.viewport().mapToGlobal(place))

    def _on_folder(self) -> None:
        if self._directory is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._directory)))

    def _on_copy(self) -> None:
        """The chosen rows, or all, as they are sorted, in a form that spreadsheets paste."""
        rows = sorted(index.row() for index in self.view.selectionModel().selectedRows())
        copied = [p for p in range(self._model.columnCount()) if p == CHAIN_COLUMN or not self.view.isColumnHidden(p)]
        titles = (*(figure.title for figure in FIGURES), *(column.title for column in self._model.devices))
        lines = ["\t".join(titles[column].replace("\n", " ") for column in copied)]
        for row in rows or range(self._sorted.rowCount()):
            lines.append("\t".join(str(self._sorted.index(row, column).data()) for column in copied))
        QGuiApplication.clipboard().setText("\n".join(lines))
        self._message.say(tr("{count} rows are on the clipboard.", count=len(lines) - 1), "good")

    def _try(self, action: Callable[[], object], done: str = "") -> bool:
        """Do it, and say that it is done, or why not; returns whether it is."""
        try:
            action()
        except OSError as error:
            place = error.filename or tr("The file")
            self._message.say(
                tr(
                    "Not saved: {place}: {value}. Choose another place and try again.",
                    place=place,
                    value=error.strerror or error,
                )
            )
            return False
        self._message.say(done, "good")
        return True
