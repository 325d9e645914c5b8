"""Asks where the report of a run is to lie, lets it be written, and opens it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QStandardPaths, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from engine.language.speech import mark, tr
from ui.message_bar import MessageBar
from workers.latest_call import LatestCall
from workers.report_writing import write_report_apart

WHAT = mark(
    "Writes a page, a PDF, and tables and figures for a paper. No path and no name of a file is in it. Test images "
    "are, if you show them: look whether any has a name burnt in before you share it."
)
MIN_WIDTH = 520


class ReportDialog(QDialog):
    """Of one run. Closing it cancels what is not finished; then the folder is as it was."""

    def __init__(self, run: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("report")
        self.setWindowTitle(tr("Report"))
        self.setMinimumWidth(MIN_WIDTH)
        self._run = run
        self._out: Path | None = None
        documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
        self._folder = QLineEdit(str(Path(documents) / f"{run.name}-report"), objectName="report.folder")
        self._folder.setAccessibleName(tr("Folder of the report"))
        self._browse = QPushButton(tr("&Browse…"), objectName="report.browse", autoDefault=False)
        self._pictures = QCheckBox(tr("Show &test images"), objectName="report.pictures", checked=True)
        self._progress = QProgressBar(objectName="report.progress", maximum=1, textVisible=False)
        self._progress.setAccessibleName(tr("Progress of the report"))
        self._message = MessageBar("report.message")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self._write = buttons.addButton(tr("&Write"), QDialogButtonBox.ButtonRole.ActionRole)
        self._write.setObjectName("report.write")
        self._open_page = buttons.addButton(tr("Open &page"), QDialogButtonBox.ButtonRole.ActionRole)
        self._open_folder = buttons.addButton(tr("Open f&older"), QDialogButtonBox.ButtonRole.ActionRole)
        for button in (self._open_page, self._open_folder):
            button.hide()
        self._lay_out(buttons)
        self._work = LatestCall("report", self)
        self._work.succeeded.connect(self._on_written)
        self._work.failed.connect(self._on_failed)
        self._work.progressed.connect(self._on_progress)
        self._browse.clicked.connect(self._on_browse)
        self._write.clicked.connect(self._on_write)
        self._open_page.clicked.connect(self._show_page)
        self._open_folder.clicked.connect(self._show_folder)
        buttons.rejected.connect(self.reject)

    def _lay_out(self, buttons: QDialogButtonBox) -> None:
        where = QHBoxLayout()
        label = QLabel(tr("&Folder"))
        label.setBuddy(self._folder)
        for widget in (label, self._folder, self._browse):
            where.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.addWidget(QLabel(tr(WHAT), wordWrap=True))
        layout.addLayout(where)
        for widget in (self._pictures, self._progress, self._message, buttons):
            layout.addWidget(widget)

    def done(self, result: int) -> None:
        self._work.shut_down()
        super().done(result)

    def _on_browse(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, tr("Folder of the report"), self._folder.text())
        if folder:
            self._folder.setText(folder)

    def _on_write(self) -> None:
        text = self._folder.text().strip()
        if not text:
            self._message.say(tr("Name a folder for the report."))
            return
        run, out, pictures = self._run, Path(text).expanduser(), self._pictures.isChecked()
        self._out = out
        self._message.say(tr("Writing the report…"), "hint")
        self._enable(False)
        self._progress.setMaximum(0)
        self._work.request(partial(write_report_apart, run, out, pictures))

    def _on_progress(self, done: int, total: int) -> None:
        self._progress.setMaximum(total)
        self._progress.setValue(done)

    def _on_written(self, _: object) -> None:
        self._enable(True)
        self._progress.setMaximum(1)
        self._progress.setValue(1)
        self._message.say(tr("The report is in {out}.", out=self._out), "good")
        for button in (self._open_page, self._open_folder):
            button.show()
        self._show_page()

    def _on_failed(self, sentence: str) -> None:
        self._enable(True)
        self._progress.setMaximum(1)
        self._progress.setValue(0)
        self._message.say(sentence)

    def _enable(self, ready: bool) -> None:
        for widget in (self._write, self._folder, self._browse, self._pictures):
            widget.setEnabled(ready)

    def _show_page(self) -> None:
        if self._out is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._out / "report.html")))

    def _show_folder(self) -> None:
        if self._out is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._out)))
