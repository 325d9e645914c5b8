"""Chooses the weights to begin with: a path, or one of the files on this machine that fit the network."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.backbones.backbone import BACKBONES, layer_graph
from engine.contract.path_need import PathNeed
from engine.contract.progress import Progress
from engine.contract.recipe import Recipe
from engine.feeding.pipeline import network_input_shape
from engine.graph.layer_graph import LayerGraph
from engine.language.speech import tr
from engine.preferences.entries.weights_folder import WeightsFolder
from engine.preferences.preferences_file import read_preferences
from engine.weights.found_weights import (
    SUFFIXES,
    FoundWeights,
    earlier_networks,
    fitting,
    keras_cache,
    torch_cache,
    weights_in,
)
from ui.form.calm_fields import CalmComboBox
from ui.form.path_field import PathField
from workers.latest_call import LatestCall

UNKNOWN_CLASSES = 2


class WeightsChooser(QWidget):
    """A path field, and below it what was found; looks in a thread of its own."""

    edited = Signal(str)
    """The path, as the user changed it."""

    def __init__(self, runs_directory: Path) -> None:
        super().__init__()
        self.runs_directory = runs_directory
        self._sought: object = None
        self._path = PathField(
            "backbone.weights",
            tr("Weights file"),
            tr("random weights"),
            PathNeed(suffixes=SUFFIXES),
            self._nearest_folder,
        )
        self._found = CalmComboBox(objectName="backbone.found_weights", accessibleName=tr("Matching weights files"))
        self._found.setToolTip(tr("From the folders of Keras and PyTorch, the weights folder and earlier runs"))
        self._found.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._path)
        layout.addWidget(self._found)
        self._search = LatestCall("weights search", self)  # not shown
        self._search.succeeded.connect(self._on_found)
        self._path.edited.connect(self.edited)
        self._found.activated.connect(self._on_chosen)

    def editors(self) -> list[QWidget]:
        """The widgets, for the order of the Tab key."""
        return [*self._path.editors(), self._found]

    def path(self) -> str:
        return self._path.path()

    def set_path(self, path: str) -> None:
        """Show a path; does not count as an edit."""
        self._path.set_path(path)

    def show_network(self, recipe: Recipe, class_count: int | None) -> None:
        """Look for files that fit the recipe's network, unless that was done already."""
        backbone = recipe.backbone.model_copy(update={"weights": ""})
        sought = (backbone, recipe.images, class_count, self._folders(), self.runs_directory)
        if sought == self._sought:
            return
        self._sought = sought
        self._on_found(())
        if backbone.kind not in BACKBONES:
            self._search.call_off()
            return
        folders, runs_directory = self._folders(), self.runs_directory

        def look(progress: Progress) -> tuple[FoundWeights, ...]:
            shape = network_input_shape(recipe.images.first)

            def graph_of(path: Path) -> LayerGraph:
                with_weights = backbone.model_copy(update={"weights": str(path)})
                return layer_graph(with_weights, shape, class_count or UNKNOWN_CLASSES)

            candidates = chain(weights_in(folders), earlier_networks(runs_directory))
            return tuple(fitting(graph_of, candidates, progress))

        self._search.request(look)

    def shut_down(self) -> None:
        """End the thread."""
        self._search.shut_down()

    def _folders(self) -> tuple[Path, ...]:
        preferred = read_preferences().value(WeightsFolder)
        caches = (keras_cache(), torch_cache())
        return (*caches, preferred) if preferred else caches

    def _nearest_folder(self) -> str:
        """Where the dialogue opens."""
        return str(read_preferences().value(WeightsFolder) or keras_cache())

    def _on_found(self, found: tuple[FoundWeights, ...]) -> None:
        self._found.clear()
        self._found.addItem(
            tr("{count} matching weights files found", count=len(found))
            if len(found) != 1
            else tr("1 matching weights file found")
        )
        for one in found:
            self._found.addItem(one.title, str(one.path))
            self._found.setItemData(self._found.count() - 1, str(one.path), Qt.ItemDataRole.ToolTipRole)
        self._found.setVisible(bool(found))

    def _on_chosen(self, place: int) -> None:
        if path := self._found.itemData(place):
            self._path.choose(path)
        self._found.setCurrentIndex(0)
