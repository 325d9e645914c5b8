"""The table of variants, and what leaves the app: CSV and `.tflite` files."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSortFilterProxyModel, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QMessageBox,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from engine.contract.measurements import VariantMeasurement
from engine.store.durable_file import write_durably
from ui.dashboard.run_state import RunState
from ui.message_bar import MessageBar
from ui.results.columns import COLUMNS
from ui.results.csv_export import variants_csv
from ui.results.model_saving import save_model
from ui.results.variants_model import SORT_ROLE, VariantsModel

WIDEST_COLUMN = 320


class ResultsTable(QWidget):
    """Sortable; grows while the run goes on."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._directory: Path | None = None
        self._model = VariantsModel(self)
        self._sorted = QSortFilterProxyModel(self)
        self._sorted.setSourceModel(self._model)
        self._sorted.setSortRole(SORT_ROLE)
        self.view = QTableView(objectName="results.table", sortingEnabled=True)
        self.view.setAccessibleName("Variants")
        self.view.setModel(self._sorted)
        self.view.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
        self.view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.view.setAlternatingRowColors(True)
        self.view.verticalHeader().hide()
        self.view.setWordWrap(True)
        self.view.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self._csv = QPushButton("Export CSV…", objectName="results.csv")
        self._save = QPushButton("Save .tflite…", objectName="results.save")
        self._save.setToolTip("The file of the chosen row, with a JSON file that says how to feed it")
        self._save_all = QPushButton("Save all…", objectName="results.save_all")
        self._folder = QPushButton("Open folder", objectName="results.folder")
        self._message = MessageBar("results.message")
        buttons = QHBoxLayout()
        for button in (self._csv, self._save, self._save_all, self._folder):
            buttons.addWidget(button)
        buttons.addStretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.view, 1)
        layout.addLayout(buttons)
        layout.addWidget(self._message)
        self._csv.clicked.connect(self._on_csv)
        self._save.clicked.connect(self._on_save)
        self._save_all.clicked.connect(self._on_save_all)
        self._folder.clicked.connect(self._on_folder)
        QShortcut(QKeySequence.StandardKey.Copy, self.view, self._on_copy, context=Qt.ShortcutContext.WidgetShortcut)
        self._enable()

    def show_state(self, state: RunState) -> None:
        """Show the variants that are measured."""
        self._directory = Path(state.started.directory) if state.started else None
        variants = tuple(state.variants.values())
        if variants != self._model.variants:
            self._model.set_variants(variants)
            self.view.resizeColumnsToContents()
            for column in range(len(COLUMNS)):
                self.view.setColumnWidth(column, min(self.view.columnWidth(column) + 6, WIDEST_COLUMN))
            self.view.resizeRowsToContents()
        self._enable()

    def _enable(self) -> None:
        for button in (self._csv, self._save, self._save_all, self._folder):
            button.setEnabled(bool(self._model.variants))

    def _chosen(self) -> VariantMeasurement | None:
        rows = self.view.selectionModel().selectedRows()
        return self._model.variants[self._sorted.mapToSource(rows[0]).row()] if rows else None

    def _on_csv(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, "Export the table", "variants.csv", "CSV (*.csv)")
        if path:
            self._try(lambda: write_durably(Path(path), variants_csv(self._model.variants)), f"Exported to {path}.")

    def _on_save(self) -> None:
        variant = self._chosen()
        if variant is None:
            self._message.say("Choose the row of the variant to save first.", "hint")
            return
        path, _ = QFileDialog.getSaveFileName(self, "Save the model", Path(variant.file).name, "TFLite (*.tflite)")
        if path and self._directory:
            directory = self._directory
            self._try(lambda: save_model(directory, variant, Path(path)), f"Saved as {path}.")

    def _on_save_all(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Folder for the models")
        if not folder or self._directory is None:
            return
        targets = {variant.chain: Path(folder) / Path(variant.file).name for variant in self._model.variants}
        there = [target.name for target in targets.values() if target.exists()]
        if there and not self._agrees_to_overwrite(there):
            return
        directory = self._directory

        def save() -> None:
            for variant in self._model.variants:
                save_model(directory, variant, targets[variant.chain])

        self._try(save, f"Saved {len(targets)} models in {folder}.")

    def _agrees_to_overwrite(self, names: list[str]) -> bool:
        question = f"These files are there already: {', '.join(names)}. Overwrite them?"
        return QMessageBox.question(self, "Overwrite?", question) == QMessageBox.StandardButton.Yes

    def _on_folder(self) -> None:
        if self._directory is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._directory)))

    def _on_copy(self) -> None:
        lines = ["\t".join(column.title.replace("\n", " ") for column in COLUMNS)]
        for row in range(self._sorted.rowCount()):
            lines.append("\t".join(str(self._sorted.index(row, column).data()) for column in range(len(COLUMNS))))
        QGuiApplication.clipboard().setText("\n".join(lines))
        self._message.say("The table is on the clipboard.", "good")

    def _try(self, action: object, done: str) -> None:
        try:
            action()  # type: ignore[operator]
            self._message.say(done, "good")
        except OSError as error:
            self._message.say(f"{error.filename} cannot be written ({error.strerror}); choose another folder.")
