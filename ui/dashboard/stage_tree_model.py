"""The stage tree as a Qt item model."""

from __future__ import annotations

from enum import IntEnum

from PySide6.QtCore import QModelIndex, QObject, Qt

from engine.language.sentence_recognition import recognised
from engine.language.speech import mark, tr
from ui.durations import duration_text
from ui.nested_rows_model import Index, NestedRowsModel
from ui.shown_run import ShownRun, StageProgress, StageStatus

FRACTION_ROLE = int(Qt.ItemDataRole.UserRole)
"""How much of a stage is done, 0 to 1."""

Look = tuple[str, str, int, int]


class StageColumn(IntEnum):
    STAGE = 0
    PROGRESS = 1
    STATUS = 2
    CHAINS = 3


HEADERS = {
    StageColumn.STAGE: (
        mark("stage"),
        mark("What is computed. Each stage starts from the stage that it is indented under."),
    ),
    StageColumn.PROGRESS: (mark("progress"), mark("Finished epochs and batches.")),
    StageColumn.STATUS: (mark("status"), mark("What the stage is doing, and the time left, or how long it took.")),
    StageColumn.CHAINS: (
        mark("chains"),
        mark("The chains that pass through this stage. It is computed once for all of them."),
    ),
}


class StageTreeModel(NestedRowsModel):
    """One row per stage below its parent stage, in the run's order."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__([HEADERS[column] for column in StageColumn], parent)
        self._stages: list[StageProgress] = []
        self._looks: list[Look] = []
        self._paused = False

    def show_state(self, state: ShownRun) -> None:
        """Take a run's stages; only the rows whose look has changed are painted again."""
        stages = list(state.stages.values())
        self._paused = state.paused
        looks = [(self._status(stage), *_look(stage)) for stage in stages]
        if [stage.plan for stage in stages] != [stage.plan for stage in self._stages]:
            self._rebuild(stages, looks)
            return
        changed = [place for place, look in enumerate(looks) if look != self._looks[place]]
        self._stages, self._looks = stages, looks
        for place in changed:
            self.dataChanged.emit(self.cell(place, StageColumn.STAGE), self.cell(place, StageColumn.CHAINS))

    def index_of_stage(self, key: str) -> QModelIndex:
        """The first cell of a stage; invalid where there is no such stage."""
        places = [place for place, stage in enumerate(self._stages) if stage.plan.key == key]
        return self.cell(places[0], StageColumn.STAGE) if places else QModelIndex()

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> object:
        if not index.isValid():
            return None
        stage, column = self._stages[index.internalId()], StageColumn(index.column())
        if role == FRACTION_ROLE:
            return stage.done_fraction
        if column is StageColumn.CHAINS and role == Qt.ItemDataRole.DisplayRole:
            return self._chains_text(stage)
        if column is StageColumn.STATUS and role == Qt.ItemDataRole.DisplayRole:
            return self._status(stage)
        if role == Qt.ItemDataRole.DisplayRole:
            return _text(stage, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return _text(stage, StageColumn.STAGE if column is StageColumn.PROGRESS else column)
        return None

    def _status(self, stage: StageProgress) -> str:
        """Of the running stage the head of the dashboard says what it does; here is room for the time alone."""
        if self._paused and stage.status is StageStatus.RUNNING:
            return tr("paused")
        return (
            tr("{duration_text} left", duration_text=duration_text(stage.seconds_left))
            if stage.seconds_left
            else status_text(stage)
        )

    def _chains_text(self, stage: StageProgress) -> str:
        """Short enough for a narrow window; the tool tip has all names."""
        passing = stage.plan.chains
        total = len({chain for one in self._stages for chain in one.plan.chains})
        if len(passing) <= 1:
            return "".join(passing)
        return tr("all") if len(passing) == total else tr("{count} of {total}", count=len(passing), total=total)

    def _rebuild(self, stages: list[StageProgress], looks: list[Look]) -> None:
        self.beginResetModel()
        self._stages, self._looks = stages, looks
        places = {stage.plan.key: place for place, stage in enumerate(stages)}
        self._nest([places.get(stage.plan.parent or "") for stage in stages])
        self.endResetModel()


def _look(stage: StageProgress) -> tuple[str, int, int]:
    """What else can be seen of a stage: phase, whole per cent, whole seconds left."""
    return stage.phase, round(100 * stage.done_fraction), round(stage.seconds_left or 0)


def _text(stage: StageProgress, column: StageColumn) -> str:
    match column:
        case StageColumn.STAGE:
            return recognised(stage.plan.title)
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
            return (
                tr("{phase}, {duration_text} left", phase=stage.phase, duration_text=duration_text(stage.seconds_left))
                if stage.seconds_left
                else stage.phase
            )
        case StageStatus.WAITING:
            expected = stage.plan.estimated_seconds
            return f"{tr(stage.status)}, ~{duration_text(expected)}" if expected >= 1 else tr(stage.status)
        case StageStatus.DONE | StageStatus.STOPPED:
            return f"{tr(stage.status)}, {duration_text(stage.seconds)}"
        case _:
            return tr(stage.status)
