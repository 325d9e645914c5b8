"""The source of a dataset, its paths and its settings, of which those are shown that the source reads."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from engine.contract.dataset_settings import DatasetSettings
from engine.contract.path_need import PathNeed
from engine.datasets.source import DATASETS, DatasetSource, special_keys
from engine.language.speech import tr
from ui.form.calm_fields import CalmComboBox
from ui.form.options_form import OptionsForm
from ui.form.parameter_form import ParameterForm
from ui.form.path_field import PathField
from ui.form.tab_order import set_tab_order

NO_PATH = PathNeed()
CSV = PathNeed(suffixes=(".csv", ".txt"))
FORM_FIELDS = (
    "validation_fraction",
    "test_fraction",
    "limit_per_class",
    "frames",
    "group_by",
    "duplicates",
    "near_duplicate_bits",
    "drop_near_duplicates",
)
FIRST_PATH_ROW = 2
"""Below the source and what it reads."""


class DatasetForm(QWidget):
    """Edits the settings of one dataset."""

    edited = Signal(object)
    """The new settings."""
    refused = Signal(str)
    """Why what is shown is no dataset; empty once it is again."""
    lost = Signal(str)
    """Why the dataset has not what was typed for another source, which is gone now."""

    def __init__(self, dataset: DatasetSettings, name: str) -> None:
        """
        Args:
            name: what the editors' object names begin with, such as "dataset" in "dataset.kind".
        """
        super().__init__()
        self._dataset = dataset
        self._kind = CalmComboBox(objectName=f"{name}.kind", accessibleName=tr("Source"))
        for key in DATASETS:
            self._kind.addItem(tr(DATASETS[key].title), key)
        self._summary = QLabel(wordWrap=True)
        self._summary.setProperty("role", "hint")
        images = PathField(f"{name}.path", tr("The images"), tr("choose, or drop it here"), NO_PATH)
        beside = images.path
        self._paths = {
            "path": images,
            "validation_path": PathField(
                f"{name}.validation_path", tr("Validation images"), tr("automatic"), NO_PATH, beside
            ),
            "test_path": PathField(f"{name}.test_path", tr("Test images"), tr("automatic"), NO_PATH, beside),
            "labels_csv": PathField(
                f"{name}.labels_csv", tr("CSV file with labels or groups"), tr("none"), CSV, beside
            ),
        }
        self._options = OptionsForm(name, more=f"{name}.options.more")
        self._form = ParameterForm(dataset, FORM_FIELDS, name)
        self.rows = self._form.rows
        """The rows, of which a page may hide its own."""
        self.rows.insertRow(0, tr("Source"), self._kind)
        self.rows.insertRow(1, self._summary)
        for place, (key, field) in enumerate(self._paths.items(), start=FIRST_PATH_ROW):
            self.rows.insertRow(place, tr(str(DatasetSettings.model_fields[key].title)), field)
        self.rows.insertRow(FIRST_PATH_ROW + len(self._paths), self._options)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._form)
        self._kind.currentIndexChanged.connect(self._on_edited)
        for field in self._paths.values():
            field.edited.connect(self._on_edited)
        for form in (self._options, self._form):
            form.changed.connect(self._on_edited)
            form.refused.connect(self._on_refused)
        self.show_dataset(dataset)

    @property
    def refusal(self) -> str:
        """Why what is shown is no dataset; empty where it is."""
        return " ".join(filter(None, (self._options.refusal, self._form.refusal)))

    def discard_refused(self) -> None:
        """Show the dataset in place of what was refused."""
        self._options.discard_refused()
        self._form.discard_refused()

    def source_editors(self) -> list[QWidget]:
        """Those that say where the images are, in their order, for the Tab key."""
        return [self._kind, *(editor for field in self._paths.values() for editor in field.editors())]

    def setting_editors(self) -> list[QWidget]:
        """The others, in their order, for the Tab key."""
        return [*self._options.editors(), *self._form.editors()]

    def add_row(self, title: str, widget: QWidget) -> None:
        """Put a row of the page's own below those that say where the images are."""
        self.rows.insertRow(FIRST_PATH_ROW + len(self._paths), title, widget)

    def choose(self, kind: str, path: Path) -> None:
        """Take a source and a path as if the user had chosen them."""
        self._kind.setCurrentIndex(self._kind.findData(kind))
        self._paths["path"].choose(str(path))

    def show_dataset(self, dataset: DatasetSettings) -> None:
        """Show other settings; does not count as an edit."""
        self._dataset = dataset
        self._kind.blockSignals(True)
        self._kind.setCurrentIndex(self._kind.findData(dataset.kind))
        self._kind.blockSignals(False)
        if dataset.kind in DATASETS:
            self._show_source(DATASETS[dataset.kind])
        self._form.set_model(dataset)

    def _show_source(self, source: type[DatasetSource]) -> str:
        """Returns: what `lost` tells."""
        keys = source.special_keys()
        self._summary.setText(tr(source.summary))
        for name, field in self._paths.items():
            self.rows.setRowVisible(field, name in keys)
            if name in keys:
                field.set_need(CSV if name == "labels_csv" else source.path_need)
                field.set_path(getattr(self._dataset, name))
        self._form.leave_out(special_keys().difference(keys))
        lost = self._options.show_options(source.key, self._dataset.own_settings())
        self._options.align_with(self._form)
        self.rows.setRowVisible(self._options, bool(self._options.editors()))
        set_tab_order([*self.source_editors(), *self.setting_editors()])
        return lost

    def _on_refused(self, *_: object) -> None:
        self.refused.emit(self.refusal)

    def _on_edited(self, *_: object) -> None:
        form = self._form.model()
        assert isinstance(form, DatasetSettings)
        kind = str(self._kind.currentData())
        # What the source does not read keeps no value in the recipe; its field still shows it, should the user return.
        keys = DATASETS[kind].special_keys()
        unread = {name: DatasetSettings.model_fields[name].get_default() for name in special_keys().difference(keys)}
        paths = {name: field.path() for name, field in self._paths.items() if name in keys}
        update = {"kind": kind, "options": self._options.options_of(kind)} | unread | paths
        dataset = form.model_copy(update=update)
        if _naming(dataset) != _naming(self._dataset):
            dataset = dataset.model_copy(update={"classes": (), "class_folders": {}})
        self._dataset = dataset
        lost = self._show_source(DATASETS[kind])
        self.edited.emit(dataset)
        if lost:
            self.lost.emit(lost)


def _naming(dataset: DatasetSettings) -> tuple[object, ...]:
    """What the names of the classes come from."""
    own = dataset.own_settings()
    return dataset.kind, dataset.path, dataset.labels_csv, [getattr(own, name) for name in sorted(own.names_classes)]
