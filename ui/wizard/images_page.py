"""Page 2: how each image is made smaller, with a live before and after."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from pydantic import ValidationError
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from engine.chain.estimate import baselines_seconds
from engine.chain.preflight import errors
from engine.contract.recipe import DwtSettings, ImageGrid, ImageSettings
from engine.contract.setting_name import quality_name, size_name, transform_name
from engine.imaging.wavelet import SUBBANDS, discrete_wavelets
from ui.durations import duration_text
from ui.form.parameter_form import ParameterForm
from ui.form.tab_order import set_tab_order
from ui.message_bar import MessageBar
from ui.wizard.compared_values import ComparedValues
from ui.wizard.draft_page import DraftPage
from ui.wizard.image_preview_panel import ImagePreviewPanel
from ui.wizard.plan_view import work_of
from ui.wizard.recipe_draft import RecipeDraft
from ui.wizard.suggested_settings import another_quality, another_size, another_transform
from workers.image_preview import ImagePreview, preview_images
from workers.latest_call import LatestCall

TYPING_PAUSE_MS = 150
LEFT_WIDTH = 340
AXES = {"size": "size", "jpeg_quality": "quality", "dwt": "transform"}
"""What may be compared, and what one value of it is called."""
NAMES: Mapping[str, Callable[[Any], str]] = {
    "size": size_name,
    "jpeg_quality": quality_name,
    "dwt": transform_name,
}
ANOTHER: Mapping[str, Callable[[Any], Any]] = {
    "size": another_size,
    "jpeg_quality": another_quality,
    "dwt": another_transform,
}


class ImagesPage(DraftPage):
    """Size, colour, filter, scale, JPEG quality and wavelet transform; of the first and the last two also several.

    The editors show one setting: the chosen size, quality and transform. The preview is of that one.
    """

    def __init__(self, draft: RecipeDraft) -> None:
        what_to_do = "Choose how small the images become; the right side shows what the network will see."
        super().__init__(draft, "Image compression", what_to_do)
        self._usable = True
        self._preview = LatestCall("image-preview", self)
        self._preview.succeeded.connect(self._on_previewed)
        self._preview.failed.connect(self._on_refused)
        self._pause = QTimer(self, singleShot=True, interval=TYPING_PAUSE_MS)
        self._pause.timeout.connect(self._request_preview)
        self._places = dict.fromkeys(AXES, 0)
        """Of the values that the editors show."""
        self._compared = {axis: ComparedValues(f"images.{axis}", what) for axis, what in AXES.items()}
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
        self._cost = QLabel(objectName="images.cost", wordWrap=True)
        self._cost.setProperty("role", "hint")
        dwt = shown.dwt or DwtSettings()
        self._threshold = ParameterForm(dwt, ("threshold", "threshold_mode"), "images.dwt")
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
        rows = self._form.rows
        rows.insertRow(0, self._compared["size"])
        rows.insertRow(1, "Height × width", sides)
        rows.insertRow(rows.rowCount() - 1, self._compared["jpeg_quality"])
        first = QGroupBox("Size and colour")
        QVBoxLayout(first).addWidget(self._form)
        bands = QHBoxLayout()
        for box in self._bands.values():
            bands.addWidget(box)
        transform = QFormLayout(self._dwt)
        transform.addRow("Wavelet", self._wavelet)
        transform.addRow("Level", self._level)
        transform.addRow("Fed subbands", bands)
        transform.addRow(self._threshold)
        side = QWidget()
        side.setFixedWidth(LEFT_WIDTH)
        left = QVBoxLayout(side)
        left.setContentsMargins(0, 0, 0, 0)
        left.addWidget(first)
        left.addWidget(self._compared["dwt"])
        left.addWidget(self._dwt)
        left.addWidget(self._cost)
        left.addWidget(self._message)
        left.addStretch()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(9, 6, 9, 6)
        layout.addWidget(side)
        layout.addWidget(self._panel, 1)
        bands_and_threshold = (*self._bands.values(), *self._threshold.editors())
        transform_editors = (self._dwt, self._wavelet, self._level, *bands_and_threshold)
        *shared, quality = self._form.editors()
        of_size, of_quality, of_dwt = (one.editors() for one in self._compared.values())
        sides_and_shared = (self._height, self._width, *shared)
        set_tab_order([*of_size, *sides_and_shared, *of_quality, quality, *of_dwt, *transform_editors])

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
        self._threshold.changed.connect(self._on_edited)
        self._threshold.refused.connect(self._on_threshold_refused)
        for axis, compared in self._compared.items():
            compared.chosen.connect(partial(self._on_chosen, axis))
            compared.added.connect(partial(self._on_added, axis))
            compared.removed.connect(partial(self._on_removed, axis))

    def _shown(self) -> ImageSettings:
        """The setting that the editors show."""
        grid = self._draft.recipe.images
        # The draft may have fewer values than when they were shown last: a change is undone on another page.
        chosen = {axis: values[min(self._places[axis], len(values) - 1)] for axis, values in grid.axes.items()}
        return grid.first.model_copy(update=chosen)

    def show_draft(self) -> None:
        grid = self._draft.recipe.images
        for axis, values in grid.axes.items():
            self._places[axis] = min(self._places[axis], len(values) - 1)
            self._compared[axis].show_values([NAMES[axis](value) for value in values], self._places[axis])
        self._show_setting(self._shown())
        self._show_cost()
        self._pause.start()

    def _show_cost(self) -> None:
        """How many baselines there are to train, and about how long that takes, where it is more than one."""
        recipe, scanned = self._draft.recipe, self._draft.scanned
        count = len(recipe.images.settings)
        text = f"{count} image settings: {count} baselines are trained"
        if scanned is not None and not errors(self._draft.findings):
            text += f", which takes about {duration_text(baselines_seconds(recipe, work_of(scanned)))}"
        self._cost.setText(f"{text}; every chain starts from each.")
        self._cost.setVisible(count > 1)

    def _show_setting(self, images: ImageSettings) -> None:
        editors = [self._height, self._width, self._dwt, self._wavelet, self._level, *self._bands.values()]
        for editor in editors:
            editor.blockSignals(True)
        height, width = images.height_width
        self._height.setValue(height)
        self._width.setValue(width)
        self._form.set_model(images)
        self._dwt.setChecked(images.dwt is not None)
        for child in (self._wavelet, self._level, self._threshold, *self._bands.values()):
            child.setEnabled(images.dwt is not None)
        dwt = images.dwt or DwtSettings()
        if self._wavelet.currentText() != dwt.wavelet:
            self._wavelet.setCurrentText(dwt.wavelet)
        self._level.setValue(dwt.level)
        self._threshold.set_model(dwt)
        for name, box in self._bands.items():
            box.setChecked(name in dwt.subbands)
        for editor in editors:
            editor.blockSignals(False)

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
            chosen = {"wavelet": self._wavelet.currentText(), "level": self._level.value(), "subbands": fed}
            dwt = DwtSettings.model_validate(self._threshold.model().model_dump() | chosen)
        size = height if height == width else (height, width)
        axes = {axis: list(values) for axis, values in self._draft.recipe.images.axes.items()}
        for axis, value in (("size", size), ("jpeg_quality", form.jpeg_quality), ("dwt", dwt)):
            axes[axis][self._places[axis]] = value
        self._compare(form, axes)

    def _compare(self, shared: ImageSettings, axes: Mapping[str, Sequence[Any]]) -> bool:
        """Take these values into the draft; says why not where they are no grid."""
        try:
            images = ImageGrid.of(shared, axes["size"], axes["jpeg_quality"], axes["dwt"])
        except ValidationError as error:
            sentence = str(error.errors(include_url=False)[0]["msg"]).removeprefix("Value error, ")
            self._on_refused(f"{sentence[:1].upper()}{sentence[1:]}.")
            return False
        self._draft.change(images=images)
        # Also where nothing changed: what was refused a moment ago may be as it was before.
        self._pause.start()
        return True

    def _on_chosen(self, axis: str, place: int) -> None:
        self._places[axis] = place
        self.show_draft()

    def _on_added(self, axis: str) -> None:
        axes = dict(self._draft.recipe.images.axes)
        axes[axis] = (*axes[axis], ANOTHER[axis](axes[axis]))
        before, self._places[axis] = self._places[axis], len(axes[axis]) - 1
        if not self._compare(self._draft.recipe.images.first, axes):
            self._places[axis] = before

    def _on_removed(self, axis: str) -> None:
        axes, place = dict(self._draft.recipe.images.axes), self._places[axis]
        axes[axis] = (*axes[axis][:place], *axes[axis][place + 1 :])
        self._compare(self._draft.recipe.images.first, axes)

    def _request_preview(self) -> None:
        self._pause.stop()
        if self._draft.scanned is not None:
            samples = self._draft.scanned.samples
            self._preview.request(partial(preview_images, self._shown(), samples))

    def _on_previewed(self, preview: ImagePreview) -> None:
        self._panel.show_preview(preview)
        self._message.say("")
        self._set_usable(True)

    def _on_refused(self, sentence: str) -> None:
        self._message.say(sentence)
        self._set_usable(False)

    def _on_threshold_refused(self, sentence: str) -> None:
        if sentence:
            self._on_refused(sentence)

    def _set_usable(self, usable: bool) -> None:
        if usable != self._usable:
            self._usable = usable
            self.completeChanged.emit()


def _pixels(name: str, value: int) -> QSpinBox:
    spin = QSpinBox(objectName=name, minimum=8, maximum=1024, value=value, suffix=" px")
    spin.setKeyboardTracking(False)
    spin.setAccessibleName(name.removeprefix("images.") + " in pixels")
    return spin
