"""Page 2: how each image is made smaller, with a live before and after."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from engine.contract.recipe import DwtSettings, ImageGrid, ImageSettings
from engine.imaging.wavelet import SUBBANDS, discrete_wavelets
from ui.form.parameter_form import ParameterForm
from ui.form.tab_order import set_tab_order
from ui.message_bar import MessageBar
from ui.wizard.draft_page import DraftPage
from ui.wizard.image_preview_panel import ImagePreviewPanel
from ui.wizard.recipe_draft import RecipeDraft
from workers.image_preview import ImagePreview, preview_images
from workers.latest_call import LatestCall

TYPING_PAUSE_MS = 150
LEFT_WIDTH = 340


class ImagesPage(DraftPage):
    """Size, colour, filter, scale, JPEG quality and wavelet transform."""

    def __init__(self, draft: RecipeDraft) -> None:
        what_to_do = "Choose how small the images become; the right side shows what the network will see."
        super().__init__(draft, "Image compression", what_to_do)
        self._usable = True
        self._preview = LatestCall("image-preview", self)
        self._preview.succeeded.connect(self._on_previewed)
        self._preview.failed.connect(self._on_refused)
        self._pause = QTimer(self, singleShot=True, interval=TYPING_PAUSE_MS)
        self._pause.timeout.connect(self._request_preview)
        shown = draft.recipe.images.first
        height, width = shown.height_width
        self._height = _pixels("images.height", height)
        self._width = _pixels("images.width", width)
        self._form = ParameterForm(shown, ("color", "resample", "scale", "jpeg_quality"), "images")
        self._dwt = QGroupBox("Wavelet transform (DWT)", objectName="images.dwt", checkable=True)
        self._wavelet = QComboBox(objectName="images.dwt.wavelet", editable=True)
        self._wavelet_line = QLineEdit()
        self._wavelet.setLineEdit(self._wavelet_line)
        self._wavelet.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self._wavelet.addItems(discrete_wavelets())
        self._wavelet.setAccessibleName("Wavelet")
        self._wavelet.setToolTip("Any discrete wavelet of PyWavelets; type its name, or choose it.")
        self._level = QSpinBox(objectName="images.dwt.level", minimum=1, maximum=4, accessibleName="Level")
        self._level.setToolTip("How many times the approximation is split again; each halves the sides.")
        self._bands = {name: QCheckBox(name, objectName=f"images.dwt.{name}") for name in SUBBANDS}
        self._message = MessageBar("images.message")
        self._panel = ImagePreviewPanel()
        self._lay_out()
        self._connect_editors()

    def isComplete(self) -> bool:
        return self._usable

    def shut_down(self) -> None:
        """End the preview and its thread."""
        self._pause.stop()
        self._preview.shut_down()

    def _lay_out(self) -> None:
        sides = QHBoxLayout()
        sides.addWidget(self._height)
        sides.addWidget(self._width)
        self._form.rows.insertRow(0, "Height × width", sides)
        first = QGroupBox("Size and colour")
        QVBoxLayout(first).addWidget(self._form)
        bands = QHBoxLayout()
        for box in self._bands.values():
            bands.addWidget(box)
        transform = QFormLayout(self._dwt)
        transform.addRow("Wavelet", self._wavelet)
        transform.addRow("Level", self._level)
        transform.addRow("Fed subbands", bands)
        side = QWidget()
        side.setFixedWidth(LEFT_WIDTH)
        left = QVBoxLayout(side)
        left.setContentsMargins(0, 0, 0, 0)
        left.addWidget(first)
        left.addWidget(self._dwt)
        left.addWidget(self._message)
        left.addStretch()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(9, 6, 9, 6)
        layout.addWidget(side)
        layout.addWidget(self._panel, 1)
        transform_editors = (self._dwt, self._wavelet, self._level, *self._bands.values())
        set_tab_order([self._height, self._width, *self._form.editors(), *transform_editors])

    def _connect_editors(self) -> None:
        self._form.changed.connect(self._on_edited)
        for spin in (self._height, self._width, self._level):
            spin.valueChanged.connect(self._on_edited)
        self._dwt.toggled.connect(self._on_edited)
        # Not at every letter: half a name is no wavelet.
        self._wavelet.activated.connect(self._on_edited)
        self._wavelet_line.editingFinished.connect(self._on_edited)
        for box in self._bands.values():
            box.toggled.connect(self._on_edited)

    def show_draft(self) -> None:
        images = self._draft.recipe.images.first
        editors = [self._height, self._width, self._dwt, self._wavelet, self._level, *self._bands.values()]
        for editor in editors:
            editor.blockSignals(True)
        height, width = images.height_width
        self._height.setValue(height)
        self._width.setValue(width)
        self._form.set_model(images)
        self._dwt.setChecked(images.dwt is not None)
        for child in (self._wavelet, self._level, *self._bands.values()):
            child.setEnabled(images.dwt is not None)
        dwt = images.dwt or DwtSettings()
        if self._wavelet.currentText() != dwt.wavelet:
            self._wavelet.setCurrentText(dwt.wavelet)
        self._level.setValue(dwt.level)
        for name, box in self._bands.items():
            box.setChecked(name in dwt.subbands)
        for editor in editors:
            editor.blockSignals(False)
        self._pause.start()

    def _on_edited(self, *_: object) -> None:
        form = self._form.model()
        assert isinstance(form, ImageSettings)
        height, width = self._height.value(), self._width.value()
        dwt = None
        if self._dwt.isChecked():
            fed = tuple(name for name, box in self._bands.items() if box.isChecked())
            if not fed:
                self._on_refused("Tick at least one subband to feed, or switch the wavelet transform off.")
                return
            dwt = DwtSettings(wavelet=self._wavelet.currentText(), level=self._level.value(), subbands=fed)
        size = height if height == width else (height, width)
        grid = self._draft.recipe.images
        self._draft.change(
            images=ImageGrid.of(
                form,
                (size, *grid.sizes[1:]),
                (form.jpeg_quality, *grid.jpeg_qualities[1:]),
                (dwt, *grid.transforms[1:]),
            )
        )
        # Also where nothing changed: what was refused a moment ago may be as it was before.
        self._pause.start()

    def _request_preview(self) -> None:
        self._pause.stop()
        if self._draft.scanned is not None:
            samples = self._draft.scanned.samples
            self._preview.request(partial(preview_images, self._draft.recipe.images.first, samples))

    def _on_previewed(self, preview: ImagePreview) -> None:
        self._panel.show_preview(preview)
        self._message.say("")
        self._set_usable(True)

    def _on_refused(self, sentence: str) -> None:
        self._message.say(sentence)
        self._set_usable(False)

    def _set_usable(self, usable: bool) -> None:
        if usable != self._usable:
            self._usable = usable
            self.completeChanged.emit()


def _pixels(name: str, value: int) -> QSpinBox:
    spin = QSpinBox(objectName=name, minimum=8, maximum=1024, value=value, suffix=" px")
    spin.setKeyboardTracking(False)
    spin.setAccessibleName(name.removeprefix("images.") + " in pixels")
    return spin
