"""The stage tree as a Qt item model."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from ui.dashboard.run_state import RunState, StageProgress, StageStatus
from ui.durations import duration_text

FRACTION_ROLE = int(Qt.ItemDataRole.UserRole)
"""How much of a stage is done, 0 to 1."""

Index = QModelIndex | QPersistentModelIndex
Look = tuple[StageStatus, str, int, int]


class StageColumn(IntEnum):
    STAGE = 0
    PROGRESS = 1
    STATUS = 2
    CHAINS = 3


HEADERS = {
    StageColumn.STAGE: ("stage", "What is computed; each stage begins from the one that it is indented below."),
    StageColumn.PROGRESS: ("progress", "Epochs and batches that are done."),
    StageColumn.STATUS: ("status", "What the stage is doing, and the time left, or how long it took."),
    StageColumn.CHAINS: ("chains", "The chains that pass through this stage. It is computed once for all of them."),
}


class StageTreeModel(QAbstractItemModel):
    """One row a stage below its parent stage; an index carries the stage's place in the run's order."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._stages: list[StageProgress] = []
        self._looks: list[Look] = []
        self._parents: list[int | None] = []
        self._children: dict[int | None, list[int]] = {None: []}

    def show_state(self, state: RunState) -> None:
        """Take a run's stages; only the rows whose look has changed are painted again."""
        stages = list(state.stages.values())
        looks = [_look(stage) for stage in stages]
        if [stage.plan for stage in stages] != [stage.plan for stage in self._stages]:
            self._rebuild(stages, looks)
            return
        changed = [place for place, look in enumerate(looks) if look != self._looks[place]]
        self._stages, self._looks = stages, looks
        for place in changed:
            self.dataChanged.emit(self._index(place, StageColumn.STAGE), self._index(place, StageColumn.CHAINS))

    def index_of_stage(self, key: str) -> QModelIndex:
        """The first cell of a stage; invalid where there is no such stage."""
        places = [place for place, stage in enumerate(self._stages) if stage.plan.key == key]
        return self._index(places[0], StageColumn.STAGE) if places else QModelIndex()

    def index(self, row: int, column: int, parent: Index = QModelIndex()) -> QModelIndex:  # noqa: B008 - Qt's own
        children = self._children.get(_place(parent), [])
        if not (0 <= row < len(children) and 0 <= column < len(StageColumn)):
            return QModelIndex()
        return self.createIndex(row, column, children[row])

    def parent(self, index: Index = QModelIndex()) -> QModelIndex:  # type: ignore[override]  # noqa: B008
        if not index.isValid():
            return QModelIndex()
        above = self._parents[index.internalId()]
        return QModelIndex() if above is None else self._index(above, StageColumn.STAGE)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.column() > 0 else len(self._children.get(_place(parent), []))

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return len(StageColumn)

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        if not index.isValid():
            return None
        stage, column = self._stages[index.internalId()], StageColumn(index.column())
        if role == FRACTION_ROLE:
            return stage.done_fraction
        if role == Qt.ItemDataRole.DisplayRole:
            return _text(stage, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return _text(stage, StageColumn.STAGE if column is StageColumn.PROGRESS else column)
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = int(Qt.ItemDataRole.DisplayRole)
    ) -> Any:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        title, explanation = HEADERS[StageColumn(section)]
        if role == Qt.ItemDataRole.DisplayRole:
            return title
        return explanation if role == Qt.ItemDataRole.ToolTipRole else None

    def _rebuild(self, stages: list[StageProgress], looks: list[Look]) -> None:
        self.beginResetModel()
        self._stages, self._looks = stages, looks
        places = {stage.plan.key: place for place, stage in enumerate(stages)}
        self._parents = [places.get(stage.plan.parent or "") for stage in stages]
        self._children = {None: []}
        for place, parent in enumerate(self._parents):
            self._children.setdefault(parent, []).append(place)
        self.endResetModel()

    def _index(self, place: int, column: StageColumn) -> QModelIndex:
        return self.createIndex(self._children[self._parents[place]].index(place), column, place)


def _place(index: Index) -> int | None:
    return index.internalId() if index.isValid() else None


def _look(stage: StageProgress) -> Look:
    """What can be seen of a stage: status, phase, whole per cent, whole seconds left."""
    return stage.status, stage.phase, round(100 * stage.done_fraction), round(stage.seconds_left or 0)


def _text(stage: StageProgress, column: StageColumn) -> str:
    match column:
        case StageColumn.STAGE:
            return stage.plan.title
        case StageColumn.PROGRESS:
            return f"{100 * stage.done_fraction:.0f} %"
        case StageColumn.STATUS:
            return status_text(stage)
        case StageColumn.CHAINS:
            return ", ".join(stage.plan.chains)


def status_text(stage: StageProgress) -> str:
    """Such as "epoch 4 of 10, 1 min 02 s left", "done, 8 s" or "waiting, ~40 s"."""
    match stage.status:
        case StageStatus.RUNNING:
            return f"{stage.phase}, {duration_text(stage.seconds_left)} left" if stage.seconds_left else stage.phase
        case StageStatus.WAITING:
            expected = stage.plan.estimated_seconds
            return f"{stage.status}, ~{duration_text(expected)}" if expected >= 1 else str(stage.status)
        case StageStatus.DONE | StageStatus.STOPPED:
            return f"{stage.status}, {duration_text(stage.seconds)}"
        case _:
            return str(stage.status)
