"""The list of backbones, by family and number, with the parameters that each has in this study."""

from __future__ import annotations

import re
from collections.abc import Callable

from PySide6.QtCore import Qt

from engine.backbones.backbone import ARCHITECTURES, BACKBONES, layer_graph
from engine.contract.errors import NutshellError
from engine.contract.recipe import Recipe
from engine.feeding.pipeline import network_input_shape
from engine.language.speech import tr
from ui.form.calm_fields import CalmComboBox

UNKNOWN_CLASSES = 2
_PARTS = re.compile(r"(.*?)(\d*)")


class BackboneList(CalmComboBox):
    """Counts the parameters when it opens: of all backbones that takes a moment."""

    def __init__(self, name: str, study: Callable[[], tuple[Recipe, int | None]]) -> None:
        """
        Args:
            study: the recipe that is edited, and how many classes its images have, where that is known.
        """
        super().__init__(objectName=name, accessibleName=tr("Backbone"))
        self._study = study
        for place, key in enumerate(sorted(ARCHITECTURES, key=_by_family)):
            self.addItem(tr(ARCHITECTURES[key].title), key)
            self.setItemData(place, ARCHITECTURES[key].paper, Qt.ItemDataRole.ToolTipRole)

    def show_kind(self, key: str) -> None:
        """Show a backbone; does not count as a choice."""
        self.blockSignals(True)
        self.setCurrentIndex(self.findData(key))
        self.blockSignals(False)

    def showPopup(self) -> None:
        recipe, classes = self._study()
        for place in range(self.count()):
            key = self.itemData(place)
            self.setItemText(place, _title(key, recipe, classes or UNKNOWN_CLASSES))
        super().showPopup()

    def hidePopup(self) -> None:
        super().hidePopup()
        for place in range(self.count()):
            self.setItemText(place, tr(ARCHITECTURES[self.itemData(place)].title))


def _title(key: str, recipe: Recipe, classes: int) -> str:
    """Such as "ResNet-18: 704,625 parameters"."""
    title = tr(ARCHITECTURES[key].title)
    if key not in BACKBONES:
        return title
    settings = recipe.backbone.model_copy(update={"kind": key, "options": None, "weights": ""})
    try:
        graph = layer_graph(settings, network_input_shape(recipe.images.first), classes)
    except NutshellError:
        return tr("{title}: not for images of this size", title=title)
    return tr("{title}: {parameters:,} parameters", title=title, parameters=graph.parameters)


def _by_family(key: str) -> tuple[bool, str, int]:
    """The built-in ones first; resnet8 before resnet18."""
    name, number = _PARTS.fullmatch(key).groups()  # type: ignore[union-attr]
    return key not in BACKBONES, name, int(number or 0)
