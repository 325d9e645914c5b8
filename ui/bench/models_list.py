"""The models on the bench: added from runs or files, removed again, and what is wrong with one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QBrush, QColor
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from engine.inspection.answers import models_named
from engine.language.speech import mark, tr
from ui.list_keys import act_on_key
from ui.theme import current_theme
from workers.bench_work import ChosenModel, ReadModel

LIST_HEIGHT = 96
EMPTY = mark("No model yet. Add some from your runs, or drop .tflite files here.")


@dataclass(frozen=True)
class Placed:
    """A model on the bench."""

    path: Path
    origin: str
    """The title of its run, else the name of its folder."""
    feeding: str = ""
    """What the user has said of how to feed it, as JSON."""


class ModelsList(QWidget):
    """Keeps each file once."""

    changed = Signal()
    runs_wanted = Signal()
    file_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._placed: list[Placed] = []
        self._faults: dict[Path, str] = {}
        self._list = QListWidget(objectName="bench.models", accessibleName=tr("Models"))
        self._list.setWordWrap(True)
        self._list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self._list.setMinimumHeight(LIST_HEIGHT)
        self._list.setMaximumHeight(LIST_HEIGHT + 20)
        self._runs = QPushButton(tr("&Add from runs…"), objectName="bench.add_runs")
        self._runs.setToolTip(tr("Models of your finished runs"))
        self._file = QPushButton(tr("Add .tf&lite…"), objectName="bench.add_file")
        self._file.setToolTip(tr("A .tflite file from anywhere"))
        self._remove = QPushButton(tr("&Remove"), objectName="bench.remove")
        self._remove.setToolTip(tr("Take the selected models off the bench; the files stay"))
        buttons = QVBoxLayout()
        for button in (self._runs, self._file, self._remove):
            buttons.addWidget(button)
        buttons.addStretch()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._list, 1)
        layout.addLayout(buttons)
        self._runs.clicked.connect(self.runs_wanted)
        self._file.clicked.connect(self.file_wanted)
        self._remove.clicked.connect(self._on_remove)
        self._list.itemSelectionChanged.connect(self._enable)
        act_on_key("Del", self._list, self._on_remove)
        self._show()

    @property
    def chosen(self) -> tuple[ChosenModel, ...]:
        """In their order, each with a name that tells it from the others."""
        named = zip(self._placed, self._names(), strict=True)
        return tuple(ChosenModel(placed.path, name, placed.feeding) for placed, name in named)

    def editors(self) -> list[QWidget]:
        """In the order of the Tab key."""
        return [self._list, self._runs, self._file, self._remove]

    def place(self, models: Sequence[Placed]) -> None:
        """Add models; one that is there already stays as it is."""
        new = list(dict.fromkeys(one for one in models if not self._has(one.path)))
        if new:
            self._placed += new
            self._show()
            self.changed.emit()

    def remove(self, paths: Sequence[Path]) -> None:
        """Take models off the bench."""
        kept = [one for one in self._placed if one.path not in paths]
        if len(kept) < len(self._placed):
            self._placed = kept
            self._show()
            self.changed.emit()

    def say_feeding(self, path: Path, feeding: str) -> None:
        """The user has said how to feed a model."""
        self._placed = [replace(one, feeding=feeding) if one.path == path else one for one in self._placed]
        self.changed.emit()

    def show_read(self, models: Sequence[ReadModel]) -> None:
        """What became of each."""
        self._faults = {one.chosen.path: one.fault for one in models if one.fault}
        self._show()

    def remembered(self) -> str:
        """What `restore` takes."""
        return json.dumps([[str(one.path), one.origin, one.feeding] for one in self._placed])

    def restore(self, text: str) -> None:
        """The models of an earlier time, as far as their files are still there; told to nobody."""
        try:
            placed = [Placed(Path(path), str(origin), str(feeding)) for path, origin, feeding in json.loads(text)]
        except (ValueError, TypeError):
            return
        self._placed = [one for one in placed if one.path.is_file()]
        self._show()

    def _has(self, path: Path) -> bool:
        return any(one.path == path for one in self._placed)

    def _names(self) -> tuple[str, ...]:
        stems = [one.path.stem for one in self._placed]
        by_origin = [
            stem if stems.count(stem) == 1 else f"{stem} ({one.origin})"
            for stem, one in zip(stems, self._placed, strict=True)
        ]
        if len(set(by_origin)) == len(by_origin):
            return tuple(by_origin)
        return models_named([one.path for one in self._placed])

    def _show(self) -> None:
        self._list.clear()
        for one, name in zip(self._placed, self._names(), strict=True):
            fault = self._faults.get(one.path, "")
            text = name if name.endswith(f"({one.origin})") else f"{name}  ({one.origin})"
            item = QListWidgetItem(f"{text}: {fault}" if fault else text, self._list)
            item.setData(Qt.ItemDataRole.UserRole, str(one.path))
            item.setToolTip(str(one.path))
            if fault:
                item.setForeground(QBrush(QColor(current_theme().error)))
        if not self._placed:
            item = QListWidgetItem(tr(EMPTY), self._list)
            item.setFlags(Qt.ItemFlag.NoItemFlags)
        self._enable()

    def _selected(self) -> list[Path]:
        found = (item.data(Qt.ItemDataRole.UserRole) for item in self._list.selectedItems())
        return [Path(path) for path in found if path]

    def _enable(self) -> None:
        self._remove.setEnabled(bool(self._selected()))

    def _on_remove(self) -> None:
        self.remove(self._selected())
