"""Measures a run's files on another device: over SSH, or with a bundle that is carried there."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QStandardPaths, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from engine.contract.progress import Progress
from engine.language.sentence_recognition import recognised
from engine.language.speech import mark, tr
from ui.message_bar import MessageBar
from workers.device_work import DeviceWork, measure_over_ssh, pack_apart

if TYPE_CHECKING:
    from engine.device.result_import import ImportedResults

WHAT = mark(
    "The files run on the device with some test images; times, memory and answers come back beside this computer's. "
    "Test images are sent as numbers that are ready to be fed; originals and their names are not."
)
SSH_HINT = mark(
    "Uses this computer's ssh with your keys: the device must let you in without a password. Cancel leaves nothing "
    "running there; after a lost connection it goes on."
)
BUNDLE_HINT = mark(
    "Unpack the archive on the device and start run.sh there. Bring results.json back, and drop it on the window or "
    "take it in here."
)
MIN_WIDTH, LIST_HEIGHT = 560, 110
USUAL_IMAGES, MOST_IMAGES = 100, 100_000


class DeviceDialog(QDialog):
    """Of one run. Closing it cancels what is not finished, and waits for the device to have stopped."""

    imported = Signal()
    """Results were taken into the run."""

    def __init__(self, run: Path, variants: tuple[str, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("device")
        self.setWindowTitle(tr("Measure on a device"))
        self.setMinimumWidth(MIN_WIDTH)
        self._run = run
        self._closes = False
        self._variants = QListWidget(objectName="device.variants")
        self._variants.setAccessibleName(tr("Variants to measure"))
        self._variants.setSelectionMode(QAbstractItemView.SelectionMode.MultiSelection)
        self._variants.addItems(list(variants))
        self._variants.selectAll()
        self._variants.setMaximumHeight(LIST_HEIGHT)
        self._images = QSpinBox(objectName="device.images", minimum=1, maximum=MOST_IMAGES, value=USUAL_IMAGES)
        self._host = QLineEdit(objectName="device.host", placeholderText="pi@raspberrypi.local")  # not shown
        self._name = QLineEdit(objectName="device.name", placeholderText=tr("as the device calls itself"))
        documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
        self._file = QLineEdit(str(Path(documents) / f"{run.name}-bundle.zip"), objectName="device.file")
        self._browse = QPushButton(tr("&Browse…"), objectName="device.browse", autoDefault=False)
        self._measure = QPushButton(tr("&Measure"), objectName="device.measure", autoDefault=False)
        self._pack = QPushButton(tr("Write the b&undle"), objectName="device.pack", autoDefault=False)
        self._take = QPushButton(tr("&Take in results…"), objectName="device.take", autoDefault=False)
        self._cancel = QPushButton(tr("C&ancel"), objectName="device.cancel", autoDefault=False, enabled=False)
        self._progress = QProgressBar(objectName="device.progress", maximum=1, textVisible=False)
        self._progress.setAccessibleName(tr("Progress of the measurement"))
        self._message = MessageBar("device.message")
        self._ways = QTabWidget(objectName="device.ways")
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self._lay_out()
        self._work = DeviceWork(self)
        self._work.succeeded.connect(self._on_done)
        self._work.failed.connect(self._on_failed)
        self._work.cancelled.connect(self._on_cancelled)
        self._work.progressed.connect(self._on_progress)
        self._work.phased.connect(self._on_phase)
        self._browse.clicked.connect(self._on_browse)
        self._measure.clicked.connect(self._on_measure)
        self._host.returnPressed.connect(self._on_measure)
        self._pack.clicked.connect(self._on_pack)
        self._take.clicked.connect(self._on_take)
        self._cancel.clicked.connect(self._on_cancel)
        self._buttons.rejected.connect(self.reject)

    def reject(self) -> None:
        """Close; where something is in progress, once that has stopped."""
        if self._work.is_running():
            self._closes = True
            self._on_cancel()
            return
        super().reject()

    def done(self, result: int) -> None:
        self._work.shut_down()
        super().done(result)

    def _lay_out(self) -> None:
        chosen = QFormLayout()
        chosen.addRow(tr("&Variants"), self._variants)
        chosen.addRow(tr("Test &images"), self._images)
        self._ways.addTab(
            _page(SSH_HINT, ((tr("&Device"), self._host), (tr("&Name"), self._name)), (self._measure,)), tr("Over SSH")
        )
        where = QWidget()
        row = QHBoxLayout(where)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._file)
        row.addWidget(self._browse)
        self._file.setAccessibleName(tr("File of the bundle"))
        self._ways.addTab(_page(BUNDLE_HINT, ((tr("&File"), where),), (self._pack, self._take)), tr("With a bundle"))
        progress = QHBoxLayout()
        progress.addWidget(self._progress, 1)
        progress.addWidget(self._cancel)
        layout = QVBoxLayout(self)
        layout.addWidget(QLabel(tr(WHAT), wordWrap=True))
        layout.addLayout(chosen)
        layout.addWidget(self._ways)
        layout.addLayout(progress)
        layout.addWidget(self._message)
        layout.addWidget(self._buttons)

    def _chosen_variants(self) -> tuple[str, ...]:
        """Empty where all are chosen."""
        chosen = tuple(item.text() for item in self._variants.selectedItems())
        return () if len(chosen) == self._variants.count() else chosen

    def _on_browse(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, tr("File of the bundle"), self._file.text(), tr("ZIP (*.zip)"))
        if path:
            self._file.setText(path)

    def _on_measure(self) -> None:
        host = self._host.text().strip()
        if not host:
            self._message.say(tr("Name the device as ssh takes it, such as pi@raspberrypi.local."))
            return
        work = partial(
            measure_over_ssh, self._run, self._chosen_variants(), self._images.value(), host, self._name.text().strip()
        )
        self._start(lambda progress: work(progress=progress))

    def _on_pack(self) -> None:
        text = self._file.text().strip()
        if not text:
            self._message.say(tr("Name a file for the bundle."))
            return
        out = Path(text).expanduser()
        self._start(partial(pack_apart, self._run, self._chosen_variants(), self._images.value(), out))

    def _on_take(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, tr("Results of a device"), "", tr("Results (*.json)"))
        if path:
            self._start(partial(_take_in, self._run, Path(path)))

    def _start(self, work: object) -> None:
        if not self._variants.selectedItems():
            self._message.say(tr("Choose at least one variant."))
            return
        assert callable(work)
        self._enable(False)
        self._message.say(tr("Starting…"), "hint")
        self._progress.setMaximum(0)
        self._work.start(work)

    def _on_cancel(self) -> None:
        self._cancel.setEnabled(False)
        self._message.say(tr("Stopping…"), "hint")
        self._work.cancel()

    def _on_progress(self, done: int, total: int) -> None:
        self._progress.setMaximum(total)
        self._progress.setValue(done)

    def _on_phase(self, text: str) -> None:
        said = recognised(text)
        self._message.say(f"{said[:1].upper()}{said[1:]}", "hint")

    def _on_done(self, result: Path | ImportedResults) -> None:
        self._end(1)
        if isinstance(result, Path):
            self._message.say(tr("The bundle is {file}.", file=result), "good")
        else:
            self._message.say(tr("Measured on {device}; see Devices.", device=result.kept.results.machine.name), "good")
            self.imported.emit()
        self._close_if_asked()

    def _on_failed(self, sentence: str) -> None:
        self._end(0)
        self._message.say(sentence)
        self._close_if_asked()

    def _on_cancelled(self, sentence: str) -> None:
        self._end(0)
        self._message.say(recognised(sentence), "warning")
        # Where something may still run there, the sentence stands until it was read.
        if "But" not in sentence:
            self._close_if_asked()
        self._closes = False

    def _close_if_asked(self) -> None:
        if self._closes:
            super().reject()

    def _end(self, share: int) -> None:
        self._progress.setMaximum(1)
        self._progress.setValue(share)
        self._enable(True)

    def _enable(self, ready: bool) -> None:
        for widget in (self._variants, self._images, self._ways):
            widget.setEnabled(ready)
        self._cancel.setEnabled(not ready)


def _page(hint: str, fields: tuple[tuple[str, QWidget], ...], buttons: tuple[QPushButton, ...]) -> QWidget:
    page = QWidget()
    layout = QVBoxLayout(page)
    layout.addWidget(QLabel(tr(hint), wordWrap=True))
    form = QFormLayout()
    for label, field in fields:
        form.addRow(label, field)
    layout.addLayout(form)
    row = QHBoxLayout()
    for button in buttons:
        row.addWidget(button)
    row.addStretch()
    layout.addLayout(row)
    return page


def _take_in(run: Path, file: Path, progress: Progress) -> ImportedResults:
    from engine.device.result_import import import_results

    progress.raise_if_cancelled()
    return import_results(str(run), file, run.parents[1])
