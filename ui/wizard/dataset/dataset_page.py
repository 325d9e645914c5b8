"""Page 1: where the images come from, and what was found there."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QGroupBox, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from engine.contract.dataset_settings import DatasetSettings
from engine.contract.errors import EmptyClass, NutshellError
from engine.datasets.source import DATASETS, Split
from engine.language.speech import tr
from engine.store.locations import Locations
from ui.form.path_field import dropped_paths
from ui.form.tab_order import set_tab_order
from ui.message_bar import MessageBar
from ui.scan_progress import ScanProgress
from ui.side_by_side import SideBySide
from ui.wizard.dataset.class_folders_dialog import ClassFoldersDialog
from ui.wizard.dataset.class_mapping import Patterns
from ui.wizard.dataset.dataset_form import DatasetForm
from ui.wizard.dataset.dataset_overview import FEWEST_CLASSES, DatasetOverview
from ui.wizard.draft_page import DraftPage, not_kept
from ui.wizard.images.settings_from_images import fitted_settings
from ui.wizard.recipe_draft import RecipeDraft
from workers.dataset_scan import ScanResult, scan_dataset
from workers.image_examination import ImageExaminer
from workers.latest_call import LatestCall

if TYPE_CHECKING:
    from engine.datasets.examination import Examination

EXAMINED_AT_ONCE = 5_000
"""Of more images, every one is looked at only when the user wishes it: that takes minutes."""
TYPING_PAUSE_MS = 300
LEFT_WIDTH = 370


class DatasetPage(DraftPage):
    """Scans as the user chooses; the next page opens once the images are usable."""

    guide = "data.md"

    def __init__(self, draft: RecipeDraft, runs_directory: Path) -> None:
        what_to_do = tr("Choose your images (folders, an archive or a published dataset), or the drawn demo images.")
        super().__init__(draft, what_to_do)
        self.setAcceptDrops(True)
        self._runs_directory = runs_directory
        self._asked: DatasetSettings | None = None
        """The images that were looked at last, or are now."""
        self._scan = LatestCall("dataset-scan", self)
        self._scan.succeeded.connect(self._on_scanned)
        self._scan.failed.connect(self._on_failed)
        self._scan.refused.connect(self._on_scan_refused)
        self._examiner = ImageExaminer()
        self._examination = LatestCall("image-examination", self)
        self._examination.succeeded.connect(self._on_examined)
        self._examination.failed.connect(self._on_examination_failed)
        self._pause = QTimer(self, singleShot=True, interval=TYPING_PAUSE_MS)
        self._pause.timeout.connect(self._start_scan)

        # A tool button is as high as the lines above and below it.
        self._class_folders = QToolButton(objectName="dataset.class_folders")
        self._class_folders.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._class_folders.setAccessibleName(tr("Which folders are which class"))
        self._class_folders.setToolTip(tr("For nested folders: assign any folder to a class."))
        self._form = DatasetForm(draft.recipe.dataset, "dataset")
        self._progress = ScanProgress(
            "dataset", tr("Re&scan"), tr("Read the folder again, after files were added, removed or replaced.")
        )
        self._message = MessageBar("dataset.message")
        self._failure = ""
        """Why the images are not listed; empty where they are, or may be soon."""
        self._lost = ""
        """Says which text was not kept, until something else is changed."""
        self._leave_out = QPushButton(objectName="dataset.leave_out")
        self._leave_out.hide()
        self._is_cleared = False
        """Whether nothing of the images is shown, as they could not be listed."""
        self._left_classes: tuple[str, ...] = ()
        """Those that stay when that button is pressed."""
        self._findings = DatasetOverview()
        self._lay_out()
        self._class_folders.clicked.connect(self._on_draw_classes)
        self._form.edited.connect(self._on_edited)
        self._form.refused.connect(self._on_refused)
        self._form.lost.connect(self._on_lost)
        self._findings.classes_chosen.connect(self._on_classes_chosen)
        self._findings.refused.connect(lambda sentence: self._message.say(sentence, "warning"))
        self._leave_out.clicked.connect(lambda: self._on_classes_chosen(self._left_classes))
        self._scan.progressed.connect(self._progress.show_progress)
        self._progress.stop_requested.connect(self._on_stop)
        self._progress.again_requested.connect(self._on_again)
        check = self._findings.check
        self._examination.progressed.connect(check.progress.show_progress)
        check.progress.stop_requested.connect(self._stop_examination)
        check.progress.again_requested.connect(self._start_examination)
        check.repair_chosen.connect(draft.mend)

    def enter(self) -> None:
        super().enter()
        # Not at once: the window is painted first.
        self._pause.start()

    @property
    def refusal(self) -> str:
        return self._form.refusal

    def discard_refused(self) -> None:
        self._form.discard_refused()

    def waits_for(self) -> str:
        if self._form.refusal:
            return tr("A setting on the left is not valid yet.")
        if self._draft.scanned is not None:
            return ""
        if self._progress.is_busy or self._pause.isActive():
            return tr("Listing the images…")
        return self._failure or tr("Choose the images first.")

    def shut_down(self) -> None:
        """End the scan and its thread."""
        self._pause.stop()
        self._scan.shut_down()
        self._examination.shut_down()
        self._findings.check.shut_down()
        for dialog in self.findChildren(ClassFoldersDialog):
            dialog.reject()

    def set_runs_directory(self, path: Path) -> None:
        """Where archives are unpacked from now on."""
        self._runs_directory = path

    @property
    def _cache(self) -> Path:
        return Locations(self._runs_directory).image_cache

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self._dropped(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        if dropped := self._dropped(event):
            self._form.choose(*dropped)

    def _dropped(self, event: QDropEvent) -> tuple[str, Path] | None:
        """The first path of a drag that is some source's, with that source's key."""
        return next(
            (
                (key, path)
                for path in dropped_paths(event)
                for key in sorted(DATASETS, key=lambda key: DATASETS[key].takes_any_folder)
                if DATASETS[key].recognises(path)
            ),
            None,
        )

    def _lay_out(self) -> None:
        box = QGroupBox(tr("Images"))
        self._form.add_row(tr("Classes"), self._class_folders)
        QVBoxLayout(box).addWidget(self._form)
        side = QWidget()
        left = QVBoxLayout(side)
        left.setContentsMargins(0, 0, 0, 0)
        left.addWidget(box)
        left.addWidget(self._progress)
        left.addWidget(self._message)
        left.addWidget(self._leave_out, alignment=Qt.AlignmentFlag.AlignLeft)
        left.addStretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(9, 6, 9, 6)
        layout.addWidget(SideBySide(side, self._findings, LEFT_WIDTH))
        self._set_tab_order()

    def _set_tab_order(self) -> None:
        set_tab_order([*self._form.source_editors(), self._class_folders, *self._form.setting_editors()])

    def show_draft(self) -> None:
        dataset = self._draft.recipe.dataset
        self._form.show_dataset(dataset)
        self._set_tab_order()
        self._show_classes(dataset)
        if self._is_cleared and (scanned := self._draft.scanned) is not None:
            # Undo or redo has brought back images that were listed before.
            self._say_refusal()
            self._leave_out.hide()
            self._show_scanned(scanned)
        self._findings.show_examination(self._draft.examined, self._draft.recipe.images.first)
        self.say_whether_complete()

    def _show_classes(self, dataset: DatasetSettings) -> None:
        drawn = dataset.class_folders
        self._class_folders.setText(
            tr("{count} assigned folders. Change…", count=len(drawn)) if drawn else tr("One class per folder. Change…")
        )
        self._class_folders.setEnabled(bool(dataset.path))
        if dataset.kind in DATASETS:
            keys = DATASETS[dataset.kind].special_keys()
            self._form.rows.setRowVisible(self._class_folders, "class_folders" in keys)

    def _on_draft_changed(self) -> None:
        super()._on_draft_changed()
        # Also while another page is seen: an undo there can bring other images back.
        if self._draft.recipe.dataset != self._asked:
            self._scan.call_off()
            self._stop_examination()
            self._pause.start()

    def _on_edited(self, dataset: DatasetSettings) -> None:
        self._lost = ""
        self._draft.change(dataset=dataset)

    def _on_classes_chosen(self, classes: tuple[str, ...]) -> None:
        self._draft.change(dataset=self._draft.recipe.dataset.model_copy(update={"classes": classes}))

    def _on_draw_classes(self) -> None:
        dialog = ClassFoldersDialog(self._draft.recipe.dataset, self._cache, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.mapping_chosen.connect(self._on_classes_drawn)
        dialog.open()

    def _on_classes_drawn(self, patterns: Patterns) -> None:
        dataset = self._draft.recipe.dataset
        if patterns != dataset.class_folders:
            update = {"class_folders": dict(patterns), "classes": ()}
            self._draft.change(dataset=dataset.model_copy(update=update))

    def _on_refused(self, sentence: str) -> None:
        self._message.say(sentence)
        self.say_whether_complete()

    def _on_lost(self, refusal: str) -> None:
        self._lost = not_kept(refusal)
        self._say_refusal()

    def _say_refusal(self) -> None:
        """What is wrong with the settings, not with the images."""
        refusal = self._form.refusal
        self._message.say(refusal or self._lost, "error" if refusal else "warning")

    def _start_scan(self) -> None:
        self._pause.stop()
        if self._draft.scanned is not None:
            return
        recipe = self._draft.recipe
        self._asked, self._failure = recipe.dataset, ""
        self._say_refusal()
        self._leave_out.hide()
        self._progress.begin()
        self._scan.request(partial(scan_dataset, recipe.dataset, recipe.seed, self._cache))

    def _on_stop(self) -> None:
        self._scan.call_off()
        self._progress.end()
        self._failure = tr("Stopped before all images were listed. Rescan, or choose others.")
        self._message.say(self._failure, "warning")
        self.say_whether_complete()

    def _on_again(self) -> None:
        self._draft.set_scanned(None)
        self._draft.set_examined(None)
        self._start_scan()

    def _on_scanned(self, result: ScanResult) -> None:
        self._progress.end()
        self._say_refusal()
        self._show_scanned(result)
        self._draft.set_scanned(result)
        if result.samples and DATASETS[result.settings.kind].path_need:
            self._draft.fit_images(fitted_settings(result.samples))
        count = sum(map(result.images, Split))
        if DATASETS[result.settings.kind].path_need and count <= EXAMINED_AT_ONCE:
            self._start_examination()

    def _show_scanned(self, result: ScanResult) -> None:
        self._is_cleared = False
        self._findings.show_result(result)
        self._findings.check.set_scanned(result)

    def _start_examination(self) -> None:
        recipe = self._draft.recipe
        self._findings.check.progress.begin()
        self._examination.request(partial(self._examiner.examine, recipe.dataset, recipe.seed, self._cache))

    def _stop_examination(self) -> None:
        self._examination.call_off()
        self._findings.check.progress.end()

    def _on_examined(self, examination: Examination) -> None:
        self._findings.check.progress.end()
        self._draft.set_examined(examination)

    def _on_examination_failed(self, sentence: str) -> None:
        self._findings.check.progress.end()
        self._message.say(sentence)

    def _on_scan_refused(self, error: NutshellError) -> None:
        """Offer the way out of a class that has too few images, as no table can be shown to untick it in."""
        if isinstance(error, EmptyClass) and len(error.others) >= FEWEST_CLASSES:
            self._left_classes = error.others
            self._leave_out.setText(tr("&Leave {replace} out", replace=error.name.replace("&", "&&")))
            self._leave_out.show()

    def _on_failed(self, sentence: str) -> None:
        self._progress.end()
        self._is_cleared = True
        self._failure = sentence
        self._findings.clear(restricted=bool(self._draft.recipe.dataset.classes))
        self._message.say(sentence)
        self.say_whether_complete()
