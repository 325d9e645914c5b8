"""Asks how to feed a model that does not say it: its classes, and how an image becomes its input."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from engine.contract.errors import NutshellError
from engine.contract.image_settings import SCALE_NAMES, ImageSettings
from engine.inspection.said_feeding import SaidFeeding, read_feeding
from engine.language.speech import mark, tr, tr_count
from ui.form.calm_fields import CalmComboBox
from ui.message_bar import MessageBar
from ui.screen_fit import open_at
from workers.bench_work import UnsaidModel

SIZE = (460, 400)
RAW = "raw"
SCALES = {
    "unit": SCALE_NAMES["unit"],
    "symmetric": SCALE_NAMES["symmetric"],
    RAW: mark("0 to 255, as stored"),
    "imagenet_bgr": SCALE_NAMES["imagenet_bgr"],
    "imagenet_rgb": SCALE_NAMES["imagenet_rgb"],
    "per_image_max": SCALE_NAMES["per_image_max"],
}
SCALES_OF_COLOURS = {"imagenet_bgr", "imagenet_rgb"}
COLOURS = {1: "grayscale", 3: "rgb"}
COLOUR_NAMES = {"grayscale": mark("grayscale"), "rgb": mark("red, green, blue")}
BY_JSON = mark("only a JSON file can say it")
FILTERS = ("bilinear", "lanczos", "bicubic", "nearest")
LINES_HIGH = 7


class FeedingDialog(QDialog):
    """Takes only what fits the file."""

    said = Signal(str)
    """What was said, as JSON."""

    def __init__(self, model: UnsaidModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("feeding")
        self.setWindowTitle(tr("How is {name} fed?", name=model.path.name))
        open_at(self, *SIZE)
        self._model = model
        height, width, channels = model.input_shape
        what = QLabel(
            tr_count(
                "This file does not say how to feed it. It tells {classes} classes apart and takes images of "
                "{height}×{width} pixels (height × width), {count} channel. Ask whoever trained it: with a wrong "
                "scale or order of classes its answers mean nothing.",
                "This file does not say how to feed it. It tells {classes} classes apart and takes images of "
                "{height}×{width} pixels (height × width), {count} channels. Ask whoever trained it: with a wrong "
                "scale or order of classes its answers mean nothing.",
                channels,
                classes=model.classes,
                height=height,
                width=width,
            ),
            wordWrap=True,
        )
        self._classes = QPlainTextEdit(
            objectName="feeding.classes", accessibleName=tr("Classes, one per line"), tabChangesFocus=True
        )
        self._classes.setPlaceholderText(tr("one per line, in the order of the model's output"))
        self._classes.setPlainText("\n".join(model.labels))
        self._classes.setFixedHeight(LINES_HIGH * self.fontMetrics().lineSpacing())
        self._scale = CalmComboBox(objectName="feeding.scale", accessibleName=tr("Scale"))
        for key, title in SCALES.items():
            if channels == 3 or key not in SCALES_OF_COLOURS:
                self._scale.addItem(tr(title), key)
        self._filter = CalmComboBox(objectName="feeding.filter", accessibleName=tr("Resize filter"))
        self._filter.addItems(list(FILTERS))
        self._json = QPushButton(tr("From a &JSON file…"), objectName="feeding.json", autoDefault=False)
        self._json.setToolTip(tr("The file that came with the model, or one that you have written"))
        self._message = MessageBar("feeding.message")
        form = QFormLayout()
        form.addRow(tr("C&lasses"), self._classes)
        colour = tr(COLOUR_NAMES.get(COLOURS.get(channels, ""), BY_JSON))
        form.addRow(tr("Size"), QLabel(tr("{height}×{width} pixels", height=height, width=width)))
        form.addRow(tr("Colour"), QLabel(colour))
        form.addRow(tr("&Scale"), self._scale)
        form.addRow(tr("Resize &filter"), self._filter)
        buttons = QDialogButtonBox.StandardButton
        self._buttons = QDialogButtonBox(buttons.Ok | buttons.Cancel)
        self._buttons.addButton(self._json, QDialogButtonBox.ButtonRole.ActionRole)
        layout = QVBoxLayout(self)
        layout.addWidget(what)
        layout.addLayout(form)
        layout.addWidget(self._message)
        layout.addStretch()
        layout.addWidget(self._buttons)
        self._classes.textChanged.connect(self._show_what_is_missing)
        self._json.clicked.connect(self._on_json)
        self._buttons.accepted.connect(self._on_accepted)
        self._buttons.rejected.connect(self.reject)
        self._show_what_is_missing()

    def _names(self) -> tuple[str, ...]:
        return tuple(filter(None, (line.strip() for line in self._classes.toPlainText().splitlines())))

    def _missing(self) -> str:
        names = self._names()
        if self._model.input_shape[2] not in COLOURS:
            return tr("Its input is no plain image, so only a JSON file can say how to feed it.")
        if len(names) != self._model.classes:
            return tr(
                "{classes} classes are needed; {count} named so far.", classes=self._model.classes, count=len(names)
            )
        return tr("Each class needs a name of its own.") if len(set(names)) < len(names) else ""

    def _show_what_is_missing(self) -> None:
        missing = self._missing()
        self._message.say(missing, "hint")
        self._buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(not missing)

    def _on_accepted(self) -> None:
        height, width, channels = self._model.input_shape
        scale = str(self._scale.currentData())
        images = {
            "size": (height, width),
            "color": COLOURS[channels],
            "scale": "unit" if scale == RAW else scale,
            "resample": self._filter.currentText(),
        }
        # Divided by 1, a pixel is fed as it is stored.
        largest = 1 if scale == RAW else 255
        feeding = SaidFeeding(classes=self._names(), images=ImageSettings.model_validate(images), largest_value=largest)
        self.said.emit(feeding.model_dump_json())
        self.accept()

    def _on_json(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self, tr("How to feed it"), str(self._model.path.parent), tr("JSON (*.json)")
        )
        if not path:
            return
        try:
            feeding = read_feeding(Path(path), self._model.file)
        except NutshellError as error:
            self._message.say(str(error))
            return
        self.said.emit(feeding.model_dump_json(exclude_none=True))
        self.accept()
