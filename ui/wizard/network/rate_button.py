"""The button that opens the search for a learning rate, and the searches that it began."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPushButton, QWidget

from engine.contract.recipe import Recipe
from engine.language.speech import mark, tr
from ui.wizard.network.rate_dialog import RateDialog
from workers.run_controller import RunController

WHY = mark("Tries learning rates on a copy of the network, in some 20 seconds, and suggests one.")


class RateButton(QPushButton):
    """Searches for the recipe that was shown last."""

    chosen = Signal(object)
    """The `TrainingSettings` with the chosen rate."""

    def __init__(self, runs_directory: Path, parent: QWidget | None = None) -> None:
        super().__init__(tr("Find the &learning rate…"), parent, objectName="training.find_rate", autoDefault=False)
        self.runs_directory = runs_directory
        self._recipe: Recipe | None = None
        self._searches: list[RunController] = []
        """Those whose child has not ended; a cancelled one takes a moment."""
        self.clicked.connect(self._on_clicked)

    def show_recipe(self, recipe: Recipe, why_not: str) -> None:
        """What to search for; `why_not` says why that cannot be done now, empty where it can."""
        self._recipe = recipe
        self.setEnabled(not why_not)
        self.setToolTip(why_not or tr(WHY))

    def shut_down(self) -> None:
        """End the searches and their children."""
        for search in self._searches:
            search.cancel()
        for search in self._searches:
            search.shut_down()
        self._searches = []

    def _on_clicked(self) -> None:
        if self._recipe is None:
            return
        search = RunController(self)
        self._searches.append(search)
        search.ended.connect(partial(self._on_ended, search))
        dialog = RateDialog(self._recipe, self.runs_directory, search, self.window())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.chosen.connect(self.chosen)
        dialog.open()

    def _on_ended(self, search: RunController, *_: object) -> None:
        if search in self._searches:
            self._searches.remove(search)
            search.deleteLater()
