"""Any classifier that Keras saved, as the network to train on or to compress as it is."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import ClassVar

import numpy as np

from engine.backbones.backbone import Architecture
from engine.backbones.input_scaling import AS_GIVEN, KINDS, Affine, affine_in, input_scaling
from engine.contract.backbone_settings import BackboneSettings
from engine.contract.errors import RecipeError
from engine.graph.graph_builder import GraphBuilder, TooSmall
from engine.graph.keras_layers import INERT, NoPlainLayer, add_layer, refuse_unknown_call
from engine.graph.layer_graph import StoredAs, Tensor
from engine.weights.keras_configuration import ConfiguredLayer, read_configuration
from engine.weights.stored_weights import file_states

NO_LOGITS = frozenset({"relu", "relu6", "softplus", "exponential"})
WEIGHTED = frozenset({"Conv2D", "DepthwiseConv2D", "SeparableConv2D", "Dense", "BatchNormalization"})


class KerasFile(Architecture):
    """Its layers are read from the file's JSON, and only plain ones are built: no Lambda or custom code runs."""

    key: ClassVar[str] = "keras_file"
    title: ClassVar[str] = "Keras model file"
    paper: ClassVar[str] = "The classifier in the weights file, with its own head."
    takes_all_weights: ClassVar[bool] = True

    @classmethod
    def classes_of(cls, settings: BackboneSettings) -> int:
        layers = read_configuration(_path(settings)).layers
        units = [layer.settings["units"] for layer in layers if layer.kind == "Dense"]
        return max(units[-1], 2) if units else 0

    @classmethod
    def state_of(cls, settings: BackboneSettings) -> Hashable:
        return file_states(_path(settings))

    @classmethod
    def expected_scale(cls, settings: BackboneSettings) -> str:
        """What a rescaling at the network's beginning is left out for."""
        return input_scaling(_path(settings)).scale

    @classmethod
    def reference(cls, settings: BackboneSettings) -> Path:
        return _path(settings)

    def classifier(self, builder: GraphBuilder, settings: BackboneSettings, class_count: int) -> None:
        if not settings.weights:
            raise RecipeError('backbone.kind = "keras_file" is the model in a file; give it as backbone.weights.')
        if settings.width != 1:
            raise RecipeError("A network from a file has a fixed width; set backbone.width = 1.")
        path = _path(settings)
        try:
            self._check_classes(path, self._add_layers(builder, path), builder, class_count)
        except NoPlainLayer as error:
            raise RecipeError(f"{path.name}: {error}; build the network from plain layers.") from None
        except TooSmall as error:
            raise RecipeError(f"{path.name} reduces such an image to nothing at layer {error}.") from None

    def _add_layers(self, builder: GraphBuilder, path: Path) -> Tensor:
        """All layers of the file; returns the output."""
        configuration = read_configuration(path)
        layers = configuration.layers
        last_weighted = max((place for place, layer in enumerate(layers) if layer.kind in WEIGHTED), default=-1)
        scalings = _Scalings(path, builder)
        tensors: dict[str, Tensor] = {}
        for place, layer in enumerate(layers):
            builder.in_head = place >= last_weighted
            if layer.kind == "InputLayer":
                self._check_input(path, layer, builder)
                scalings.begin(layer.name)
            elif scalings.takes(layer):
                scalings.add(layer, tensors)
            else:
                inputs = tuple(scalings.tensor(name, tensors) for name in layer.inputs)
                builder.stored = StoredAs(layer.layer) if layer.layer != layer.name else None
                tensors[layer.name] = add_layer(builder, layer.kind, layer.name, layer.settings, inputs, layer.call)
        builder.stored = None
        return scalings.tensor(configuration.output, tensors)

    def _check_input(self, path: Path, layer: ConfiguredLayer, builder: GraphBuilder) -> None:
        ours = builder.input_shape
        given = layer.settings.get("batch_input_shape") or layer.settings.get("batch_shape") or (None, *ours)
        shape = tuple(given)[1:]
        if len(shape) != 3 or any(side not in (None, own) for side, own in zip(shape, ours, strict=True)):
            wanted = " × ".join("any" if side is None else str(side) for side in shape)
            raise RecipeError(
                f"{path.name} takes images of {wanted}, and the recipe's are {' × '.join(map(str, ours))}; "
                "change images.size, images.color or the wavelet transform."
            )

    def _check_classes(self, path: Path, output: Tensor, builder: GraphBuilder, class_count: int) -> None:
        """Also lets a network that ends in logits end in probabilities."""
        if len(output.shape) != 1:
            raise RecipeError(
                f"{path.name} ends in a feature map, so it is not a classifier; choose a file that includes the head."
            )
        (units,) = output.shape
        if units != (1 if units == 1 and class_count == 2 else class_count):
            raise RecipeError(
                f"{path.name} tells {max(units, 2)} classes apart, but the images have {class_count}; choose that "
                f"many with dataset.classes, or another file."
                ""
            )
        last = builder.layers[output.name]
        if last.kind == "ReLU" or last.settings.get("activation") in NO_LOGITS:
            raise RecipeError(
                f"{path.name} ends in a ReLU, so its outputs are not logits; let it end in softmax, sigmoid or no "
                f"activation, and save it again."
                ""
            )
        if last.settings.get("activation") not in ("softmax", "sigmoid"):
            builder.activation(output, "sigmoid" if units == 1 else "softmax", "probabilities")


class _Scalings:
    """Layers that only scale: at the beginning of a network they are what it is fed, elsewhere a layer of our own."""

    def __init__(self, path: Path, builder: GraphBuilder) -> None:
        self._path = path
        self._builder = builder
        self._fed = input_scaling(path)
        self._of_images: dict[str, Affine] = {}
        """Uses that are an affine function of the images → that function."""
        self._made: dict[str, Tensor] = {}

    def begin(self, name: str) -> None:
        self._of_images[name] = AS_GIVEN

    def takes(self, layer: ConfiguredLayer) -> bool:
        """Whether this layer is for `add`."""
        return layer.kind in KINDS or (layer.kind in INERT and layer.inputs[0] in self._of_images)

    def add(self, layer: ConfiguredLayer, tensors: dict[str, Tensor]) -> None:
        (source,) = layer.inputs
        channels = self._channels(source, tensors)
        if layer.kind in INERT:
            refuse_unknown_call(layer.kind, layer.name, layer.call)
            self._of_images[layer.name] = self._of_images[source]
            return
        affine = affine_in(self._path, layer, channels)
        if layer.kind == "Normalization":
            self._builder.constants.add(layer.layer)
        if source in self._of_images:
            self._of_images[layer.name] = self._of_images[source].then(affine.factor, affine.offset)
        else:
            tensors[layer.name] = self._scaled(tensors[source], affine, layer.name)

    def tensor(self, name: str, tensors: dict[str, Tensor]) -> Tensor:
        """What a use gives, as a layer of the network."""
        if name not in self._of_images:
            return tensors[name]
        if name not in self._made:
            affine = self._fed.of_fed(self._of_images[name])
            same = affine.equals(1, 0)
            self._made[name] = self._builder.input if same else self._scaled(self._builder.input, affine, name)
        return self._made[name]

    def _channels(self, name: str, tensors: dict[str, Tensor]) -> int:
        return (self._builder.input if name in self._of_images else tensors[name]).shape[-1]

    def _scaled(self, x: Tensor, affine: Affine, name: str) -> Tensor:
        count = max(len(affine.factor), len(affine.offset))
        factor, offset = (np.broadcast_to(one, (count,)) for one in (affine.factor, affine.offset))
        called = f"{name}_scaled" if name in self._builder.layers or name in self._of_images else name
        return self._builder.channel_scaling(x, tuple(map(float, factor)), tuple(map(float, offset)), called)


def _path(settings: BackboneSettings) -> Path:
    return Path(settings.weights).expanduser()
