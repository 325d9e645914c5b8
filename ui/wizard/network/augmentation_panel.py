"""The augmentations of a training: what is chosen, and what it makes of some images of the study."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QGroupBox, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from engine.chain.preflight import errors
from engine.contract.findings import Finding
from engine.contract.image_settings import ImageSettings
from engine.contract.repairs import Repair
from engine.language.speech import tr
from ui.message_bar import MessageBar
from ui.side_by_side import SideBySide
from ui.wizard.findings_list import UNDONE_BY
from ui.wizard.network.augmentation_choice import AugmentationChoice
from ui.wizard.network.augmented_pictures import SHOWN_SAMPLES, AugmentedPictures
from ui.wizard.recipe_draft import RecipeDraft
from workers.augmentation_preview import AugmentedSample, preview_augmentation
from workers.dataset_scan import ScanResult
from workers.latest_call import LatestCall

TICKING_PAUSE_MS = 80


class AugmentationPanel(QGroupBox):
    """Shows the draft's augmentations and tells of other ones; computes the pictures beside the event loop."""

    changed = Signal(tuple)
    """The user chose these keys."""

    def __init__(self, draft: RecipeDraft, parent: QWidget | None = None) -> None:
        super().__init__(tr("Augmentation: random changes to the training images"), parent)
        self._draft = draft
        self._drawn = 0
        self._shown: tuple[object, ...] = ()
        """What the pictures are of, or will be."""
        self._shown_scan: ScanResult | None = None
        self._choice = AugmentationChoice("training.augment")
        self._pictures = AugmentedPictures("augmented")
        self._message = MessageBar("augmented.message")
        self._preview = LatestCall("augmentation-preview", self)
        self._preview.succeeded.connect(self._on_previewed)
        self._preview.failed.connect(self._pictures.say)
        self._pause = QTimer(self, singleShot=True, interval=TICKING_PAUSE_MS)
        self._pause.timeout.connect(self._request)
        self._repair: Repair | None = None
        self._mend = QPushButton(objectName="augmented.repair", toolTip=tr(UNDONE_BY))
        self._mend.hide()
        self._mend.clicked.connect(self._on_mend)
        offered = QHBoxLayout()
        offered.addWidget(self._mend)
        offered.addStretch()
        # Beside the boxes: above them it would move them under the mouse, below them it would be out of sight.
        beside = QWidget()
        told = QVBoxLayout(beside)
        told.setContentsMargins(0, 0, 0, 0)
        told.addWidget(self._message)
        told.addLayout(offered)
        told.addWidget(self._pictures)
        told.addStretch()
        layout = QVBoxLayout(self)
        layout.addWidget(SideBySide(self._choice, beside))
        self._choice.changed.connect(self.changed)
        self._pictures.drawn_again.connect(self._on_drawn_again)

    def editors(self) -> list[QWidget]:
        """The editors, in their order, for the Tab key."""
        return [self._mend, *self._choice.editors(), *self._pictures.editors()]

    def show_draft(self, findings: Sequence[Finding]) -> None:
        """Show the draft's augmentations, and what is wrong with them: warnings once there is no error."""
        recipe = self._draft.recipe
        self._choice.show_names(recipe.training.augment, recipe.images.first.color != "grayscale")
        wrong = errors(tuple(findings)) or findings
        self._message.say("\n".join(one.message for one in wrong), "error" if errors(tuple(findings)) else "warning")
        self._repair = next((one.repair for one in wrong if one.repair is not None), None)
        self._mend.setText(self._repair.sentence if self._repair else "")
        self._mend.setVisible(self._repair is not None)
        self._pause.start()

    def _on_mend(self) -> None:
        if self._repair is not None:
            self._draft.mend(self._repair)

    def shut_down(self) -> None:
        """End the thread of the preview."""
        self._pause.stop()
        self._preview.shut_down()

    def _on_drawn_again(self) -> None:
        self._drawn += 1
        self._request()

    def _request(self) -> None:
        self._pause.stop()
        scanned, recipe = self._draft.scanned, self._draft.recipe
        if scanned is None or not scanned.samples:
            return
        images: ImageSettings = recipe.images.first
        samples = scanned.samples[:SHOWN_SAMPLES]
        names = recipe.training.augment
        batch_size = min(recipe.training.batch_size, SHOWN_SAMPLES)
        wanted = (names, images, batch_size, self._drawn)
        if wanted != self._shown or scanned is not self._shown_scan:
            self._shown, self._shown_scan = wanted, scanned
            work = partial(preview_augmentation, names, images, samples, scanned.classes, batch_size, self._drawn)
            self._preview.request(work)

    def _on_previewed(self, samples: tuple[AugmentedSample, ...]) -> None:
        self._pictures.show_samples(samples)
