"""Page 2: how each image is made smaller, with a live before and after."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from pydantic import ValidationError
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QGroupBox, QHBoxLayout, QLabel, QSpinBox, QVBoxLayout, QWidget

from engine.chain.estimate import baselines_seconds
from engine.chain.preflight import errors
from engine.contract.image_settings import ImageGrid, ImageSettings
from engine.contract.setting_name import quality_name, size_name, transform_name
from engine.language.speech import mark, tr
from ui.durations import duration_text
from ui.form.calm_fields import CalmSpinBox
from ui.form.parameter_form import ParameterForm
from ui.form.tab_order import set_tab_order
from ui.message_bar import MessageBar
from ui.side_by_side import SideBySide
from ui.wizard.draft_page import DraftPage, not_kept
from ui.wizard.images.compared_values import ComparedValues
from ui.wizard.images.image_preview_panel import ImagePreviewPanel
from ui.wizard.images.settings_from_images import advice
from ui.wizard.images.suggested_settings import another_quality, another_size, another_transform
from ui.wizard.images.transform_editor import TransformEditor
from ui.wizard.plan_view import work_of
from ui.wizard.recipe_draft import RecipeDraft
from workers.dataset_scan import DecodedSample, ScanResult
from workers.image_preview import ImagePreview, preview_images
from workers.latest_call import LatestCall

TYPING_PAUSE_MS = 150
LEFT_WIDTH = 340


@dataclass(frozen=True)
class Axis:
    """A key of the image settings that may have several values."""

    what: str
    """One value of it, as in "compare another size"."""
    name: Callable[[Any], str]
    """What a value is called."""
    another: Callable[[Any], Any]
    """Proposes a value beside those that there are."""


AXES: Mapping[str, Axis] = {
    "size": Axis(mark("size"), size_name, another_size),
    "jpeg_quality": Axis(mark("quality"), quality_name, another_quality),
    "dwt": Axis(mark("transform"), transform_name, another_transform),
}
SIDES = {"images.height": mark("Height in pixels"), "images.width": mark("Width in pixels")}


class ImagesPage(DraftPage):
    """Size, colour, filter, scale, JPEG quality and wavelet transform; of the first and the last two also several.

    The editors show one setting: the chosen size, quality and transform. The preview is of that one.
    """

    guide = "data.md"

    def __init__(self, draft: RecipeDraft) -> None:
        what_to_do = tr("Choose how small the images become; the right side shows what the network will see.")
        super().__init__(draft, what_to_do)
        self._fault = ""
        """Why the images cannot be made so, as the draft has it."""
        self._clash = ""
        """Why the shown values are no setting beside the compared ones; the draft has not those that clash."""
        self._lost = ""
        """Says which text was not kept, until something else is changed."""
        self._preview = LatestCall("image-preview", self)
        self._preview.succeeded.connect(self._on_previewed)
        self._preview.failed.connect(self._say_fault)
        self._pause = QTimer(self, singleShot=True, interval=TYPING_PAUSE_MS)
        self._pause.timeout.connect(self._request_preview)
        self._places = dict.fromkeys(AXES, 0)
        """Of the values that the editors show."""
        self._compared = {key: ComparedValues(f"images.{key}", tr(axis.what)) for key, axis in AXES.items()}
        shown = draft.recipe.images.first
        self._sides = height, width = shown.height_width
        """When they were shown last."""
        self._height = _pixels("images.height", height)
        self._width = _pixels("images.width", width)
        self._form = ParameterForm(shown, ("color", "resample", "scale", "value_range", "jpeg_quality"), "images")
        self._dwt = TransformEditor(shown.dwt, "images.dwt")
        self._advice = MessageBar("images.advice")
        self._cost = QLabel(objectName="images.cost", wordWrap=True)
        self._cost.setProperty("role", "hint")
        self._message = MessageBar("images.message")
        self._panel = ImagePreviewPanel()
        self._lay_out()
        self._connect_editors()

    def waits_for(self) -> str:
        return tr("These settings cannot be used; the message says why.") if self.refusal or self._fault else ""

    @property
    def refusal(self) -> str:
        return " ".join(filter(None, (self._form.refusal, self._dwt.refusal, self._clash)))

    def discard_refused(self) -> None:
        self._fault = self._clash = self._lost = ""
        self._form.discard_refused()
        self._dwt.discard_refused()
        self._show_sides(self._shown())
        self.show_draft()
        self._show_usable()

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
        rows.insertRow(1, tr("Height × width"), sides)
        rows.insertRow(rows.rowCount() - 1, self._compared["jpeg_quality"])
        first = QGroupBox(tr("Size and colour"))
        QVBoxLayout(first).addWidget(self._form)
        side = QWidget()
        left = QVBoxLayout(side)
        left.setContentsMargins(0, 0, 0, 0)
        left.addWidget(first)
        left.addWidget(self._compared["dwt"])
        left.addWidget(self._dwt)
        left.addWidget(self._advice)
        left.addWidget(self._cost)
        left.addWidget(self._message)
        left.addStretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(9, 6, 9, 6)
        layout.addWidget(SideBySide(side, self._panel, LEFT_WIDTH))
        *shared, quality = self._form.editors()
        of_size, of_quality, of_dwt = (one.editors() for one in self._compared.values())
        sides_and_shared = (self._height, self._width, *shared)
        set_tab_order([*of_size, *sides_and_shared, *of_quality, quality, *of_dwt, *self._dwt.editors()])

    def _connect_editors(self) -> None:
        self._form.changed.connect(self._on_edited)
        self._form.refused.connect(self._show_usable)
        for spin in (self._height, self._width):
            spin.valueChanged.connect(self._on_edited)
        self._panel.image_chosen.connect(self._pause.start)
        self._dwt.changed.connect(self._on_edited)
        self._dwt.refused.connect(self._show_usable)
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
            self._compared[axis].show_values([AXES[axis].name(value) for value in values], self._places[axis])
        self._show_setting(self._shown())
        self._show_cost()
        scanned = self._draft.scanned
        if scanned:
            self._panel.offer_images({name: len(scanned.images_of(name)) for name in scanned.classes})
        self._advice.say(advice(self._shown(), scanned.samples) if scanned and scanned.samples else "", "warning")
        self._pause.start()

    def _show_cost(self) -> None:
        """How many baselines there are to train, and about how long that takes, where it is more than one."""
        recipe, scanned = self._draft.recipe, self._draft.scanned
        count = len(recipe.images.settings)
        text = tr("{count} image settings: {count} baselines are trained", count=count)
        if scanned is not None and not errors(self._draft.findings):
            text += tr(
                ", which takes about {duration_text}",
                duration_text=duration_text(baselines_seconds(recipe, work_of(scanned))),
            )
        self._cost.setText(tr("{text}; every chain starts from each.", text=text))
        self._cost.setVisible(count > 1)

    def _show_setting(self, images: ImageSettings) -> None:
        if not self._clash or images.height_width != self._sides:
            self._show_sides(images)
        self._form.set_model(images)
        self._dwt.show_transform(images.dwt)

    def _show_sides(self, images: ImageSettings) -> None:
        self._sides = images.height_width
        for spin, side in zip((self._height, self._width), self._sides, strict=True):
            spin.blockSignals(True)
            spin.setValue(side)
            spin.blockSignals(False)

    def _on_edited(self, *_: object) -> None:
        form = self._form.model()
        assert isinstance(form, ImageSettings)
        height, width = self._height.value(), self._width.value()
        size = height if height == width else (height, width)
        taken: dict[str, Sequence[Any]] = dict(self._draft.recipe.images.axes)
        clashes = []
        for axis, value in (("size", size), ("jpeg_quality", form.jpeg_quality), ("dwt", self._dwt.transform())):
            values = list(taken[axis])
            values[self._places[axis]] = value
            # One after the other: a value that is there already keeps no other from the draft.
            if clash := _clash(form, taken | {axis: values}):
                clashes.append(clash)
            else:
                taken[axis] = values
        self._clash, self._lost = " ".join(clashes), ""
        self._take(form, taken)

    def _take(self, shared: ImageSettings, axes: Mapping[str, Sequence[Any]]) -> None:
        """Take a grid into the draft."""
        self._draft.change(images=ImageGrid.of(shared, axes["size"], axes["jpeg_quality"], axes["dwt"]))
        # Also where nothing changed: what was refused a moment ago may be as it was before.
        self._pause.start()
        self._show_usable()

    def _give_up_refused(self) -> None:
        """Another value is to be shown in the same editors: what they cannot give to the draft is gone."""
        lost = not_kept(self.refusal)
        if lost:
            self.discard_refused()
        self._lost = lost

    def _on_chosen(self, axis: str, place: int) -> None:
        self._give_up_refused()
        self._places[axis] = place
        self.show_draft()
        self._show_usable()

    def _on_added(self, axis: str) -> None:
        self._give_up_refused()
        axes = dict(self._draft.recipe.images.axes)
        axes[axis] = (*axes[axis], AXES[axis].another(axes[axis]))
        shared = self._draft.recipe.images.first
        if clash := _clash(shared, axes):
            self._lost = clash
            self._show_usable()
        else:
            self._places[axis] = len(axes[axis]) - 1
            self._take(shared, axes)

    def _on_removed(self, axis: str) -> None:
        self._give_up_refused()
        axes, place = dict(self._draft.recipe.images.axes), self._places[axis]
        axes[axis] = (*axes[axis][:place], *axes[axis][place + 1 :])
        self._take(self._draft.recipe.images.first, axes)

    def _request_preview(self) -> None:
        self._pause.stop()
        if self._draft.scanned is not None:
            scanned, chosen = self._draft.scanned, self._panel.chosen()
            read = partial(_read, scanned, *chosen) if chosen else None
            self._preview.request(partial(preview_images, self._shown(), scanned.samples, chosen=read))

    def _on_previewed(self, preview: ImagePreview) -> None:
        self._panel.show_preview(preview)
        self._say_fault("")

    def _say_fault(self, sentence: str) -> None:
        self._fault = sentence
        self._show_usable()

    def _show_usable(self, *_: object) -> None:
        wrong = " ".join(filter(None, (self.refusal, self._fault)))
        self._message.say(wrong or self._lost, "error" if wrong else "warning")
        # What it shows else is of earlier settings.
        self._panel.setEnabled(not wrong)
        self.say_whether_complete()


def _clash(shared: ImageSettings, axes: Mapping[str, Sequence[Any]]) -> str:
    """Why these values are no grid, as a sentence; empty where they are."""
    try:
        ImageGrid.of(shared, axes["size"], axes["jpeg_quality"], axes["dwt"])
    except ValidationError as error:
        sentence = str(error.errors(include_url=False)[0]["msg"]).removeprefix("Value error, ")
        return f"{sentence[:1].upper()}{sentence[1:]}."
    return ""


def _read(scanned: ScanResult, class_name: str, number: int) -> DecodedSample:
    return scanned.decoded(scanned.images_of(class_name)[number])


def _pixels(name: str, value: int) -> QSpinBox:
    spin = CalmSpinBox(objectName=name, minimum=8, maximum=1024, value=value, suffix=" px")
    spin.setKeyboardTracking(False)
    spin.setAccessibleName(tr(SIDES[name]))
    return spin
