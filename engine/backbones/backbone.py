"""What a backbone is: a base of layers, found in the registry by its key. All have the same head."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Hashable
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from engine.contract.backbone_options import BACKBONE_OPTIONS, BackboneOptions
from engine.contract.backbone_settings import BackboneSettings
from engine.contract.errors import DataError, RecipeError
from engine.contract.registry import Registry
from engine.graph.graph_builder import GraphBuilder, TooSmall
from engine.graph.layer_graph import LayerGraph, Shape, StoredAs, Tensor
from engine.graph.layout import DEFAULT_LAYOUT, Layout
from engine.weights.matching import fitting_layers, named_layers
from engine.weights.stored_weights import file_states, read_stored_weights

PUBLISHED_INPUT = (224, 224, 3)
PUBLISHED_FILE = re.compile(r"_tf_dim_ordering_|_224_tf|^weights_mobilenet_v3_")
"""In the names of the weights files that Keras publishes."""
MAX_GRAPHS = 128
"""Graphs that are kept: a recipe that compares many image settings asks for each network again and again."""
Options = TypeVar("Options", bound=BackboneOptions)


class Architecture(ABC):
    """What a recipe's `backbone.kind` names."""

    key: ClassVar[str]
    title: ClassVar[str]
    paper: ClassVar[str]
    """Who described it."""
    takes_all_weights: ClassVar[bool] = False
    """Whether the network needs all weights of its file, including those of the head."""

    def __init__(self, options: object) -> None:
        """
        Args:
            options: as the backbone declares them; ignored if it declares none.
        """
        self.options: object = options

    @classmethod
    def classes_of(cls, settings: BackboneSettings) -> int:
        """How many classes the network distinguishes, if it is fixed; else 0."""
        return 0

    @classmethod
    def state_of(cls, settings: BackboneSettings) -> Hashable:
        """What the network depends on beside its settings, such as a file's time."""
        return None

    @classmethod
    def expected_scale(cls, settings: BackboneSettings) -> str:
        """The `images.scale` that the weights file was trained on; empty where that is not known."""
        return ""

    @classmethod
    def library(cls, settings: BackboneSettings) -> str:
        """Whose network the weights file makes it, such as "torchvision"; empty for the backbone as it is."""
        return ""

    @classmethod
    def reference(cls, settings: BackboneSettings) -> Path | None:
        """The saved model whose outputs the network must reproduce; None if there is none."""
        return None

    @abstractmethod
    def classifier(self, builder: GraphBuilder, settings: BackboneSettings, class_count: int) -> None:
        """Add all layers, from `builder.input` to the probabilities.

        Raises:
            RecipeError: it cannot be built for such images or so many classes.
        """


class Backbone(Architecture, Generic[Options]):
    """One architecture, one file: a base, before the head that all share. It may declare `BackboneOptions` beside."""

    smallest_side: ClassVar[int] = 8
    """Pixels; smaller images leave nothing after the last pooling."""
    published_scale: ClassVar[str] = ""
    """The `images.scale` that the weights which Keras publishes for it expect; empty where it publishes none."""
    layouts: ClassVar[tuple[Layout, ...]] = ()
    """As other libraries build it: a weights file of theirs, known by its layers, makes the network one of these."""
    options: Options

    @abstractmethod
    def base(self, builder: GraphBuilder) -> Tensor:
        """Add the layers from `builder.input` to the last feature map (height, width, channels)."""

    @classmethod
    def state_of(cls, settings: BackboneSettings) -> Hashable:
        return file_states(Path(settings.weights).expanduser()) if cls.layouts and settings.weights else None

    @classmethod
    def expected_scale(cls, settings: BackboneSettings) -> str:
        layout = cls(backbone_options(settings)).layout(settings)
        if layout.library:
            return layout.scale
        return cls.published_scale if PUBLISHED_FILE.search(Path(settings.weights).name) else ""

    @classmethod
    def library(cls, settings: BackboneSettings) -> str:
        return cls(backbone_options(settings)).layout(settings).library

    def layout(self, settings: BackboneSettings) -> Layout:
        """The one of which the settings' weights file has most layers, at another width at least by their names; the
        default where it has none of another."""
        if not self.layouts or not settings.weights:
            return DEFAULT_LAYOUT
        path = Path(settings.weights).expanduser()
        return _layout_of_file(type(self), backbone_options(settings), settings.width, path, file_states(path))

    def classifier(self, builder: GraphBuilder, settings: BackboneSettings, class_count: int) -> None:
        builder.layout = layout = self.layout(settings)
        builder.constants |= layout.unneeded
        try:
            features = self.base(builder)
        except TooSmall as error:
            height, width, _ = builder.input_shape
            raise RecipeError(
                f"backbone {self.key} has nothing left of a {height}×{width} image at layer {error}; "
                f"use images of at least {max(self.smallest_side, layout.smallest_side)} pixels after the wavelet "
                "transform."
            ) from None
        builder.in_head = True
        pooled = builder.global_average_pool(features) if settings.head == "gap" else builder.flatten(features)
        builder.stored = StoredAs(layout.head) if layout.head else None
        if sigmoid_output(settings, class_count):
            builder.dense(pooled, 1, "classifier", "sigmoid")
        else:
            builder.dense(pooled, class_count, "classifier", "softmax")


ARCHITECTURES: Registry[Architecture] = Registry("engine.backbones", Architecture, "backbone")
"""All that a recipe may name."""
BACKBONES: Registry[Backbone[Any]] = Registry("engine.backbones", Backbone, "backbone")
"""Those of a published architecture, that can be built at every width."""


def backbone_options(settings: BackboneSettings) -> BackboneOptions:
    """The options as set, or else the backbone's defaults; `BackboneOptions()` where it declares none."""
    if settings.options is not None:
        return settings.options
    return BACKBONE_OPTIONS[settings.kind]() if settings.kind in BACKBONE_OPTIONS else BackboneOptions()


def layer_graph(settings: BackboneSettings, input_shape: Shape, class_count: int) -> LayerGraph:
    """The whole classifier for images of `input_shape` (height, width, channels): base, pooling, one dense layer.

    Raises:
        RecipeError: the backbone is unknown, or cannot be built for such images or so many classes.
        DataError: the file that it is read from cannot be used.
    """
    return _layer_graph(settings, input_shape, class_count, ARCHITECTURES[settings.kind].state_of(settings))


@lru_cache(maxsize=MAX_GRAPHS)
def _layer_graph(settings: BackboneSettings, input_shape: Shape, class_count: int, state: Hashable) -> LayerGraph:
    """`state` tells networks apart that are read from one place at different times."""
    builder = GraphBuilder(input_shape, settings.width)
    ARCHITECTURES[settings.kind](backbone_options(settings)).classifier(builder, settings, class_count)
    return builder.graph()


@lru_cache(maxsize=MAX_GRAPHS)
def _layout_of_file(
    kind: type[Backbone[Any]], options: BackboneOptions, width: float, path: Path, state: Hashable
) -> Layout:
    try:
        stored = read_stored_weights(path)
    except DataError:
        return DEFAULT_LAYOUT
    if not stored.has_names:
        return DEFAULT_LAYOUT

    def fitting(layout: Layout) -> tuple[int, int]:
        builder = GraphBuilder(PUBLISHED_INPUT, width, layout=layout)
        kind(options).base(builder)
        graph = builder.graph()
        return fitting_layers(graph, stored), len(named_layers(graph, stored))

    # `max` takes the first of the best: the default where no other fits more.
    return max((DEFAULT_LAYOUT, *kind.layouts), key=fitting)


def full_size_parameters(key: str) -> int:
    """Parameters of a backbone's base as it was published, for colour images of 224×224."""
    return layer_graph(BackboneSettings(kind=key), PUBLISHED_INPUT, 2).base_parameters


def sigmoid_output(settings: BackboneSettings, class_count: int) -> bool:
    """Whether the network ends in one sigmoid unit (the second class's probability) rather than a softmax.

    Raises:
        RecipeError: one sigmoid unit was asked for with more than two classes.
    """
    if settings.output == "sigmoid" and class_count != 2:
        message = (
            f'backbone.output = "sigmoid" distinguishes only two classes, but there are {class_count}; use "auto".'
        )
        raise RecipeError(message)
    return settings.output == "sigmoid" or (settings.output == "auto" and class_count == 2)
