"""Which layers of a network can take their weights from a file, by name and shape. No TensorFlow."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace

from engine.contract.errors import DataError
from engine.graph.layer_graph import Layer, LayerGraph
from engine.weights.keras_order import in_keras_order
from engine.weights.snake_case import snake_case
from engine.weights.stored_layer import Shape, StoredLayer
from engine.weights.stored_weights import StoredWeights

MIN_SHARE = 0.5
"""Of the base's layers: a file that fits fewer is that of another network."""
NAMED = 3
"""How many layers a sentence names."""
_NUMBER = re.compile(r"_\d+$")


@dataclass(frozen=True)
class WeightsMatch:
    """What a network takes from a file, and what not."""

    taken: tuple[tuple[str, StoredLayer], ...]
    """Layer of the network → layer of the file."""
    base_layers: int
    """Layers of the base that have weights."""
    missing: tuple[str, ...]
    """Layers of the base that the file does not have."""
    reshaped: tuple[str, ...]
    """Layers of the base that have another shape in the file."""
    incomplete: tuple[tuple[str, str], ...]
    """Layers of the base of which the file has a part → the arrays that it does not have."""
    head_taken: bool
    unused: tuple[str, ...]
    """Layers of the file that the network does not have."""

    @property
    def is_partial(self) -> bool:
        """Whether a layer of the base begins with random weights."""
        return self.base_taken < self.base_layers

    @property
    def base_taken(self) -> int:
        """Layers of the base that take their weights from the file."""
        return self.base_layers - len(self.missing) - len(self.reshaped) - len(self.incomplete)

    @property
    def is_whole(self) -> bool:
        """Whether nothing begins with random weights."""
        return self.head_taken and not self.is_partial

    def sentence(self) -> str:
        """What was taken, and what was not."""
        parts = [f"{self.base_taken} of {self.base_layers} layers of the base take their weights from the file"]
        if self.missing:
            parts.append(f"the file does not have {_some(self.missing)}")
        if self.incomplete:
            lacking = [f"{arrays} of {name}" for name, arrays in self.incomplete]
            parts.append(f"the file does not have {_some(lacking)}")
        if self.reshaped:
            parts.append(f"another shape in the file: {_some(self.reshaped)}")
        parts.append("the head does too" if self.head_taken else "the head begins with random weights")
        if self.unused:
            parts.append(f"not used of the file: {_some(self.unused)}")
        return "; ".join(parts) + "."


def weight_shapes(layer: Layer, channels: int) -> tuple[Shape, ...]:
    """The shapes of a layer's arrays in Keras' order; `channels` are those of its input."""
    bias = layer.settings.get("use_bias", True)
    match layer.kind:
        case "Conv2D":
            filters = layer.shape[-1]
            kernel: Shape = (*_pair(layer.settings["kernel_size"]), channels, filters)
            return (kernel, (filters,)) if bias else (kernel,)
        case "DepthwiseConv2D":
            kernel = (*_pair(layer.settings["kernel_size"]), channels, 1)
            return (kernel, (channels,)) if bias else (kernel,)
        case "PReLU":
            shared = layer.settings.get("shared_axes") or ()
            return (tuple(1 if axis in shared else side for axis, side in enumerate(layer.shape, start=1)),)
        case "Dense":
            units = layer.shape[-1]
            return ((channels, units), (units,)) if bias else ((channels, units),)
        case "BatchNormalization":
            learned = sum(bool(layer.settings.get(part, True)) for part in ("scale", "center"))
            return ((channels,),) * (learned + 2)
        case _:
            return ()


def match_weights(graph: LayerGraph, stored: StoredWeights) -> WeightsMatch:
    """Match a network with a file.

    Layers go by their names; in a file without names, by their order among layers of one class.

    Raises:
        DataError: the file is that of another architecture, or of another width.
    """
    weighted = [layer for layer in in_keras_order(graph) if layer.parameters]
    shapes = _shapes(graph, weighted)
    whole = _by_name(weighted, stored) if stored.has_names else _by_order(weighted, stored)
    found = {layer.name: _part(whole[layer.name], layer) for layer in weighted if layer.name in whole}
    used = {stored_layer.name for stored_layer in whole.values()} | _constants(graph, stored)
    fitting = {name: layer for name, layer in found.items() if layer.shapes == shapes[name]}
    base = [layer.name for layer in weighted if not layer.in_head]
    others = [name for name in base if name in found and name not in fitting]
    lacking = {name: found[name].lacking(len(shapes[name])) for name in others}
    match = WeightsMatch(
        taken=tuple(fitting.items()),
        base_layers=len(base),
        missing=tuple(name for name in base if name not in found),
        reshaped=tuple(name for name in others if not lacking[name]),
        incomplete=tuple((name, arrays) for name, arrays in lacking.items() if arrays),
        head_taken=any(layer.in_head and layer.name in fitting for layer in weighted),
        unused=tuple(layer.name for layer in stored.layers if layer.name and layer.name not in used),
    )
    _refuse_another(match, base, shapes, found, stored, used)
    return match


def fitting_layers(graph: LayerGraph, stored: StoredWeights) -> int:
    """How many layers of the base a file with names has, with the same shapes."""
    weighted = [layer for layer in graph.layers if layer.parameters and not layer.in_head]
    found, shapes = _by_name(weighted, stored), _shapes(graph, weighted)
    return sum(
        layer.name in found and _part(found[layer.name], layer).shapes == shapes[layer.name] for layer in weighted
    )


def named_layers(graph: LayerGraph, stored: StoredWeights) -> dict[str, StoredLayer]:
    """Layers of the base → those of a file with names that are called the same, whatever their shapes."""
    weighted = [layer for layer in graph.layers if layer.parameters and not layer.in_head]
    return _by_name(weighted, stored)


def _shapes(graph: LayerGraph, weighted: Sequence[Layer]) -> dict[str, tuple[Shape, ...]]:
    channels = {layer.name: layer.shape[-1] for layer in graph.layers}
    return {layer.name: weight_shapes(layer, channels[layer.inputs[0]]) for layer in weighted}


def _constants(graph: LayerGraph, stored: StoredWeights) -> set[str]:
    """Layers of the file whose weights are settings here; Keras numbers those that its networks do not name."""
    return {layer.name for layer in stored.layers if _NUMBER.sub("", layer.name) in graph.constants} | graph.constants


def _refuse_another(
    match: WeightsMatch,
    base: Sequence[str],
    shapes: dict[str, tuple[Shape, ...]],
    found: dict[str, StoredLayer],
    stored: StoredWeights,
    used: Set[str],
) -> None:
    """Raises: DataError."""
    what = f"The weights file {stored.path.name} is not of this network"
    if match.missing and match.base_layers == len(match.missing):
        theirs = _some([layer.name for layer in stored.layers if layer.name])
        raise DataError(
            f"{what}: its layers are {theirs}, the network's {_some(base)}; choose the file's own backbone."
        )
    if between := _foreign_between(stored, used):
        raise DataError(f"{what}: it has {_some(between)} besides; choose the file's own backbone.")
    taken = match.base_taken
    strict = not stored.has_names and taken < match.base_layers - 1
    if strict or taken < MIN_SHARE * match.base_layers:
        name = (*match.reshaped, *(one for one, _ in match.incomplete), *match.missing)[0]
        theirs = "not there" if name not in found else " and ".join(map(_times, found[name].shapes))
        ours = " and ".join(map(_times, shapes[name]))
        raise DataError(
            f"{what}: it fits {taken} of {match.base_layers} layers, and {name}, {ours} here, is {theirs} there; "
            "choose the file's own backbone and width (1 for the usual files)."
        )


def _by_name(weighted: Sequence[Layer], stored: StoredWeights) -> dict[str, StoredLayer]:
    known = {layer.name: layer for layer in stored.layers}
    names = {layer.name: (layer.stored.name if layer.stored else layer.name, layer.name) for layer in weighted}
    theirs = {ours: next(filter(known.get, both), "") for ours, both in names.items()}
    return {ours: known[name] for ours, name in theirs.items() if name}


def _part(stored: StoredLayer, layer: Layer) -> StoredLayer:
    """Those of a stored layer's arrays that are this layer's, in its layout."""
    stored = stored.of_depth() if layer.kind == "DepthwiseConv2D" else stored
    if layer.stored is None or not layer.stored.arrays or max(layer.stored.arrays) >= len(stored.places):
        return stored
    chosen = layer.stored.arrays
    return replace(
        stored,
        places=tuple(stored.places[place] for place in chosen),
        shapes=tuple(stored.shapes[place] for place in chosen),
    )


def _by_order(weighted: Sequence[Layer], stored: StoredWeights) -> dict[str, StoredLayer]:
    places: Counter[str] = Counter()
    found = {}
    for layer in weighted:
        kind = snake_case(layer.kind)
        same = [other for other in stored.layers if other.kind == kind]
        if places[kind] < len(same):
            found[layer.name] = same[places[kind]]
        places[kind] += 1
    return found


def _foreign_between(stored: StoredWeights, used: Set[str]) -> list[str]:
    """Layers of the file that the network does not have, before the last that it has: not those of a head."""
    if not stored.has_names:
        return []
    foreign = []
    known = [layer for layer in stored.layers if layer.name in used]
    for axes in {len(layer.shapes[0]) for layer in known}:
        same = [layer for layer in stored.layers if len(layer.shapes[0]) == axes]
        last = max(place for place, layer in enumerate(same) if layer in known)
        foreign += [layer.name for layer in same[:last] if layer not in known and layer.name]
    return foreign


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")


def _times(shape: Shape) -> str:
    return "×".join(map(str, shape))


def _pair(size: int | Sequence[int]) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else (size[0], size[1])
