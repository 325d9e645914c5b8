"""Page 1: where the images come from, and what was found there."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
    QWizardPage,
)

from engine.contract.recipe import DatasetSettings
from engine.datasets.source import DATASETS
from ui.form.parameter_form import ParameterForm
from ui.message_bar import MessageBar
from ui.wizard.dataset_findings import DatasetFindings
from ui.wizard.recipe_draft import RecipeDraft
from workers.dataset_scan import ScanResult, scan_dataset
from workers.latest_call import LatestCall

TYPING_PAUSE_MS = 300
LEFT_WIDTH = 340


class DatasetPage(QWizardPage):
    """Scans as the user chooses; the next page opens once the images are usable."""

    scanned = Signal(object)
    """A `ScanResult`, or None while there is none."""

    def __init__(self, draft: RecipeDraft, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTitle("Images")
        self.setSubTitle("Choose the drawn demo images, or a folder with a folder of images for each class.")
        self.setAcceptDrops(True)
        self._draft = draft
        self._result: ScanResult | None = None
        self._scan = LatestCall("dataset-scan", self)
        self._scan.succeeded.connect(self._on_scanned)
        self._scan.failed.connect(self._on_failed)
        self._pause = QTimer(self, singleShot=True, interval=TYPING_PAUSE_MS)
        self._pause.timeout.connect(self._start_scan)

        self._kind = QComboBox(objectName="dataset.kind", accessibleName="Source")
        for key in DATASETS:
            self._kind.addItem(DATASETS[key].title, key)
        self._path = QLineEdit(objectName="dataset.path", placeholderText="Folder; or drop it here")
        self._path.setAccessibleName("Folder")
        self._browse = QPushButton("Browse…", objectName="dataset.browse")
        self._form = ParameterForm(
            draft.recipe.dataset, ("validation_fraction", "test_fraction", "limit_per_class"), "dataset"
        )
        self._busy = QProgressBar(objectName="dataset.busy", maximum=0, textVisible=False)
        self._busy.setMaximumHeight(6)
        self._message = MessageBar("dataset.message")
        self._findings = DatasetFindings()
        self._lay_out()
        self._show_draft()
        draft.changed.connect(self._show_draft)
        self._kind.currentIndexChanged.connect(self._on_edited)
        self._path.textEdited.connect(self._on_edited)
        self._browse.clicked.connect(self._on_browse)
        self._form.changed.connect(self._on_edited)
        self._form.refused.connect(self._message.say)
        self._findings.classes_chosen.connect(self._on_classes_chosen)

    @property
    def result(self) -> ScanResult | None:
        """What the last scan found; None while there is none, or it failed."""
        return self._result

    def initializePage(self) -> None:
        self._start_scan()

    def isComplete(self) -> bool:
        return self._result is not None and self._result.settings == self._draft.recipe.dataset

    def shut_down(self) -> None:
        self._pause.stop()
        self._scan.shut_down()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(Path(url.toLocalFile()).is_dir() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        self._choose_folder(event.mimeData().urls()[0].toLocalFile())

    def _lay_out(self) -> None:
        folder = QHBoxLayout()
        folder.addWidget(self._path, 1)
        folder.addWidget(self._browse)
        source = QFormLayout()
        source.addRow("Source", self._kind)
        source.addRow("Folder", folder)
        box = QGroupBox("Where from")
        inner = QVBoxLayout(box)
        inner.addLayout(source)
        inner.addWidget(self._form)
        left = QVBoxLayout()
        left.setContentsMargins(0, 0, 0, 0)
        left.addWidget(box)
        left.addWidget(self._busy)
        left.addWidget(self._message)
        left.addStretch()
        side = QWidget()
        side.setLayout(left)
        side.setFixedWidth(LEFT_WIDTH)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(9, 6, 9, 6)
        layout.addWidget(side)
        layout.addWidget(self._findings, 1)

    def _show_draft(self) -> None:
        dataset = self._draft.recipe.dataset
        self._kind.blockSignals(True)
        self._kind.setCurrentIndex(self._kind.findData(dataset.kind))
        self._kind.blockSignals(False)
        if self._path.text() != dataset.path:
            self._path.setText(dataset.path)
        self._form.set_model(dataset)
        folder = dataset.kind != "phantom"
        self._path.setEnabled(folder)
        self._browse.setEnabled(folder)
        if self._result is None or self._result.settings != dataset:
            self._forget()
            self._pause.start()

    def _on_edited(self, *_: object) -> None:
        form = self._form.model()
        assert isinstance(form, DatasetSettings)
        kind = str(self._kind.currentData())
        same_images = (kind, self._path.text()) == (self._draft.recipe.dataset.kind, self._draft.recipe.dataset.path)
        update = {"kind": kind, "path": self._path.text(), "classes": form.classes if same_images else ()}
        self._draft.change(dataset=form.model_copy(update=update))

    def _on_classes_chosen(self, classes: tuple[str, ...]) -> None:
        self._draft.change(dataset=self._draft.recipe.dataset.model_copy(update={"classes": classes}))

    def _on_browse(self) -> None:
        title = "Folder with a folder of images for each class"
        folder = QFileDialog.getExistingDirectory(self, title, self._path.text())
        if folder:
            self._choose_folder(folder)

    def _choose_folder(self, folder: str) -> None:
        self._kind.setCurrentIndex(self._kind.findData("image_folder"))
        self._path.setText(folder)
        self._on_edited()

    def _start_scan(self) -> None:
        self._pause.stop()
        recipe = self._draft.recipe
        if self._result is not None and self._result.settings == recipe.dataset:
            return
        self._forget()
        self._busy.show()
        self._message.say("Looking at the images…", "hint")
        self._scan.request(partial(scan_dataset, recipe.dataset, recipe.seed))

    def _forget(self) -> None:
        self._result = None
        self.scanned.emit(None)
        self.completeChanged.emit()

    def _on_scanned(self, result: ScanResult) -> None:
        self._busy.hide()
        self._message.say("")
        self._result = result
        self._findings.show_result(result)
        self.scanned.emit(result)
        self.completeChanged.emit()

    def _on_failed(self, sentence: str) -> None:
        self._busy.hide()
        self._findings.clear()
        self._message.say(sentence)
        self._message.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
