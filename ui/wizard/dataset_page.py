"""Page 1: where the images come from, and what was found there."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QTimer
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QComboBox, QGroupBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from engine.contract.recipe import DatasetSettings
from engine.datasets.source import DATASETS
from ui.form.parameter_form import ParameterForm
from ui.form.path_field import PathField, dropped_path
from ui.form.tab_order import set_tab_order
from ui.message_bar import MessageBar
from ui.wizard.dataset_findings import DatasetFindings
from ui.wizard.draft_page import DraftPage
from ui.wizard.recipe_draft import RecipeDraft
from ui.wizard.scan_progress import ScanProgress
from workers.dataset_scan import ScanResult, scan_dataset
from workers.latest_call import LatestCall

DRAWN = "phantom"
"""The one source that reads nothing."""
TYPING_PAUSE_MS = 300
LEFT_WIDTH = 370


class DatasetPage(DraftPage):
    """Scans as the user chooses; the next page opens once the images are usable."""

    def __init__(self, draft: RecipeDraft) -> None:
        what_to_do = "Choose the drawn demo images, or a folder with a folder of images for each class."
        super().__init__(draft, "Images", what_to_do)
        self.setAcceptDrops(True)
        self._asked: DatasetSettings | None = None
        """The images that were looked at last, or are now."""
        self._scan = LatestCall("dataset-scan", self)
        self._scan.succeeded.connect(self._on_scanned)
        self._scan.failed.connect(self._on_failed)
        self._pause = QTimer(self, singleShot=True, interval=TYPING_PAUSE_MS)
        self._pause.timeout.connect(self._start_scan)

        self._kind = QComboBox(objectName="dataset.kind", accessibleName="Source")
        for key in DATASETS:
            self._kind.addItem(DATASETS[key].title, key)
        self._summary = QLabel(wordWrap=True)
        self._summary.setProperty("role", "hint")
        self._paths = {
            "path": PathField("dataset.path", "Folder of the images", "Folder; or drop it here"),
            "validation_path": PathField("dataset.validation_path", "Folder of validation images", "none of its own"),
            "test_path": PathField("dataset.test_path", "Folder of test images", "none of its own"),
        }
        self._form = ParameterForm(
            draft.recipe.dataset, ("validation_fraction", "test_fraction", "limit_per_class"), "dataset"
        )
        self._progress = ScanProgress()
        self._message = MessageBar("dataset.message")
        self._findings = DatasetFindings()
        self._lay_out()
        self._kind.currentIndexChanged.connect(self._on_edited)
        for field in self._paths.values():
            field.edited.connect(self._on_edited)
        self._form.changed.connect(self._on_edited)
        self._form.refused.connect(self._on_refused)
        self._findings.classes_chosen.connect(self._on_classes_chosen)
        self._scan.progressed.connect(self._progress.show_progress)
        self._progress.stop_requested.connect(self._on_stop)
        self._progress.again_requested.connect(self._on_again)

    def initializePage(self) -> None:
        # Not at once: the window is painted first.
        self._pause.start()

    def isComplete(self) -> bool:
        return self._draft.scanned is not None and self._form.is_valid

    def shut_down(self) -> None:
        """End the scan and its thread."""
        self._pause.stop()
        self._scan.shut_down()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped_path(event, self._paths["path"]) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        folder = dropped_path(event, self._paths["path"])
        if folder is not None:
            self._kind.setCurrentIndex(self._kind.findData("image_folder"))
            self._paths["path"].choose(str(folder))

    def _lay_out(self) -> None:
        box = QGroupBox("Where from")
        rows = self._form.rows
        rows.insertRow(0, "Source", self._kind)
        rows.insertRow(1, self._summary)
        for place, (title, field) in enumerate(
            zip(("Folder", "Validation folder", "Test folder"), self._paths.values(), strict=True), start=2
        ):
            rows.insertRow(place, title, field)
        QVBoxLayout(box).addWidget(self._form)
        side = QWidget()
        side.setFixedWidth(LEFT_WIDTH)
        left = QVBoxLayout(side)
        left.setContentsMargins(0, 0, 0, 0)
        left.addWidget(box)
        left.addWidget(self._progress)
        left.addWidget(self._message)
        left.addStretch()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(9, 6, 9, 6)
        layout.addWidget(side)
        layout.addWidget(self._findings, 1)
        path_editors = [editor for field in self._paths.values() for editor in field.editors()]
        set_tab_order([self._kind, *path_editors, *self._form.editors()])

    def show_draft(self) -> None:
        dataset = self._draft.recipe.dataset
        self._kind.blockSignals(True)
        self._kind.setCurrentIndex(self._kind.findData(dataset.kind))
        self._kind.blockSignals(False)
        self._summary.setText(DATASETS[dataset.kind].summary if dataset.kind in DATASETS else "")
        for name, field in self._paths.items():
            field.set_path(getattr(dataset, name))
            self._form.rows.setRowVisible(field, dataset.kind != DRAWN)
        self._form.set_model(dataset)
        self.completeChanged.emit()

    def _on_draft_changed(self) -> None:
        super()._on_draft_changed()
        # Also while another page is seen: an undo there can bring other images back.
        if self._draft.recipe.dataset != self._asked:
            self._scan.call_off()
            self._pause.start()

    def _on_edited(self, *_: object) -> None:
        form = self._form.model()
        assert isinstance(form, DatasetSettings)
        update: dict[str, object] = {name: field.path() for name, field in self._paths.items()}
        update["kind"] = str(self._kind.currentData())
        before = self._draft.recipe.dataset
        if any(value != getattr(before, name) for name, value in update.items()):
            update["classes"] = ()
        self._draft.change(dataset=form.model_copy(update=update))

    def _on_classes_chosen(self, classes: tuple[str, ...]) -> None:
        self._draft.change(dataset=self._draft.recipe.dataset.model_copy(update={"classes": classes}))

    def _on_refused(self, sentence: str) -> None:
        self._message.say(sentence)
        self.completeChanged.emit()

    def _start_scan(self) -> None:
        self._pause.stop()
        if self._draft.scanned is not None:
            return
        recipe = self._draft.recipe
        self._asked = recipe.dataset
        self._message.say("")
        self._progress.begin()
        self._scan.request(partial(scan_dataset, recipe.dataset, recipe.seed))

    def _on_stop(self) -> None:
        self._scan.call_off()
        self._progress.end()
        self._message.say("Stopped before all images were listed; look again, or choose others.", "warning")

    def _on_again(self) -> None:
        self._draft.set_scanned(None)
        self._start_scan()

    def _on_scanned(self, result: ScanResult) -> None:
        self._progress.end()
        self._message.say("")
        self._findings.show_result(result)
        self._draft.set_scanned(result)

    def _on_failed(self, sentence: str) -> None:
        self._progress.end()
        self._findings.clear(restricted=bool(self._draft.recipe.dataset.classes))
        self._message.say(sentence)
