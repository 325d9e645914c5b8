"""Runs images through a float32 network twice, a layer at a time: as it is, and with other kernels so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from engine.contract.progress import Progress
from engine.export.model_part import CutModel
from engine.inspection.running_parts import RunningPart
from engine.measurement.tflite_graph import KERNEL_INPUT
from engine.steps.post_training_quantization.activation_grids import ActivationGrid

KEPT_BYTES = 512 * 2**20
"""Of activations of both runs between two layers; fewer images are run where all take more."""


class PairedActivations:
    """Where both runs are: before an operator, with the values that it or a later one reads."""

    def __init__(
        self,
        cut: CutModel,
        grids: Mapping[str, ActivationGrid],
        images: Sequence[np.ndarray],
        progress: Progress,
    ) -> None:
        """
        Args:
            grids: tensor name → the integers that the second run rounds it to.
            images: float32 (height, width, channels) each as the network is fed; the first are run, as many as fit.
        """
        self._cut, self._grids, self._progress = cut, grids, progress
        self.images = max(1, min(len(images), KEPT_BYTES // (2 * _most_bytes(cut))))
        fed = np.stack([np.asarray(images[row], np.float32) for row in range(self.images)])
        self._exact = {cut.image: fed}
        self._rounded = {cut.image: self._on_grid(cut.image, fed)}
        self._place = 0
        self._next_exact: dict[int, np.ndarray] = {}
        """What the operator at that place gives in the first run, where that is known."""

    def go_to(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """Run all operators before `number`, which has a kernel.

        Returns:
            What it takes in the second run, and what it gives in the first; float32 (images, …).
        """
        while self._place < number:
            self._run(None)
        (output,) = self._cut.outputs(number)
        self._next_exact = self._computed(self._exact, {}, False)
        return self._rounded[self._cut.inputs(number)[0]], self._next_exact[output]

    def go_on_from(self, number: int, kernel: np.ndarray) -> None:
        """Run all operators up to `number`, that one with another kernel, float32 as stored, in the second run."""
        while self._place < number:
            self._run(None)
        self._run(kernel)

    def _run(self, kernel: np.ndarray | None) -> None:
        number = self._place
        values = {}
        if kernel is not None:
            values[self._cut.inputs(number)[KERNEL_INPUT[self._cut.kind(number)]]] = kernel
        exact = self._next_exact or self._computed(self._exact, {}, False)
        rounded = self._computed(self._rounded, values, True)
        self._place, self._next_exact = number + 1, {}
        live = set(self._cut.live_before(self._place, self._cut.count))
        self._exact = {place: one for place, one in {**self._exact, **exact}.items() if place in live}
        self._rounded = {place: one for place, one in {**self._rounded, **rounded}.items() if place in live}

    def _computed(
        self, values: Mapping[int, np.ndarray], constants: Mapping[int, np.ndarray], on_grid: bool
    ) -> dict[int, np.ndarray]:
        number = self._place
        part = self._cut.part(number, number + 1, self._cut.outputs(number), constants)
        found = RunningPart(part).run(values, self._progress)
        return {place: self._on_grid(place, one) for place, one in found.items()} if on_grid else found

    def _on_grid(self, place: int, values: np.ndarray) -> np.ndarray:
        grid = self._grids.get(self._cut.name(place))
        return values if grid is None else grid.rounded(values)


def _most_bytes(cut: CutModel) -> int:
    """What both inputs and outputs of any operator, and all that waits for later ones, take for one image."""
    return max(
        sum(map(cut.bytes_of, {*cut.live_before(number, cut.count), *cut.outputs(number)}))
        for number in range(cut.count)
    )
