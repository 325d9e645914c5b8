"""Which microcontroller boards a variant's file fits, and its C source to save."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from engine.contract.measurements import VariantMeasurement
from engine.export.microcontrollers.boards import BoardFit
from engine.export.microcontrollers.micro_export import MicroRecord, micro_files, micro_record, write_micro_files
from engine.figures.figure import MISSING
from engine.figures.figure_text import figure_text
from engine.language.sentence_recognition import recognised
from engine.language.speech import mark, number_text, tr
from ui.byte_sizes import bytes_text
from ui.message_bar import MessageBar
from workers.latest_call import LatestCall

HEADS = (
    mark("Board"), mark("Processor"), mark("Flash"), mark("RAM"), mark("Fits"), mark("Time (estimate)"), mark("Room"),
)  # fmt: skip
FITS = {True: mark("yes"), False: mark("no"), None: mark("not known")}
ESTIMATE = mark(
    "Times are estimates by a rule for each processor, not measured: int8 multiply-accumulates only. The tool tip has "
    "the rule."
)
MIN_WIDTH, MIN_HEIGHT = 900, 420


class MicroDialog(QDialog):
    """Of one variant."""

    def __init__(self, run: Path, variant: VariantMeasurement, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("micro")
        self.setWindowTitle(tr("{name} on microcontrollers", name=variant.name))
        self.setMinimumSize(MIN_WIDTH, MIN_HEIGHT)
        self._run = run
        self._record: MicroRecord | None = None
        self._saving = ""
        self._says = QLabel(objectName="micro.says", wordWrap=True)
        self._table = QTableWidget(0, len(HEADS), objectName="micro.boards")
        self._table.setAccessibleName(tr("Boards"))
        self._table.setHorizontalHeaderLabels([tr(head) for head in HEADS])
        self._table.verticalHeader().hide()
        self._table.horizontalHeader().setStretchLastSection(True)
        self._table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self._table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self._table.setTabKeyNavigation(False)
        self._message = MessageBar("micro.message")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self._save = buttons.addButton(tr("&Save C files…"), QDialogButtonBox.ButtonRole.ActionRole)
        self._save.setObjectName("micro.save")
        self._save.setToolTip(
            tr("model.h and model.cc with the file as an array, and a sketch of the program with exactly its operators")
        )
        self._save.setEnabled(False)
        layout = QVBoxLayout(self)
        layout.addWidget(self._says)
        layout.addWidget(self._table, 1)
        layout.addWidget(QLabel(tr(ESTIMATE), wordWrap=True))
        layout.addWidget(self._message)
        layout.addWidget(buttons)
        self._work = LatestCall("micro", self)
        self._work.succeeded.connect(self._on_done)
        self._work.failed.connect(self._message.say)
        self._save.clicked.connect(self._on_save)
        buttons.rejected.connect(self.reject)
        self._work.request(lambda progress: micro_record(run, variant))

    def done(self, result: int) -> None:
        self._work.shut_down()
        super().done(result)

    def _on_done(self, found: object) -> None:
        if isinstance(found, MicroRecord):
            self._show(found)
        else:
            self._message.say(tr("Saved in {folder}.", folder=self._saving), "good")

    def _show(self, record: MicroRecord) -> None:
        self._record = record
        self._save.setEnabled(True)
        arena = tr("not measured") if record.arena_bytes is None else bytes_text(record.arena_bytes)
        self._says.setText(
            tr(
                "File: {file}; arena: {arena}; operators: {operators}.",
                file=bytes_text(record.model_bytes),
                arena=arena,
                operators=", ".join(record.operators),
            )
        )
        self._table.setRowCount(len(record.boards))
        for row, board in enumerate(record.boards):
            for column, text in enumerate(_cells(board)):
                item = QTableWidgetItem(text)
                item.setToolTip("\n".join(filter(None, (recognised(board.why), board.rule))))
                if column in (2, 3, 5):
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self._table.setItem(row, column, item)
        self._table.resizeColumnsToContents()

    def _on_save(self) -> None:
        record = self._record
        folder = QFileDialog.getExistingDirectory(self, tr("Folder for the C files"))
        if folder and record is not None:
            self._saving = folder
            run, out = self._run, Path(folder)
            self._work.request(lambda progress: write_micro_files(micro_files(run, record), out))


def _cells(board: BoardFit) -> tuple[str, ...]:
    estimated = (
        MISSING
        if board.estimated_ms is None
        else tr("{number} ms", number=number_text(figure_text(board.estimated_ms)))
    )
    return (
        board.board,
        board.processor,
        bytes_text(board.flash_bytes),
        bytes_text(board.ram_bytes),
        tr(FITS[board.fits]),
        estimated,
        recognised(board.why),
    )
