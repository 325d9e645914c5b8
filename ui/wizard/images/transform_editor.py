"""Edits one wavelet transform, or switches it off."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QGroupBox, QHBoxLayout, QWidget

from engine.contract.image_settings import DwtSettings
from engine.imaging.wavelet import SUBBANDS, discrete_wavelets
from engine.language.speech import mark, tr
from ui.form.calm_fields import CalmComboBox, CalmSpinBox, StudyLine
from ui.form.parameter_form import ParameterForm

NOTHING_FED = mark("Tick at least one subband to feed, or switch the wavelet transform off.")


class TransformEditor(QGroupBox):
    """Wavelet, level, fed subbands and threshold; unchecked is off."""

    changed = Signal()
    """What is shown is another transform, or the same again; see `refusal` for what of it is not."""
    refused = Signal()
    """Whether what is shown is a transform is another now: see `refusal`."""

    def __init__(self, transform: DwtSettings | None, name: str, parent: QWidget | None = None) -> None:
        """
        Args:
            name: object name; those of the editors begin with it.
        """
        super().__init__(tr("Wavelet transform (DWT)"), parent, objectName=name, checkable=True)
        self._transform = transform
        self._wavelet = CalmComboBox(objectName=f"{name}.wavelet", editable=True, accessibleName=tr("Wavelet"))
        self._wavelet_line = StudyLine()
        self._wavelet.setLineEdit(self._wavelet_line)
        self._wavelet.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self._wavelet.addItems(discrete_wavelets())
        self._wavelet.setToolTip(tr("Any discrete wavelet of PyWavelets; type its name, or choose it."))
        self._level = CalmSpinBox(objectName=f"{name}.level", minimum=1, maximum=4, accessibleName=tr("Level"))
        self._level.setToolTip(tr("How many times the approximation is split again; each halves the sides."))
        self._bands = {band: QCheckBox(band, objectName=f"{name}.{band}") for band in SUBBANDS}
        self._threshold = ParameterForm(transform or DwtSettings(), ("threshold", "threshold_mode"), name)
        bands = QHBoxLayout()
        for box in self._bands.values():
            bands.addWidget(box)
        rows = QFormLayout(self)
        rows.addRow(tr("Wavelet"), self._wavelet)
        rows.addRow(tr("Level"), self._level)
        rows.addRow(tr("Fed subbands"), bands)
        rows.addRow(self._threshold)
        self._show(transform)
        self._connect_editors()

    def editors(self) -> tuple[QWidget, ...]:
        """The box itself and its editors, for the order of the Tab key."""
        return (self, self._wavelet, self._level, *self._bands.values(), *self._threshold.editors())

    @property
    def refusal(self) -> str:
        """Why what is shown is no transform; empty where it is one, or off."""
        if not self.isChecked():
            return ""
        return " ".join(filter(None, ("" if self._fed() else tr(NOTHING_FED), self._threshold.refusal)))

    def transform(self) -> DwtSettings | None:
        """The last that was shown and not refused; None: off."""
        return self._transform

    def show_transform(self, transform: DwtSettings | None) -> None:
        """Show a transform; does not count as a change. What was refused stays where it is the same as before."""
        if transform != self._transform or not self.refusal:
            self._show(transform)

    def discard_refused(self) -> None:
        """Show the transform instead of the refused values."""
        self._threshold.discard_refused()
        self._show(self._transform)

    def _show(self, transform: DwtSettings | None) -> None:
        self._transform = transform
        shown = transform or DwtSettings()
        editors = (self, self._wavelet, self._level, *self._bands.values())
        for editor in editors:
            editor.blockSignals(True)
        self.setChecked(transform is not None)
        for child in (self._wavelet, self._level, self._threshold, *self._bands.values()):
            child.setEnabled(transform is not None)
        if self._wavelet.currentText() != shown.wavelet:
            self._wavelet.setCurrentText(shown.wavelet)
        self._level.setValue(shown.level)
        self._threshold.set_model(shown)
        for band, box in self._bands.items():
            box.setChecked(band in shown.subbands)
        for editor in editors:
            editor.blockSignals(False)

    def _connect_editors(self) -> None:
        self.toggled.connect(self._on_edited)
        # Not at every letter: half a name is no wavelet.
        self._wavelet.activated.connect(self._on_edited)
        self._wavelet_line.editingFinished.connect(self._on_edited)
        self._level.valueChanged.connect(self._on_edited)
        for box in self._bands.values():
            box.toggled.connect(self._on_edited)
        self._threshold.changed.connect(self._on_edited)
        self._threshold.refused.connect(self.refused)

    def _on_edited(self, *_: object) -> None:
        # With no subband ticked the last ones stay in the transform, so that the other values count.
        fed = self._fed() or (self._transform or DwtSettings()).subbands
        chosen = {"wavelet": self._wavelet.currentText(), "level": self._level.value(), "subbands": fed}
        values = self._threshold.model().model_dump() | chosen
        self._transform = DwtSettings.model_validate(values) if self.isChecked() else None
        self.changed.emit()

    def _fed(self) -> tuple[str, ...]:
        return tuple(band for band, box in self._bands.items() if box.isChecked())
