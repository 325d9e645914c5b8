"""Edits a dataset that is one of a step's parameters."""

from __future__ import annotations

from PySide6.QtWidgets import QGroupBox, QVBoxLayout

from engine.contract.dataset_settings import DatasetSettings
from engine.language.speech import tr
from ui.form.field_editor import FieldEditor
from ui.wizard.dataset.dataset_form import DatasetForm


class DatasetEditor(FieldEditor):
    """The form of a dataset in a frame of its own."""

    has_last_valid_value = True

    def __init__(self, name: str) -> None:
        box = QGroupBox(tr("Dataset"))
        super().__init__(box)
        self._dataset = DatasetSettings()
        self._form = DatasetForm(self._dataset, name)
        QVBoxLayout(box).addWidget(self._form)
        self._form.edited.connect(self._on_edited)
        self._form.refused.connect(self._on_refused)
        self._form.lost.connect(self.lost)

    def value(self) -> DatasetSettings:
        return self._dataset

    def set_value(self, value: DatasetSettings) -> None:
        self._dataset = value
        self._form.show_dataset(value)
        self._form.discard_refused()

    def _on_edited(self, dataset: DatasetSettings) -> None:
        self._dataset = dataset
        self.changed.emit()

    def _on_refused(self, sentence: str) -> None:
        self.refusal = sentence
        self.changed.emit()
