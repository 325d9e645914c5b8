"""What is done to a layer when its sensitivity is measured: a new scheme is one entry here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.contract.errors import DataError
from engine.contract.registry import unknown_name_message
from engine.inspection.layer_sensitivity import CannotChange, LayerChange, LayerOperator
from engine.steps.magnitude_pruning.magnitude import largest_values
from engine.steps.post_training_quantization.calibration import ActivationRange
from engine.steps.post_training_quantization.layer_changes import layer_in

PRUNED_SHARE = 0.8
REMOVED_SHARE = 0.5


@dataclass(frozen=True)
class SensitivityBench:
    """What a scheme has at hand."""

    ranges: Mapping[str, ActivationRange]
    """Of every activation, as files are calibrated."""
    network: Callable[[], Path]
    """The folder of the Keras network; raises `DataError` where it is not kept."""


@dataclass(frozen=True)
class SensitivityScheme:
    """One way to compress a layer."""

    title: str
    make: Callable[[SensitivityBench], LayerChange]
    """Raises `DataError` where it can be measured for no layer."""


def _pruned(bench: SensitivityBench) -> LayerChange:
    """Without the smallest values of the Keras kernel: in the file, batch normalisation has scaled each channel."""
    kernels = _kernels(bench.network())

    def change(operator: LayerOperator) -> bytes:
        kept = _as_stored(largest_values([_kernel_of(operator, kernels)], PRUNED_SHARE, "layer")[0], operator)
        return operator.with_weights(np.where(kept, operator.kernel, np.float32(0)), None)

    return change


def _without_channels(bench: SensitivityBench) -> LayerChange:
    """Without the half of its channels whose filters in the Keras network are smallest (l1)."""
    kernels = _kernels(bench.network())

    def change(operator: LayerOperator) -> bytes:
        if operator.gives_classes:
            raise CannotChange("its channels are the classes")
        values = _kernel_of(operator, kernels)
        axes = (0, 1) if operator.kind == "DEPTHWISE_CONV_2D" else tuple(range(values.ndim - 1))
        norms = np.abs(values.astype(np.float64)).sum(axis=axes).ravel()
        kept = np.zeros(len(norms), dtype=bool)
        kept[np.argsort(norms, kind="stable")[round(REMOVED_SHARE * len(norms)) :]] = True
        stored = _as_stored(np.broadcast_to(kept.reshape(values.shape[len(axes) :]), values.shape), operator)
        bias = None if operator.bias is None else np.where(kept, operator.bias, np.float32(0))
        return operator.with_weights(np.where(stored, operator.kernel, np.float32(0)), bias)

    return change


def _kernel_of(operator: LayerOperator, kernels: Mapping[str, np.ndarray]) -> np.ndarray:
    if operator.layer not in kernels:
        raise CannotChange("the Keras network has no layer of this name")
    return kernels[operator.layer]


def _as_stored(mask: np.ndarray, operator: LayerOperator) -> np.ndarray:
    """A mask of a Keras kernel with its axes in the order of a `.tflite`."""
    if operator.kind == "FULLY_CONNECTED":
        stored = mask.T
    elif operator.kind == "DEPTHWISE_CONV_2D":
        stored = mask.reshape(1, *mask.shape[:2], -1)
    else:
        stored = np.moveaxis(mask, 3, 0)
    if stored.shape != operator.kernel.shape:
        raise CannotChange("the file stores its kernel in another shape than the Keras network")
    return stored


def _kernels(folder: Path) -> dict[str, np.ndarray]:
    from engine.training.kernels import kernels
    from engine.training.tensorflow_setup import set_up_tensorflow
    from engine.workbench.network_file import load_network

    set_up_tensorflow(seed=0)
    return {name: variable.numpy() for name, variable in kernels(load_network(folder).model).items()}


SCHEMES: Mapping[str, SensitivityScheme] = {
    "int8": SensitivityScheme(
        "int8: weights per channel and activations", lambda bench: layer_in("int8", bench.ranges)
    ),
    "int4": SensitivityScheme(
        "int4: weights per channel (int8 where depthwise), activations stay float32",
        lambda bench: layer_in("int4", bench.ranges),
    ),
    "pruning": SensitivityScheme("pruning: the smallest 80 % of the weights are zero, no fine-tuning", _pruned),
    "channel_pruning": SensitivityScheme(
        "channel pruning: the smaller half of the channels is zero, no fine-tuning", _without_channels
    ),
}
"""Key → scheme, in the order in which they are told."""


def chosen_schemes(names: tuple[str, ...]) -> tuple[str, ...]:
    """The keys of the schemes with these names, else all.

    Raises:
        DataError: there is no such scheme; the nearest is told.
    """
    for name in names:
        if name not in SCHEMES:
            raise DataError(unknown_name_message("scheme", name, list(SCHEMES)))
    return tuple(dict.fromkeys(names or SCHEMES))
