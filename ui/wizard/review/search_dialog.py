"""Find it for me: what matters, what a file has to reach, how long it may take, and what may vary."""

from __future__ import annotations

from pydantic import ValidationError
from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QGridLayout,
    QGroupBox,
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from engine.contract.errors import NutshellError
from engine.contract.plain_faults import plain_fault
from engine.contract.recipe import Recipe
from engine.contract.search_settings import USUAL_TRIALS, SearchSettings
from engine.search.search_space import SearchSpace
from engine.search.suggested_places import SuggestedPlace, suggested_places
from ui.form.calm_fields import CalmSpinBox, StudyLine
from ui.message_bar import MessageBar
from ui.screen_fit import open_at, scrolling
from ui.values_text import typed_values, values_text

SIZE = (720, 620)
GOALS = {
    "validation_accuracy": "Accuracy (of the validation images)",
    "zip_bytes": "Download (zipped size)",
    "model_bytes": "Size of the file",
    "latency_p50_ms": "Latency",
}
USUAL = SearchSettings()
JUDGED_BY = "validation_accuracy"
LONGEST_MINUTES = 10_000


class SearchDialog(QDialog):
    """Edits the search of a recipe."""

    accepted_search = Signal(object)
    """The `SearchSettings`, or None: no search."""

    def __init__(self, recipe: Recipe, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Find it for me")
        self.setObjectName("search")
        open_at(self, *SIZE)
        self._recipe = recipe
        known = recipe.search or USUAL
        goals = GOALS | {name: name for name in known.objectives if name not in GOALS}
        self._goals = {name: QCheckBox(title, objectName=f"search.goal.{name}") for name, title in goals.items()}
        for name, box in self._goals.items():
            box.setChecked(name in known.objectives)
        floor = known.floors.get(JUDGED_BY, 0.0)
        self._floor = StudyLine(objectName="search.floor", accessibleName="Least accuracy", placeholderText="none")
        self._floor.setToolTip("From 0 to 1, on the validation images; files below it are not on the front.")
        self._floor.setText(f"{floor:g}" if floor else "")
        self._minutes = CalmSpinBox(objectName="search.minutes", maximum=LONGEST_MINUTES, suffix=" min")
        self._minutes.setSpecialValueText("0 = no limit")
        self._minutes.setValue(round(known.minutes))
        self._trials = CalmSpinBox(objectName="search.trials", maximum=10_000)
        self._trials.setSpecialValueText(f"0 = as time allows, or {USUAL_TRIALS}")
        self._trials.setValue(known.trials)
        self._rows = [_PlaceRow(place, recipe) for place in suggested_places(recipe)]
        self._message = MessageBar("search.message")
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self._take = self._buttons.addButton("&Search", QDialogButtonBox.ButtonRole.AcceptRole)
        self._take.setObjectName("search.take")
        self._take.setToolTip("The study becomes a search; it begins with Run.")
        self._none = self._buttons.addButton("&No search", QDialogButtonBox.ButtonRole.DestructiveRole)
        self._none.setObjectName("search.none")
        self._none.setEnabled(recipe.search is not None)
        self._lay_out()
        self._take.clicked.connect(self._on_take)
        self._none.clicked.connect(self._on_none)
        self._buttons.rejected.connect(self.reject)

    def _lay_out(self) -> None:
        goals = QGroupBox("What matters")
        of_goals = QVBoxLayout(goals)
        for box in self._goals.values():
            of_goals.addWidget(box)
        limits = QGroupBox("Limits")
        form = QFormLayout(limits)
        form.addRow("Least accuracy", self._floor)
        form.addRow("Time", self._minutes)
        form.addRow("Trials", self._trials)
        places = QGroupBox("What may vary: values with commas, or from … to …")
        grid = QGridLayout(places)
        for number, row in enumerate(self._rows):
            grid.addWidget(row.box, number, 0)
            grid.addWidget(row.line, number, 1)
        grid.setColumnStretch(1, 1)
        explained = QLabel(
            "Each trial trains and compresses with other values; beginnings that trials share are trained once. It "
            "finds the files that no other beats in all that matters, judged by the validation images, so that the "
            "test images stay unseen.",
            wordWrap=True,
        )
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.addWidget(explained)
        layout.addWidget(goals)
        layout.addWidget(limits)
        layout.addWidget(places)
        layout.addStretch()
        outer = QVBoxLayout(self)
        outer.addWidget(scrolling(page), 1)
        outer.addWidget(self._message)
        outer.addWidget(self._buttons)

    def _on_none(self) -> None:
        self.accept()
        self.accepted_search.emit(None)

    def _on_take(self) -> None:
        try:
            search = self._search()
            SearchSpace.of(self._recipe.model_copy(update={"search": search}))
        except ValidationError as error:
            fault = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in fault["loc"] if not str(part).startswith("search-"))
            self._message.say(f"{where}: {plain_fault(fault)}.")
        except NutshellError as error:
            self._message.say(str(error).replace('search.vary."', '"'))
        else:
            self.accept()
            self.accepted_search.emit(search)

    def _search(self) -> SearchSettings:
        known = self._recipe.search or USUAL
        ticked = [name for name, box in self._goals.items() if box.isChecked()]
        floors: dict[str, object] = {
            name: value for name, value in known.floors.items() if name != "validation_accuracy"
        }
        if typed := self._floor.text().strip():
            floors[JUDGED_BY] = typed.replace(",", ".")
        values = {
            "objectives": ticked,
            "floors": floors,
            "minutes": float(self._minutes.value()),
            "trials": self._trials.value(),
            "vary": {row.place.place: typed_values(row.line.text()) for row in self._rows if row.box.isChecked()},
        }
        return SearchSettings.model_validate(known.model_dump() | values)


class _PlaceRow:
    """A place that may vary, and its values."""

    def __init__(self, place: SuggestedPlace, recipe: Recipe) -> None:
        self.place = place
        self.box = QCheckBox(place.title, objectName=f"search.place.{place.place}", toolTip=place.place)
        self.box.setChecked(place.place in recipe.search.vary if recipe.search else place.is_usual)
        self.line: QLineEdit = StudyLine(objectName=f"search.values.{place.place}", accessibleName=place.title)
        self.line.setText(values_text(place.values))
        self.line.setEnabled(self.box.isChecked())
        self.box.toggled.connect(self.line.setEnabled)
        self.line.setCursorPosition(0)
