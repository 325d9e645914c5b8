"""Cross-layer equalisation of a float32 `.tflite`, to see what it is worth (Nagel et al. 2019, section 4.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.export.model_part import CutModel
from engine.measurement.observed_network import ObservedNetwork
from engine.measurement.tflite_graph import BIAS_INPUT, OUTPUT_CHANNEL_AXIS
from engine.steps.post_training_quantization.replaced_constants import Place, with_constants

By = Literal["weights", "activations"]
PASSED_THROUGH = ("RELU", "MAX_POOL_2D", "AVERAGE_POOL_2D", "MEAN")
"""A positive factor of a channel goes through them."""
HOMOGENEOUS = ("NONE", "RELU")
INPUT_CHANNEL_AXIS: Mapping[str, int] = {"CONV_2D": 3, "DEPTHWISE_CONV_2D": 3, "FULLY_CONNECTED": 1}
SWEEPS = 20
MAX_FACTOR = 1e3
"""Of one sweep; a channel that hardly weighs anything would get any other."""


@dataclass(frozen=True)
class _Pair:
    """Two layers, the second of which alone reads the channels of the first."""

    first: int
    second: int
    channels: str
    """Name of the tensor that the first gives."""


def equalized(float32: bytes, by: By, images: Sequence[np.ndarray]) -> tuple[bytes, int]:
    """The file with the ranges of channels made alike, and how many pairs of layers that was done in.

    A channel of the first layer is divided by s and that of the second multiplied by it; float32 outputs stay the same.

    Args:
        by: "weights": s = sqrt(r1 / r2) of the ranges of both layers' weights (equation 11), again and again;
            "activations": the largest value of each channel becomes the largest of all.
        images: float32 (height, width, channels) each as the network is fed, for "activations".
    """
    cut = CutModel(float32)
    pairs = list(_pairs(cut))
    values: dict[Place, np.ndarray] = {}
    for number in {number for pair in pairs for number in (pair.first, pair.second)}:
        for slot, place in enumerate(cut.inputs(number)[1:], start=1):
            constant = cut.constant(place) if place >= 0 else None
            if constant is not None:
                values[number, slot] = constant.astype(np.float64)
    if by == "activations":
        largest = _largest(float32, {pair.channels for pair in pairs}, images)
        for pair in pairs:
            found = largest[pair.channels]
            _scale(cut, values, pair, found / found.max())
    for _ in range(SWEEPS if by == "weights" else 0):
        for pair in pairs:
            outgoing, incoming = _channels(cut, values, pair)
            factors = np.divide(outgoing, incoming, where=incoming > 0, out=np.zeros_like(incoming))
            _scale(cut, values, pair, np.sqrt(factors))
    return with_constants(float32, {place: one.astype(np.float32) for place, one in values.items()}), len(pairs)


def _pairs(cut: CutModel) -> Iterator[_Pair]:
    readers: dict[int, list[int]] = {}
    for number in range(cut.count):
        for place in cut.inputs(number):
            readers.setdefault(place, []).append(number)
    for first in range(cut.count):
        if not _is_weighted(cut, first) or cut.activation(first) not in HOMOGENEOUS:
            continue
        place = cut.outputs(first)[0]
        channels = cut.shape(place)[-1]
        while len(readers.get(place, ())) == 1 and place != cut.answer:
            (reader,) = readers[place]
            kind = cut.kind(reader)
            if kind in INPUT_CHANNEL_AXIS and _is_weighted(cut, reader) and cut.inputs(reader)[0] == place:
                kernel = cut.shape(cut.inputs(reader)[1])
                if kernel[INPUT_CHANNEL_AXIS[kind]] == channels:
                    yield _Pair(first, reader, cut.name(cut.outputs(first)[0]))
                break
            place = cut.outputs(reader)[0]
            is_passed = kind in PASSED_THROUGH and cut.activation(reader) in HOMOGENEOUS
            if not is_passed or cut.shape(place)[-1] != channels:
                break


def _is_weighted(cut: CutModel, number: int) -> bool:
    """Whether it has a kernel, and a bias if any, that lie in the file."""
    constants = [place for place in cut.inputs(number)[1:] if place >= 0]
    return cut.kind(number) in INPUT_CHANNEL_AXIS and all(cut.constant(place) is not None for place in constants)


def _channels(cut: CutModel, values: Mapping[Place, np.ndarray], pair: _Pair) -> tuple[np.ndarray, np.ndarray]:
    """The largest weight of each channel in both layers."""

    def largest(number: int, axis: int) -> np.ndarray:
        kernel = np.moveaxis(np.abs(values[number, 1]), axis, 0)
        return kernel.reshape(len(kernel), -1).max(axis=1)

    first, second = cut.kind(pair.first), cut.kind(pair.second)
    return largest(pair.first, OUTPUT_CHANNEL_AXIS.get(first, 0)), largest(pair.second, INPUT_CHANNEL_AXIS[second])


def _scale(cut: CutModel, values: dict[Place, np.ndarray], pair: _Pair, factors: np.ndarray) -> None:
    """Divide the first layer's channels by the factors, where they are positive, and multiply the second's."""
    s = np.clip(np.where(factors > 0, factors, 1.0), 1 / MAX_FACTOR, MAX_FACTOR)

    def along(number: int, axis: int) -> np.ndarray:
        sides = [1] * values[number, 1].ndim
        sides[axis] = -1
        return s.reshape(sides)

    axis = OUTPUT_CHANNEL_AXIS.get(cut.kind(pair.first), 0)
    values[pair.first, 1] = values[pair.first, 1] / along(pair.first, axis)
    if (pair.first, BIAS_INPUT) in values:
        values[pair.first, BIAS_INPUT] = values[pair.first, BIAS_INPUT] / s
    axis = INPUT_CHANNEL_AXIS[cut.kind(pair.second)]
    values[pair.second, 1] = values[pair.second, 1] * along(pair.second, axis)


def _largest(float32: bytes, wanted: set[str], images: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    """Tensor name → the largest magnitude of each of its channels."""
    found: dict[str, np.ndarray] = {}
    network = ObservedNetwork(float32)
    for image in images:
        for name, values in network.activations(image):
            if name in wanted:
                seen = np.abs(values).reshape(-1, values.shape[-1]).max(axis=0)
                found[name] = np.maximum(found.get(name, 0.0), seen)
    return found
