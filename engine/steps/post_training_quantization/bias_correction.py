"""Biases that undo the shift of each channel's mean output by rounded kernels (Nagel et al. 2019, section 4.2)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.contract.progress import UNWATCHED, Progress
from engine.measurement.observed_network import ObservedNetwork
from engine.measurement.tflite_file import TfliteFile
from engine.measurement.tflite_graph import BIAS_INPUT, KERNEL_INPUT
from engine.steps.post_training_quantization.replaced_constants import with_constants

if TYPE_CHECKING:
    from ai_edge_litert import schema_py_generated as schema


def with_corrected_biases(
    float32: bytes,
    rounded: bytes,
    images: Sequence[np.ndarray],
    progress: Progress = UNWATCHED,
) -> bytes:
    """The float32 `.tflite` with biases for the kernels of `rounded`, for it to be quantised again.

    A kernel that rounding moves by ε moves the mean of its output by the sum of ε E[x], which the bias takes back.
    E[x] is taken over the images and all places where the kernel is laid, a value of the kernel at a time: near an
    edge some of them meet padding. Operators without a bias, and transposed convolutions, stay as they are.

    Args:
        float32: a file of one subgraph, with one input of one image.
        rounded: the same network with kernels in other numbers, of any scheme.
        images: float32 (height, width, channels) each as the network is fed, at least one.
        progress: told after each image.
    """
    from ai_edge_litert import schema_py_generated as schema

    model: schema.ModelT = schema.ModelT.InitFromPackedBuf(float32, 0)
    layers = list(_layers(model))
    kernels = zip(TfliteFile.parse(float32).kernels, TfliteFile.parse(rounded).kernels, strict=True)
    errors = [after.real_values - before.values for before, after in kernels]
    means = _mean_activations(float32, {layer.input_name for layer in layers}, images, progress)
    corrected = {
        (layer.place, BIAS_INPUT): layer.bias
        - layer.mean_output(errors[layer.number], means[layer.input_name]).astype(np.float32)
        for layer in layers
    }
    return with_constants(float32, corrected)


@dataclass(frozen=True)
class _Layer:
    """An operator with a kernel and a bias."""

    number: int
    """Among the operators with kernels."""
    place: int
    """Among all operators."""
    kind: str
    operator: schema.OperatorT
    bias: np.ndarray
    """float32 (channels,)."""
    input_name: str

    def mean_output(self, kernel: np.ndarray, mean_input: np.ndarray) -> np.ndarray:
        """The mean of each output channel, (channels,), that a kernel makes of inputs whose mean is `mean_input`."""
        if self.kind == "FULLY_CONNECTED":
            return kernel @ mean_input.reshape(-1, kernel.shape[1]).mean(axis=0)
        taps = self._mean_taps(kernel.shape[1:3], mean_input.mean(axis=0))
        if self.kind == "DEPTHWISE_CONV_2D":
            several = kernel.shape[3] // taps.shape[2]  # Output channels of one input channel lie side by side.
            return (kernel[0] * np.repeat(taps, several, axis=2)).sum(axis=(0, 1))
        return np.tensordot(kernel, taps, axes=((1, 2, 3), (0, 1, 2)))

    def _mean_taps(self, sides: tuple[int, ...], image: np.ndarray) -> np.ndarray:
        """Mean input that each value of the kernel is multiplied by, (kernel height, kernel width, channels)."""
        from ai_edge_litert import schema_py_generated as schema

        options = self.operator.builtinOptions
        steps = ((options.strideH, options.dilationHFactor), (options.strideW, options.dilationWFactor))
        same = options.padding == schema.Padding.SAME
        rows, columns = (
            _tap_places(length, side, stride, dilation, same)
            for length, side, (stride, dilation) in zip(image.shape[:2], sides, steps, strict=True)
        )
        padded = np.pad(image, ((1, 1), (1, 1), (0, 0)))  # What lies beyond an edge meets this zero.
        return np.array([[padded[np.ix_(down, right)].mean(axis=(0, 1)) for right in columns] for down in rows])


def _tap_places(length: int, side: int, stride: int, dilation: int, same: bool) -> list[np.ndarray]:
    """Of each value along one side of a kernel, its places in the input, counted from 1; 0 where it meets padding."""
    reach = (side - 1) * dilation + 1
    count = -(-length // stride) if same else (length - reach) // stride + 1
    before = max((count - 1) * stride + reach - length, 0) // 2 if same else 0
    places = [np.arange(count) * stride + tap * dilation - before for tap in range(side)]
    return [np.where((place >= 0) & (place < length), place + 1, 0) for place in places]


def _layers(model: schema.ModelT) -> Iterator[_Layer]:
    from ai_edge_litert import schema_py_generated as schema

    graph = model.subgraphs[0]
    kinds = {getattr(schema.BuiltinOperator, kind): kind for kind in KERNEL_INPUT}
    weighted = [
        (place, kinds[code], operator)
        for place, operator in enumerate(graph.operators)
        if (code := model.operatorCodes[operator.opcodeIndex].builtinCode) in kinds
    ]
    for number, (place, kind, operator) in enumerate(weighted):
        has_bias = len(operator.inputs) > BIAS_INPUT and operator.inputs[BIAS_INPUT] >= 0
        if kind != "TRANSPOSE_CONV" and has_bias:
            stored = model.buffers[graph.tensors[operator.inputs[BIAS_INPUT]].buffer].data
            bias = np.frombuffer(bytes(stored), np.float32)
            yield _Layer(number, place, kind, operator, bias, graph.tensors[operator.inputs[0]].name.decode())


def _mean_activations(
    float32: bytes, wanted: set[str], images: Sequence[np.ndarray], progress: Progress
) -> dict[str, np.ndarray]:
    """Tensor name → its float64 mean over the images, in the tensor's own shape."""
    network = ObservedNetwork(float32)
    sums: dict[str, np.ndarray] = {}
    for number, image in enumerate(images):
        for name, values in network.activations(image):
            if name in wanted:
                sums[name] = sums.get(name, 0.0) + values.astype(np.float64)
        progress.report(number + 1, len(images))
    return {name: total / len(images) for name, total in sums.items()}
