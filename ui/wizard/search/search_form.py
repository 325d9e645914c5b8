"""The fields of a search: what matters, what a file has to reach, how long it may take, and what may vary."""

from __future__ import annotations

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QFormLayout, QGridLayout, QGroupBox, QLabel, QVBoxLayout, QWidget

from engine.contract.plain_faults import plain_fault
from engine.contract.recipe import Recipe
from engine.contract.search_settings import USUAL_TRIALS, SearchSettings
from engine.language.sentence_recognition import recognised
from engine.language.speech import mark, number_text, tr
from engine.search.suggested_places import SuggestedPlace, suggested_places
from ui.form.calm_fields import StudyLine
from ui.side_by_side import SideBySide
from ui.values_text import typed_values
from ui.wizard.search.place_row import PlaceRow, said_place

GOALS = {
    "validation_accuracy": mark("Accuracy (of the validation images)"),
    "zip_bytes": mark("Download (zipped size)"),
    "model_bytes": mark("Size of the file"),
    "latency_p50_ms": mark("Latency"),
}
JUDGED_BY = "validation_accuracy"
TITLES = {
    "floors": mark("Least accuracy"),
    "minutes": mark("Minutes"),
    "trials": mark("Trials"),
    "objectives": mark("What matters"),
}
HOW = mark("Values are typed as 8, 16, 32, as 0.3 to 0.9, or as 0.3 to 0.9 in steps of 0.1.")
LIMITS_WIDTH = 330
INDENT = 18


class SearchForm(QWidget):
    """Shows a search, and makes one of what is typed; what it has no field for stays as it was."""

    edited = Signal()
    """By the user."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._known = SearchSettings()
        self._goals: dict[str, QCheckBox] = {}
        self._rows: list[PlaceRow] = []
        self._floor = StudyLine(
            objectName="search.floor", accessibleName=tr("Least accuracy"), placeholderText=tr("none")
        )
        self._floor.setToolTip(tr("From 0 to 1, on the validation images; files below it are not on the front."))
        self._minutes = StudyLine(
            objectName="search.minutes", accessibleName=tr("Minutes"), placeholderText=tr("no limit")
        )
        self._minutes.setToolTip(tr("No trial begins after so many minutes."))
        self._trials = StudyLine(objectName="search.trials", accessibleName=tr("Trials"))
        self._trials.setPlaceholderText(str(USUAL_TRIALS))
        self._trials.setToolTip(tr("Without a number: as many as the time allows, or {trials}.", trials=USUAL_TRIALS))
        self._stop_weak = QCheckBox(tr("Stop weak trials early"), objectName="search.stop_weak")
        self._stop_weak.setToolTip(tr(str(SearchSettings.model_fields["stop_weak"].description)))
        self._stop_weak.clicked.connect(lambda *_: self.edited.emit())
        for line in (self._floor, self._minutes, self._trials):
            line.textEdited.connect(lambda *_: self.edited.emit())
        self._lay_out()

    def _lay_out(self) -> None:
        goals = QGroupBox(tr("What matters"))
        self._of_goals = QVBoxLayout(goals)
        limits = QGroupBox(tr("Limits"))
        form = QFormLayout(limits)
        form.addRow(tr("Least accuracy"), self._floor)
        form.addRow(tr("Minutes"), self._minutes)
        form.addRow(tr("Trials"), self._trials)
        form.addRow(self._stop_weak)
        side = QWidget()
        left = QVBoxLayout(side)
        left.setContentsMargins(0, 0, 0, 0)
        left.addWidget(goals)
        left.addWidget(limits)
        left.addStretch()
        places = QGroupBox(tr("What may vary"))
        right = QVBoxLayout(places)
        how = QLabel(tr(HOW), objectName="search.how", wordWrap=True)
        how.setProperty("role", "hint")
        right.addWidget(how)
        self._grid = QGridLayout()
        self._grid.setColumnMinimumWidth(0, INDENT)
        self._grid.setColumnStretch(1, 1)
        right.addLayout(self._grid)
        right.addStretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(SideBySide(side, places, LIMITS_WIDTH))

    def show_search(self, recipe: Recipe) -> None:
        """Bring the fields up to a recipe's search; those that hold the same already stay as they are typed.

        Args:
            recipe: without a search what is usual shows.
        """
        places = suggested_places(recipe)
        if [row.place.place for row in self._rows] != [place.place for place in places]:
            self._make_rows(places)
        for row, place in zip(self._rows, places, strict=True):
            row.suggest(place)
        shown = recipe.search or SearchSettings()
        self._make_goals(shown)
        try:
            is_shown = self.search() == recipe.search
        except ValidationError:
            is_shown = False
        self._known = shown
        if is_shown:
            return
        for name, box in self._goals.items():
            box.setChecked(name in shown.objectives)
        floor = shown.floors.get(JUDGED_BY)
        self._floor.setText("" if floor is None else number_text(f"{floor:g}"))
        self._minutes.setText(number_text(f"{shown.minutes:g}") if shown.minutes else "")
        self._stop_weak.setChecked(shown.stop_weak)
        self._trials.setText(str(shown.trials) if shown.trials else "")
        for row, place in zip(self._rows, places, strict=True):
            row.show_place(place, place.place in shown.vary if recipe.search else place.is_usual)

    def search(self) -> SearchSettings:
        """What the fields say.

        Raises:
            pydantic.ValidationError: that is no search; `sentence` tells which field is wrong.
        """
        floors: dict[str, object] = {name: value for name, value in self._known.floors.items() if name != JUDGED_BY}
        if typed := self._floor.text().strip():
            floors[JUDGED_BY] = typed.replace(",", ".")
        values = {
            "objectives": [name for name, box in self._goals.items() if box.isChecked()],
            "floors": floors,
            "minutes": self._minutes.text().strip().replace(",", ".") or 0,
            "trials": self._trials.text().strip() or 0,
            "stop_weak": self._stop_weak.isChecked(),
            "vary": {row.place.place: typed_values(row.line.text()) for row in self._rows if row.box.isChecked()},
        }
        return SearchSettings.model_validate(self._known.model_dump() | values)

    def sentence(self, error: ValidationError) -> str:
        """Which field is wrong, and what it may hold."""
        fault = error.errors(include_url=False)[0]
        return f"{self._title_of(fault)}: {recognised(plain_fault(fault))}."

    def _title_of(self, fault: ErrorDetails) -> str:
        first, *rest = (str(part) for part in fault["loc"])
        of_places = {row.place.place: said_place(row.place.title) for row in self._rows}
        return of_places.get(rest[0], rest[0]) if first == "vary" and rest else tr(TITLES.get(first, first))

    def _make_goals(self, search: SearchSettings) -> None:
        for name in (*GOALS, *search.objectives):
            if name not in self._goals:
                box = self._goals[name] = QCheckBox(tr(GOALS.get(name, name)), objectName=f"search.goal.{name}")
                box.setChecked(name in search.objectives)
                box.clicked.connect(lambda *_: self.edited.emit())
                self._of_goals.addWidget(box)

    def _make_rows(self, places: tuple[SuggestedPlace, ...]) -> None:
        for row in self._rows:
            for widget in (row.box, row.line):
                widget.setParent(None)
                widget.deleteLater()
            row.deleteLater()
        self._rows = [PlaceRow(place, self) for place in places]
        for number, row in enumerate(self._rows):
            row.edited.connect(self.edited)
            # Below it: with the title beside it a line would be too short for its values.
            self._grid.addWidget(row.box, 2 * number, 0, 1, 2)
            self._grid.addWidget(row.line, 2 * number + 1, 1)
