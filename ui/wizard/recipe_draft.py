"""The recipe that the wizard's pages edit, with undo and redo, and what is known of its images."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from engine.contract.findings import Finding
from engine.contract.image_settings import ImageGrid
from engine.contract.recipe import Recipe
from engine.contract.recipe_file import recipe_document
from engine.contract.repairs import Repair, repaired

if TYPE_CHECKING:
    from engine.datasets.examination import Examination
    from workers.dataset_scan import ScanResult

MAX_UNDO_STEPS = 200
TYPING_PAUSE_S = 1.0
"""Changes of one value in quicker succession are undone together: the digits of one number."""


class RecipeDraft(QObject):
    """Holds one recipe; pages change it and show it again when it changed."""

    changed = Signal()
    begun = Signal()
    """Another study has taken the place of the one before; `changed` follows."""

    def __init__(self, recipe: Recipe, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._recipe = recipe
        self._scanned: ScanResult | None = None
        self._examined: Examination | None = None
        self._found: tuple[Recipe, int | None, tuple[Finding, ...]] | None = None
        self._earlier: list[Recipe] = []
        self._later: list[Recipe] = []
        self._last_value = ""
        self._last_time_s = 0.0
        self._fitted: ImageGrid | None = None
        """The image settings that the program chose; the user has changed those that differ now. None: the user
        chose all."""

    @property
    def recipe(self) -> Recipe:
        return self._recipe

    @property
    def scanned(self) -> ScanResult | None:
        """What a scan of the recipe's images found; None before the first."""
        fresh = self._scanned is not None and self._scanned.settings == self._recipe.dataset
        return self._scanned if fresh else None

    def set_scanned(self, result: ScanResult | None) -> None:
        """Take in what a scan found; undo does not affect this."""
        if result is not self._scanned:
            self._scanned = result
            self.changed.emit()

    @property
    def examined(self) -> Examination | None:
        """What a check of every image found; None before the first."""
        fresh = self._examined is not None and self._examined.dataset == self._recipe.dataset
        return self._examined if fresh else None

    def set_examined(self, examination: Examination | None) -> None:
        """Take in what a check of every image found; undo does not affect this."""
        if examination is not self._examined:
            self._examined = examination
            self.changed.emit()

    @property
    def image_findings(self) -> tuple[Finding, ...]:
        """What a run would say of the images, as far as they were looked at."""
        return self.examined.findings(self._recipe.images.first) if self.examined else ()

    @property
    def class_count(self) -> int | None:
        """How many classes the images have; None before the first scan."""
        return len(self.scanned.classes) if self.scanned else None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The pre-flight's findings, looked for once for each recipe."""
        # The first page needs none, and the window opens without what they are found by.
        from engine.chain.preflight import preflight

        if self._found is None or self._found[:2] != (self._recipe, self.class_count):
            self._found = (self._recipe, self.class_count, preflight(self._recipe, self.class_count))
        return self._found[2]

    @property
    def can_undo(self) -> bool:
        return bool(self._earlier)

    @property
    def can_redo(self) -> bool:
        return bool(self._later)

    @property
    def is_untouched(self) -> bool:
        """Whether nothing was changed but what the program chose itself."""
        return not self._earlier and not self._later

    def begin(self, recipe: Recipe, fresh: bool) -> None:
        """Another study, without a way back to this one by undo.

        Args:
            fresh: the user has chosen nothing in it yet.
        """
        self._earlier, self._later, self._last_value = [], [], ""
        self._fitted = recipe.images if fresh else None
        self._recipe = recipe
        self.begun.emit()
        self.changed.emit()

    def continue_from(self, other: RecipeDraft) -> None:
        """Hold what another draft holds, with its undo and redo and what is known of its images."""
        self._recipe, self._fitted = other._recipe, other._fitted
        self._scanned, self._examined = other._scanned, other._examined
        self._earlier, self._later, self._last_value = list(other._earlier), list(other._later), ""
        self.changed.emit()

    def fit_images(self, images: ImageGrid) -> None:
        """Give image settings that the user has not chosen yet values that suit the images; undo does not affect
        this."""
        if self._fitted is None:
            return
        present, fitted = self._recipe.images, self._fitted
        free = [name for name in type(images).model_fields if getattr(present, name) == getattr(fitted, name)]
        values = {name: getattr(images, name) for name in free}
        self._fitted = fitted.model_copy(update=values)
        if any(getattr(present, name) != value for name, value in values.items()):
            self._recipe = self._recipe.model_copy(update={"images": present.model_copy(update=values)})
            self.changed.emit()

    def replace(self, recipe: Recipe) -> None:
        """Another recipe in its place."""
        if recipe == self._recipe:
            return
        if not self._goes_on_typing(recipe):
            self._earlier = [*self._earlier[-MAX_UNDO_STEPS:], self._recipe]
        elif self._earlier and recipe == self._earlier[-1]:
            # Typed, and taken back at once: there is nothing to undo.
            self._earlier.pop()
            self._last_value = ""
        self._later = []
        self._recipe = recipe
        self.changed.emit()

    def change(self, **sections: object) -> None:
        """Other values for some of the recipe's fields, such as `training=...`.

        Raises:
            pydantic.ValidationError: together they are no recipe.
        """
        values = {name: getattr(self._recipe, name) for name in Recipe.model_fields if name != "schema_version"}
        self.replace(Recipe(**(values | sections)))

    def mend(self, repair: Repair) -> None:
        """Make a repair that one of the draft's findings offers."""
        self.replace(repaired(self._recipe, repair))

    def undo(self) -> None:
        """Back to before the last change, if there is one."""
        self._step(self._earlier, self._later)

    def redo(self) -> None:
        """Forth again to what was undone, if anything was."""
        self._step(self._later, self._earlier)

    def _step(self, source: list[Recipe], target: list[Recipe]) -> None:
        if source:
            target.append(self._recipe)
            self._recipe = source.pop()
            self._last_value = ""
            self.changed.emit()

    def _goes_on_typing(self, recipe: Recipe) -> bool:
        """Whether only that value changes which changed a moment ago."""
        now, then = time.monotonic(), self._last_time_s
        earlier, later = (dict(_values(recipe_document(one))) for one in (self._recipe, recipe))
        differing = [where for where in earlier.keys() | later.keys() if earlier.get(where) != later.get(where)]
        same = differing == [self._last_value] and now - then < TYPING_PAUSE_S
        self._last_value = differing[0] if len(differing) == 1 else ""
        self._last_time_s = now
        return same


def _values(document: object, where: str = "") -> Iterator[tuple[str, object]]:
    """Every plain value of a nested document with its place; a list of plain ones is one: it is typed in one line."""
    if isinstance(document, dict):
        for key, value in document.items():
            yield from _values(value, f"{where}.{key}")
    elif isinstance(document, list) and any(isinstance(value, dict | list) for value in document):
        for place, value in enumerate(document):
            yield from _values(value, f"{where}[{place}]")
    else:
        yield where, document
