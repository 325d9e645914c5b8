"""Any classifier that Keras saved, as the network to train on or to compress as it is."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import ClassVar

from engine.backbones.backbone import Architecture
from engine.backbones.graph import Tensor
from engine.backbones.graph_builder import GraphBuilder, TooSmall
from engine.backbones.keras_layers import NoPlainLayer, add_layer
from engine.contract.backbone_settings import BackboneSettings
from engine.contract.errors import RecipeError
from engine.weights.keras_configuration import ConfiguredLayer, read_configuration
from engine.weights.stored_weights import file_states

WEIGHTED = frozenset({"Conv2D", "DepthwiseConv2D", "Dense", "BatchNormalization"})


class KerasFile(Architecture):
    """Its layers are read from the file's JSON, and only plain ones are built: no Lambda or custom code runs."""

    key: ClassVar[str] = "keras_file"
    title: ClassVar[str] = "A model file of Keras"
    paper: ClassVar[str] = "The classifier in the weights file, with its own head."
    takes_all_weights: ClassVar[bool] = True

    @classmethod
    def classes_of(cls, settings: BackboneSettings) -> int:
        layers = read_configuration(Path(settings.weights).expanduser())
        units = [layer.settings["units"] for layer in layers if layer.kind == "Dense"]
        return max(units[-1], 2) if units else 0

    @classmethod
    def state_of(cls, settings: BackboneSettings) -> Hashable:
        return file_states(Path(settings.weights).expanduser())

    @classmethod
    def expected_scale(cls, settings: BackboneSettings) -> str:
        """What a rescaling within the network is left out for."""
        layers = read_configuration(Path(settings.weights).expanduser())
        return "unit" if any(layer.kind == "Rescaling" for layer in layers) else ""

    def classifier(self, builder: GraphBuilder, settings: BackboneSettings, class_count: int) -> None:
        if not settings.weights:
            raise RecipeError('backbone.kind = "keras_file" is the model in a file; give it as backbone.weights.')
        if settings.width != 1:
            raise RecipeError("A network from a file has the width that it has; set backbone.width = 1.")
        path = Path(settings.weights).expanduser()
        try:
            self._check_classes(path, self._add_layers(builder, path), builder, class_count)
        except NoPlainLayer as error:
            raise RecipeError(f"{path.name}: {error}; build the network from plain layers.") from None
        except TooSmall as error:
            raise RecipeError(f"{path.name} has nothing left of such an image at layer {error}.") from None

    def _add_layers(self, builder: GraphBuilder, path: Path) -> Tensor:
        """All layers of the file; returns the output."""
        layers = read_configuration(path)
        last_weighted = max((place for place, layer in enumerate(layers) if layer.kind in WEIGHTED), default=-1)
        tensors: dict[str, Tensor] = {}
        output = builder.input
        for place, layer in enumerate(layers):
            builder.in_head = place >= last_weighted
            if layer.kind == "InputLayer":
                self._check_input(path, layer, builder)
                output = builder.input
            else:
                inputs = tuple(tensors[name] for name in layer.inputs) or (builder.input,)
                output = add_layer(builder, layer.kind, layer.name, layer.settings, inputs)
            tensors[layer.name] = output
        read = {name for layer in layers for name in layer.inputs}
        if len(ends := [layer.name for layer in layers if layer.name not in read]) != 1:
            raise RecipeError(f"{path.name} has {len(ends)} outputs ({', '.join(ends)}); a classifier has one.")
        return tensors[ends[0]]

    def _check_input(self, path: Path, layer: ConfiguredLayer, builder: GraphBuilder) -> None:
        shape = tuple(layer.settings.get("batch_input_shape") or layer.settings["batch_shape"])[1:]
        ours = builder.input_shape
        if len(shape) != 3 or any(side not in (None, own) for side, own in zip(shape, ours, strict=True)):
            wanted = " × ".join("any" if side is None else str(side) for side in shape)
            raise RecipeError(
                f"{path.name} takes images of {wanted}, and the recipe's are {' × '.join(map(str, ours))}; "
                "change images.size, images.color or the wavelet transform."
            )

    def _check_classes(self, path: Path, output: Tensor, builder: GraphBuilder, class_count: int) -> None:
        """Also lets a network that ends in logits end in probabilities."""
        if len(output.shape) != 1:
            raise RecipeError(f"{path.name} ends in a feature map, and is no classifier; choose one with its head.")
        (units,) = output.shape
        if units != (1 if units == 1 and class_count == 2 else class_count):
            raise RecipeError(
                f"{path.name} tells {max(units, 2)} classes apart, and the images have {class_count}; choose as many "
                "with dataset.classes, or another file."
            )
        last = builder.layers[output.name]
        if last.settings.get("activation") not in ("softmax", "sigmoid"):
            builder.activation(output, "sigmoid" if units == 1 else "softmax", "probabilities")
