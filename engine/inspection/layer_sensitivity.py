"""What changing one layer alone costs, for every layer: forward passes are shared up to the changed layer.

The float32 file is cut at each layer. What the layers before it compute is kept for all images, the layer's own
operator is changed as a file of its own, by what changes whole files too, and the layers behind it run in float32. All
of it runs in LiteRT, so that the outputs are those of the shipped file in which that layer alone is changed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.contract.errors import NutshellError
from engine.contract.progress import UNWATCHED, Progress
from engine.contract.sensitivity import LayerSensitivity
from engine.export.model_part import CutModel, ModelPart
from engine.inspection.observed_layers import layer_name
from engine.inspection.output_costs import End, accuracy, scheme_cost
from engine.inspection.running_parts import RunningPart
from engine.measurement.tflite_graph import BIAS_INPUT, KERNEL_INPUT

KEPT_BYTES = 512 * 2**20
"""Of activations between two layers; where all images take more, they go through the network in several groups."""
ENDS: Mapping[str, End] = {"SOFTMAX": "SOFTMAX", "LOGISTIC": "LOGISTIC"}

LayerChange = Callable[["LayerOperator"], bytes]
"""Gives a layer's operator as a `.tflite` with the same float32 ends; raises `CannotChange` where it cannot."""
Tell = Callable[[str, float, float], None]
"""Layer, fraction of the work that is done, seconds left."""


class CannotChange(Exception):
    """A scheme does not know the layer; the message says why."""


@dataclass(frozen=True)
class LayerOperator:
    """The operator of one layer, as a file of its own."""

    layer: str
    kind: str
    """Such as "CONV_2D"."""
    content: bytes = field(repr=False)
    kernel: np.ndarray = field(repr=False)
    """float32, in the file's shape."""
    bias: np.ndarray | None = field(repr=False)
    """float32 (channels,); None where it has none."""
    with_weights: Callable[[np.ndarray, np.ndarray | None], bytes] = field(repr=False)
    """The same file with another kernel and, where it has one, another bias."""
    output: str
    """The name of what it computes."""
    gives_classes: bool
    """Whether its channels are the classes."""


@dataclass(frozen=True)
class MeasuredLayers:
    """All layers of a network."""

    layers: tuple[LayerSensitivity, ...]
    """In the network's order."""
    accuracy: float
    """Of the float32 network."""
    logits: np.ndarray = field(repr=False)
    """Its outputs, float32 (images, classes or 1)."""
    notes: tuple[str, ...]
    seconds: float


def measure_layers(
    float32: bytes,
    changes: Mapping[str, LayerChange],
    ranges: Mapping[str, tuple[float, float]],
    images: Sequence[np.ndarray],
    labels: np.ndarray,
    progress: Progress = UNWATCHED,
    tell: Tell = lambda layer, done, seconds_left: None,
) -> MeasuredLayers:
    """Change each layer with weights alone, by each change.

    Args:
        float32: a classifier that ends in a softmax or sigmoid.
        changes: scheme → change.
        ranges: tensor name → minimum and maximum, as calibrated.
        images: float32 (height, width, channels) each as the network is fed, at least one.
        labels: int64 (images,).

    Raises:
        NutshellError: the network cannot be cut into layers, or gives no numbers.
        Cancelled: out of `progress`.
    """
    return _Measurement(float32, changes, ranges, progress, tell).finish(images, labels)


class _Measurement:
    def __init__(
        self,
        float32: bytes,
        changes: Mapping[str, LayerChange],
        ranges: Mapping[str, tuple[float, float]],
        progress: Progress,
        tell: Tell,
    ) -> None:
        self._cut = CutModel(float32)
        self._changes, self._ranges, self._progress, self._tell = changes, ranges, progress, tell
        self._end_of_logits, self._logits, self._end = _end(self._cut)
        self._layers = _layers(self._cut)
        self._notes: dict[str, None] = {}
        self._changed: dict[tuple[str, str], bytes | None] = {}
        """Layer and scheme → its operator, changed; None where that cannot be."""
        self._began = time.monotonic()
        self._done = 0.0

    def finish(self, images: Sequence[np.ndarray], labels: np.ndarray) -> MeasuredLayers:
        most = max(
            sum(map(self._cut.bytes_of, self._cut.live_before(number, self._end_of_logits)))
            + sum(map(self._cut.bytes_of, self._cut.outputs(number)))
            for number in range(self._end_of_logits)
        )
        size = max(1, min(len(images), KEPT_BYTES // most))
        groups = [images[start : start + size] for start in range(0, len(images), size)]
        found: dict[tuple[str, str], list[np.ndarray]] = {}
        before = []
        for group in groups:
            fed = np.stack([np.asarray(image, np.float32) for image in group])
            before.append(self._run_group(fed, found, len(fed) / len(images)))
        logits = np.concatenate(before)
        if not np.isfinite(logits).all():
            raise NutshellError(
                "The network gives no numbers (NaN or infinity) for some images; check its weights, or train it at a "
                "lower learning rate."
            )
        changed = {key: np.concatenate(parts) for key, parts in found.items()}
        layers = tuple(
            LayerSensitivity(
                layer=name,
                bytes=self._weight_bytes(number),
                schemes={
                    scheme: scheme_cost(logits, changed[name, scheme], labels, self._end)
                    for scheme in self._changes
                    if (name, scheme) in changed
                },
                range=self._ranges.get(self._cut.name(self._cut.outputs(number)[0]), (0.0, 0.0)),
            )
            for name, number in self._layers.items()
        )
        took = time.monotonic() - self._began
        return MeasuredLayers(layers, accuracy(logits, labels), logits, tuple(self._notes), took)

    def _run_group(
        self, images: np.ndarray, found: dict[tuple[str, str], list[np.ndarray]], share: float
    ) -> np.ndarray:
        """Add to `found` what comes out of each changed network; returns what comes out of the float32 one.

        Args:
            share: of all images that these are.
        """
        values: dict[int, np.ndarray] = {self._cut.image: images}
        place = 0
        for name, number in self._layers.items():
            values = self._advanced(values, place, number)
            place = number
            output = self._cut.outputs(number)[0]
            behind = self._behind(number)
            for scheme in self._changes:
                self._progress.raise_if_cancelled()
                changed = self._changed_operator(name, number, scheme)
                if changed is not None:
                    own = ModelPart(changed, self._image_inputs(number), (output,))
                    after = {**values, **RunningPart(own).run(values, self._progress)}
                    after |= behind.run(after, self._progress) if behind else {}
                    found.setdefault((name, scheme), []).append(after[self._logits])
                self._step(name, number, share)
        return self._advanced(values, place, self._end_of_logits)[self._logits]

    def _advanced(self, values: dict[int, np.ndarray], place: int, number: int) -> dict[int, np.ndarray]:
        """What is live before operator `number`, from what is live before `place`."""
        live = self._cut.live_before(number, self._end_of_logits) or (self._logits,)
        made = {output for one in range(place, number) for output in self._cut.outputs(one)}
        wanted = tuple(one for one in live if one in made)
        part = RunningPart(self._cut.part(place, number, wanted)) if wanted else None
        computed = part.run(values, self._progress) if part else {}
        return {one: computed[one] if one in computed else values[one] for one in live}

    def _behind(self, number: int) -> RunningPart | None:
        """The float32 operators behind a layer; None where it gives the logits itself."""
        if number + 1 == self._end_of_logits:
            return None
        return RunningPart(self._cut.part(number + 1, self._end_of_logits, (self._logits,)))

    def _changed_operator(self, name: str, number: int, scheme: str) -> bytes | None:
        key = (name, scheme)
        if key not in self._changed:
            try:
                self._changed[key] = self._changes[scheme](self._operator(name, number))
            except CannotChange as error:
                self._changed[key] = None
                self._notes[f"{scheme} of {name} was not measured: {error}."] = None
        return self._changed[key]

    def _operator(self, name: str, number: int) -> LayerOperator:
        wanted = self._cut.outputs(number)[:1]
        kernel_place, bias_place = self._weights(number)
        kernel = self._cut.constant(kernel_place)
        assert kernel is not None
        bias = None if bias_place is None else self._cut.constant(bias_place)

        def with_weights(values: np.ndarray, other_bias: np.ndarray | None) -> bytes:
            changed = {kernel_place: values}
            if bias_place is not None and other_bias is not None:
                changed[bias_place] = other_bias
            return self._cut.part(number, number + 1, wanted, changed).content

        return LayerOperator(
            name,
            self._cut.kind(number),
            self._cut.part(number, number + 1, wanted).content,
            kernel,
            bias,
            with_weights,
            self._cut.name(wanted[0]),
            wanted[0] == self._logits,
        )

    def _image_inputs(self, number: int) -> tuple[int, ...]:
        return tuple(one for one in self._cut.live_before(number, number + 1) if one >= 0)

    def _weights(self, number: int) -> tuple[int, int | None]:
        """Where the kernel and the bias are; None where there is no bias."""
        kind, inputs = self._cut.kind(number), self._cut.inputs(number)
        has_bias = kind != "TRANSPOSE_CONV" and len(inputs) > BIAS_INPUT and inputs[BIAS_INPUT] >= 0
        return inputs[KERNEL_INPUT[kind]], inputs[BIAS_INPUT] if has_bias else None

    def _weight_bytes(self, number: int) -> int:
        return sum(self._cut.bytes_of(place) for place in self._weights(number) if place is not None)

    def _step(self, name: str, number: int, share: float) -> None:
        """Count a run of the network from a layer to its end as work, by the operators that it has."""
        works = [self._end_of_logits - one for one in self._layers.values()]
        whole = sum(works) * len(self._changes)
        self._done += share * (self._end_of_logits - number) / whole
        elapsed = time.monotonic() - self._began
        self._tell(name, min(self._done, 1.0), elapsed / self._done * max(1.0 - self._done, 0.0))


def _end(cut: CutModel) -> tuple[int, int, End]:
    """How many operators come before the last, what goes into that, and what it is.

    Raises:
        NutshellError: the network does not end in a softmax or sigmoid.
    """
    last = cut.count - 1
    kind = cut.kind(last) if cut.count else "nothing"
    if kind not in ENDS or cut.answer not in cut.outputs(last) or last == 0:
        raise NutshellError(
            f"The network ends in {kind}, and its layers are compared before a softmax or sigmoid; give it one as its "
            "last layer."
        )
    return last, cut.inputs(last)[0], ENDS[kind]


def _layers(cut: CutModel) -> dict[str, int]:
    """Name → operator, of the layers with stored weights, in order."""
    found: dict[str, int] = {}
    for number in range(cut.count):
        if cut.kind(number) not in KERNEL_INPUT:
            continue
        place = cut.inputs(number)[KERNEL_INPUT[cut.kind(number)]]
        if cut.constant(place) is None:
            continue
        name = layer_name(cut.name(place), len(found) + 1)
        found[name if name not in found else f"{name} ({len(found) + 1})"] = number
    return found
