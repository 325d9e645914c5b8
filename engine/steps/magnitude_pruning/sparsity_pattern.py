"""Which kernel values become zero together, and how the magnitude of such a unit is measured."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

Norm = Literal["l1", "l2"]
GROUP, ZEROS_PER_GROUP = 4, 2


@dataclass(frozen=True)
class Units:
    """The units of one kernel."""

    norms: np.ndarray
    """Float, (units,): the smallest go first. One mean per value, so that units of all sizes and kernels compare."""
    sizes: np.ndarray
    """Integers, (units,): how many values become zero with the unit."""
    mask: Callable[[np.ndarray], np.ndarray]
    """Which units stay, boolean (units,) → which values stay, boolean, the kernel's shape."""


class SparsityPattern(ABC):
    """Divides kernels of the shapes (height, width, in, out), (height, width, in, multiplier) or (in, out)."""

    most_zeros: float = 1.0
    """The largest share of a kernel that can become zero."""

    def takes(self, shape: tuple[int, ...]) -> bool:
        """Whether a kernel of this shape can have the pattern."""
        return True

    @abstractmethod
    def units(self, kernel: np.ndarray) -> Units:
        """The units of a kernel, float32."""


class SingleWeights(SparsityPattern):
    """Each value by itself, by its absolute value: l1 and l2 are the same."""

    def units(self, kernel: np.ndarray) -> Units:
        norms = np.abs(kernel).ravel()
        return Units(norms, np.broadcast_to(1, norms.shape), lambda kept: kept.reshape(kernel.shape))


class Blocks(SparsityPattern):
    """Blocks of the kernel as a matrix (height × width × in, out), as TFMOT's `block_size`.

    4×1 is four inputs of one output channel, the 1×4 block of TFLite's sparse fully connected kernel, which stores
    (out, in); 1×4 is one input of four output channels, as XNNPACK's sparse 1×1 convolution. Blocks that reach over
    the matrix's edge are cut off there.
    """

    def __init__(self, rows: int, columns: int, norm: Norm) -> None:
        self._rows, self._columns, self._norm = rows, columns, norm

    def units(self, kernel: np.ndarray) -> Units:
        matrix = kernel.reshape(-1, kernel.shape[-1])
        sizes = self._sums(np.ones(matrix.shape, dtype=np.int64))
        if self._norm == "l1":
            norms = self._sums(np.abs(matrix)) / sizes
        else:
            norms = np.sqrt(self._sums(np.square(matrix)) / sizes)

        def mask(kept: np.ndarray) -> np.ndarray:
            whole = kept.reshape(sizes.shape).repeat(self._rows, axis=0).repeat(self._columns, axis=1)
            return whole[: matrix.shape[0], : matrix.shape[1]].reshape(kernel.shape)

        return Units(norms.ravel(), sizes.ravel(), mask)

    def _sums(self, matrix: np.ndarray) -> np.ndarray:
        """The sum of each block, (blocks down, blocks across)."""
        missing = [(0, -length % block) for length, block in zip(matrix.shape, self._shape, strict=True)]
        padded = np.pad(matrix, missing)
        down, across = padded.shape[0] // self._rows, padded.shape[1] // self._columns
        return padded.reshape(down, self._rows, across, self._columns).sum(axis=(1, 3))

    @property
    def _shape(self) -> tuple[int, int]:
        return self._rows, self._columns


class TwoOfFour(SparsityPattern):
    """The two smallest of each four neighbouring input channels, as sparse tensor cores take (Mishra et al. 2021).

    In a `.tflite` the four lie side by side: it stores input channels innermost. Kernels whose input channels are no
    multiple of four are left as they are.
    """

    most_zeros = ZEROS_PER_GROUP / GROUP

    def __init__(self, norm: Norm) -> None:
        self._norm = norm

    def takes(self, shape: tuple[int, ...]) -> bool:
        return shape[-2] % GROUP == 0

    def units(self, kernel: np.ndarray) -> Units:
        moved = np.moveaxis(np.abs(kernel), -2, -1)
        groups = moved.reshape(-1, GROUP)
        places = np.argsort(groups, axis=1, kind="stable")[:, :ZEROS_PER_GROUP]
        smallest = np.take_along_axis(groups, places, axis=1)
        norms = smallest.mean(axis=1) if self._norm == "l1" else np.sqrt(np.square(smallest).mean(axis=1))

        def mask(kept: np.ndarray) -> np.ndarray:
            values = np.ones(groups.shape, dtype=bool)
            np.put_along_axis(values, places, kept[:, None], axis=1)
            return np.moveaxis(values.reshape(moved.shape), -1, -2)

        return Units(norms, np.broadcast_to(ZEROS_PER_GROUP, norms.shape), mask)
