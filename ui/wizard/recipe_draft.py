"""The recipe that the wizard's pages edit, with undo and redo."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Signal

from engine.contract.recipe import Recipe

MOST_UNDO_STEPS = 200


class RecipeDraft(QObject):
    """Holds one recipe; pages change it and show it again when it changed."""

    changed = Signal()

    def __init__(self, recipe: Recipe, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._recipe = recipe
        self._earlier: list[Recipe] = []
        self._later: list[Recipe] = []

    @property
    def recipe(self) -> Recipe:
        return self._recipe

    def replace(self, recipe: Recipe) -> None:
        """Another recipe in its place."""
        if recipe == self._recipe:
            return
        self._earlier = [*self._earlier[-MOST_UNDO_STEPS:], self._recipe]
        self._later = []
        self._recipe = recipe
        self.changed.emit()

    def change(self, **sections: Any) -> None:
        """Other values for some of the recipe's fields, such as `training=...`.

        Raises:
            pydantic.ValidationError: together they are no recipe.
        """
        values = {name: getattr(self._recipe, name) for name in Recipe.model_fields if name != "schema_version"}
        self.replace(Recipe(**(values | sections)))

    def undo(self) -> None:
        if self._earlier:
            self._later.append(self._recipe)
            self._recipe = self._earlier.pop()
            self.changed.emit()

    def redo(self) -> None:
        if self._later:
            self._earlier.append(self._recipe)
            self._recipe = self._later.pop()
            self.changed.emit()
