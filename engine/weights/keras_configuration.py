"""Reads which layers a saved Keras model has, from its JSON. Nothing of the file is run. No TensorFlow.

A model saved by Keras may hold code: Lambda layers are Python bytecode, which Keras runs as it loads. Here a file is
data: its configuration names classes and settings, and whoever builds a network from it chooses which to take.
"""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, TypeVar

from engine.contract.document import Document
from engine.contract.errors import DataError
from engine.weights.saved_model import LAYERS_FILE, saved_model_document, saved_model_folder
from engine.weights.snake_case import snake_case
from engine.weights.unreadable import UNREADABLE, reason_in_a_line

CACHED_FILES = 16
GIVE_MODEL = "give a .keras or .h5 file, or a SavedModel"
Use = TypeVar("Use")
MODELS = frozenset({"Functional", "Model", "Sequential"})


@dataclass(frozen=True)
class ConfiguredLayer:
    """One use of a layer as the file describes it; a model that is used as a layer stands as its own layers."""

    name: str
    """The layer's, with "_use2" and so on for a layer that is used again."""
    kind: str
    """The class's name."""
    settings: Document
    inputs: tuple[str, ...]
    """Names of uses."""
    stored_as: str
    """Its group in a weights file that goes by class and number, such as "functional/conv2d_1"."""
    layer: str
    """What the file calls it: equal in all uses of one layer."""
    call: Document = field(default_factory=dict)
    """What it is called with beside its inputs, such as training; without what is None."""


@dataclass(frozen=True)
class Configuration:
    """A saved model from its one input to its one output."""

    layers: tuple[ConfiguredLayer, ...]
    """Each after those that it takes its inputs from."""
    output: str
    """The use whose result the model gives."""


def read_configuration(path: Path) -> Configuration:
    """The layers of a saved model.

    Raises:
        DataError: it is not a saved Keras model, or its layers do not lead from one input to one output.
    """
    try:
        written_ns = _source(path).stat().st_mtime_ns
    except OSError as error:
        raise DataError(f"The model file {path} cannot be read ({error.strerror}); check the path.") from None
    try:
        return _read(path, written_ns)
    except RecursionError:
        raise DataError(f"{path} is not a saved Keras model (it is nested too deeply); {GIVE_MODEL}.") from None
    except UNREADABLE as error:
        reason = reason_in_a_line(error)
        raise DataError(f"{path} is not a saved Keras model ({reason}); {GIVE_MODEL}.") from None


def read_document(path: Path) -> Document:
    """The model's class and configuration as Keras wrote them.

    Raises:
        DataError: it is not a saved Keras model.
        OSError, LookupError, ValueError, TypeError, AttributeError, zipfile.BadZipFile: it is damaged.
    """
    return _document(path)


def keras_version(path: Path) -> int:
    """The first number of the version of Keras that wrote a saved model; 2 where it does not say."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            version = json.loads(archive.read("metadata.json")).get("keras_version", "2")
    elif saved_model_folder(path) is not None:
        version = "2"
    else:
        import h5py

        with h5py.File(path, "r") as file:
            version = file.attrs.get("keras_version", "2")
    text = version.decode() if isinstance(version, bytes) else str(version)
    return int(text.partition(".")[0])


@lru_cache(maxsize=CACHED_FILES)
def _read(path: Path, mtime_ns: int) -> Configuration:
    """The time shows whether the file was written again since it was read."""
    document = _document(path)
    inputs = _input_names(document)
    if len(inputs) > 1:
        raise DataError(f"{path} has {len(inputs)} inputs ({', '.join(inputs)}); a classifier of images has one.")
    model = _Model(document)
    try:
        layers, output = model.uses((), "", {})
    except DataError as error:
        raise DataError(f"{path}: {error}") from None
    owners: dict[str, str] = {}
    for layer in layers:
        if owners.setdefault(layer.layer, layer.stored_as) != layer.stored_as:
            raise DataError(f'{path} has two layers called "{layer.layer}"; give each its own name, and save it again.')
    layers = _with_input(layers)
    return Configuration(tuple(_in_order(layers, lambda one: one.name, lambda one: one.inputs)), output)


def _source(path: Path) -> Path:
    """The file that the layers are read from; its time shows whether it was written again."""
    folder = saved_model_folder(path)
    described = folder / LAYERS_FILE if folder else path
    return described if described.exists() else path


def _document(path: Path) -> Document:
    if (folder := saved_model_folder(path)) is not None:
        return saved_model_document(folder)
    if path.is_dir():
        raise DataError(f"{path} is a folder, but not a SavedModel; {GIVE_MODEL}.")
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return json.loads(archive.read("config.json"))
    import h5py

    with h5py.File(path, "r") as file:
        if "model_config" not in file.attrs:
            raise DataError(
                f"{path} holds weights without the layers that they belong to; choose the matching backbone, "
                "or save the whole model as a .keras file."
            )
        return json.loads(file.attrs["model_config"])


@dataclass(frozen=True)
class _Tensor:
    """What a use of a layer gives, as the file names it."""

    layer: str
    use: int


@dataclass(frozen=True)
class _Use:
    inputs: tuple[_Tensor, ...]
    call: Document


@dataclass(frozen=True)
class _Waiting:
    """A use of a layer that waits for its inputs."""

    layer: Document
    name: str
    stored_as: str
    number: int
    """Of this use, from 0."""
    use: _Use
    tensor: _Tensor
    """As others name its result."""


class _Model:
    """A model of the file, the outermost or one that is used as a layer."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._is_sequential = document["class_name"] == "Sequential"
        self._config = document["config"]

    def uses(
        self, fed: tuple[str, ...], group: str, call: Document, again: str = ""
    ) -> tuple[list[ConfiguredLayer], str]:
        """All uses of its layers, and the one whose result it gives.

        Args:
            fed: what it is fed where it is a layer of another; empty for the outermost.
            group: its own in a weights file, with a slash after it.
            call: what it is called with, which its layers take where they do not say otherwise.
            again: what the names of uses end in, where it is used again.
        """
        found: list[ConfiguredLayer] = []
        gives: dict[_Tensor, str] = {}
        numbers: Counter[str] = Counter()
        input_names = _input_names(self._document)
        before: _Tensor | None = None
        waiting: list[_Waiting] = []
        for layer in self._config["layers"]:
            kind = layer["class_name"]
            name = str(layer.get("name") or layer["config"]["name"])
            snake = snake_case(kind)
            stored_as = f"{group}{snake}_{numbers[snake]}" if numbers[snake] else f"{group}{snake}"
            numbers[snake] += 1
            if kind == "InputLayer" and fed:
                place = input_names.index(name) if name in input_names else 0
                gives[_Tensor(name, 0)] = fed[place]
            else:
                fed_by_last = (_Use((before,) if before else (), {}),)
                uses = fed_by_last if self._is_sequential else _uses(layer, name) or (_Use((), {}),)
                for (number, use), tensor in zip(enumerate(uses), self._tensors_of(name, len(uses)), strict=True):
                    waiting.append(_Waiting(layer, name, stored_as, number, use, tensor))
            before = _Tensor(name, 0)
        for one in _in_order(waiting, lambda one: one.tensor, lambda one: one.use.inputs):
            kind, settings = one.layer["class_name"], one.layer["config"]
            inputs = tuple(gives[tensor] for tensor in one.use.inputs) or (() if kind == "InputLayer" else fed)
            called = {key: value for key, value in call.items() if key == "training"} | one.use.call
            ending = again + (f"_use{one.number + 1}" if one.number else "")
            if kind in MODELS:
                inner, gives[one.tensor] = _Model(one.layer).uses(inputs, f"{one.stored_as}/layers/", called, ending)
                found += inner
            else:
                used = one.name + ending
                found.append(ConfiguredLayer(used, kind, settings, inputs, one.stored_as, one.name, called))
                gives[one.tensor] = used
        last = before if self._is_sequential else self._output()
        if last is None or last not in gives:
            raise DataError(f'"{self._config.get("name", "the model")}" does not say which layer gives its output.')
        return found, gives[last]

    @cached_property
    def _named(self) -> frozenset[_Tensor]:
        """All results that layers or the model's outputs name."""
        layers = self._config["layers"]
        used = {tensor for layer in layers for use in _uses(layer, layer["config"]["name"]) for tensor in use.inputs}
        return frozenset(used.union(_tensors_in(self._config["output_layers"])))

    def _tensors_of(self, name: str, uses: int) -> list[_Tensor]:
        """What the results of a layer's uses are called: Keras may have numbered them from 1, or with gaps."""
        named = [] if self._is_sequential else sorted(one.use for one in self._named if one.layer == name)
        return [_Tensor(name, number) for number in (named if len(named) == uses else range(uses))]

    def _output(self) -> _Tensor:
        outputs = _tensors_in(self._config["output_layers"])
        if len(outputs) != 1:
            raise DataError(
                f'"{self._config["name"]}" has {len(outputs)} outputs; a classifier has one. Save it with that one.'
            )
        return outputs[0]


def _input_names(document: Document) -> list[str]:
    """The input layers of a model in the order in which it is fed."""
    if document["class_name"] == "Sequential":
        return [
            layer["config"]["name"] for layer in document["config"]["layers"][:1] if layer["class_name"] == "InputLayer"
        ]
    return [tensor.layer for tensor in _tensors_in(document["config"].get("input_layers", []))]


def _uses(layer: Document, name: str) -> tuple[_Use, ...]:
    """How often a layer is called and with what, as Keras 2 or Keras 3 writes it."""
    found = []
    for node in layer.get("inbound_nodes") or []:
        if isinstance(node, dict):
            given, *others = node["args"]
            if others and any(one is not None for one in others):
                raise DataError(f'Layer "{name}" is called with more than its inputs; give a model without that.')
            call = {key: value for key, value in node["kwargs"].items() if value is not None}
            if _tensors_in(list(call.values())):
                raise DataError(f'Layer "{name}" is called with another layer\'s result as {", ".join(call)}.')
            found.append(_Use(tuple(_tensors_in(given)), call))
        else:
            # Keras 2 writes a tensor as [layer, use, output, arguments], and one that is fed alone may lie bare.
            tensors = tuple(_tensors_in(node))
            calls = [dict(one[3]) for one in _triples(node) if len(one) > 3 and one[3]]
            call = {key: value for one in calls for key, value in one.items() if value is not None}
            found.append(_Use(tensors, call))
    return tuple(found)


def _tensors_in(node: object) -> list[_Tensor]:
    """The tensors that a part of the configuration names, in their order.

    Raises:
        DataError: one is not the only result of its layer.
    """
    if isinstance(node, dict):
        if node.get("class_name") == "__keras_tensor__":
            return [_tensor(node["config"]["keras_history"])]
        return [tensor for value in node.values() for tensor in _tensors_in(value)]
    return [_tensor(one) for one in _triples(node)] + [
        tensor for one in _dictionaries(node) for tensor in _tensors_in(one)
    ]


def _tensor(history: list[Any]) -> _Tensor:
    layer, use, output = history[:3]
    if output:
        raise DataError(
            f'Of the layer "{layer}" result {output + 1} is used; only layers with one result are supported.'
        )
    return _Tensor(str(layer), int(use))


def _triples(node: object) -> Iterator[list[Any]]:
    """The lists [layer, use, output, …] in a part of the configuration."""
    if isinstance(node, list):
        if len(node) >= 3 and isinstance(node[0], str) and isinstance(node[1], int):
            yield node
        else:
            for value in node:
                yield from _triples(value)


def _dictionaries(node: object) -> Iterator[Document]:
    if isinstance(node, dict):
        yield node
    elif isinstance(node, list) and not (len(node) >= 3 and isinstance(node[0], str)):
        for value in node:
            yield from _dictionaries(value)


def _with_input(layers: list[ConfiguredLayer]) -> list[ConfiguredLayer]:
    """With the input layer that a sequential model may leave to its first layer."""
    if any(layer.kind == "InputLayer" for layer in layers):
        return layers
    first, *others = layers
    shape = {key: first.settings[key] for key in ("batch_input_shape", "batch_shape") if first.settings.get(key)}
    name = f"input of {first.name}"
    image = ConfiguredLayer(name, "InputLayer", shape, (), "", name)
    return [image, replace(first, inputs=(name,)), *others]


def _in_order(
    uses: Sequence[Use], name: Callable[[Use], Hashable], inputs: Callable[[Use], Sequence[Hashable]]
) -> list[Use]:
    """Each after those that feed it, otherwise as they come; what feeds none of them is there already."""
    own = {name(use) for use in uses}
    done: set[Hashable] = set()
    order: list[Use] = []
    waiting = list(uses)
    while waiting:
        later = []
        for use in waiting:
            if all(one in done or one not in own for one in inputs(use)):
                order.append(use)
                done.add(name(use))
            else:
                later.append(use)
        if len(later) == len(waiting):
            raise DataError("The model's layers form a cycle.")
        waiting = later
    return order
