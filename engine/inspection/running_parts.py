"""Runs parts of a network over many images, one interpreter per core, from the tensors that the part before left."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from engine.contract.progress import UNWATCHED, Progress
from engine.export.model_part import ModelPart
from engine.measurement.interpreter import load_interpreter
from engine.measurement.machine import core_count

Values = Mapping[int, np.ndarray]
"""Tensor of the whole file → its float32 values for some images, (images, …) without the batch of one."""


class RunningPart:
    """A part, loaded once for every core."""

    def __init__(self, part: ModelPart) -> None:
        """
        Raises:
            NutshellError: the part does not run here.
        """
        self._part = part
        self._interpreters = [load_interpreter(part.content) for _ in range(core_count())]

    def run(self, values: Values, progress: Progress = UNWATCHED) -> dict[int, np.ndarray]:
        """What comes out for each image, as the shipped file would compute it: one at a time, on one thread.

        Args:
            values: at least the part's inputs.
            progress: asked before each image.
        """
        given = [values[place] for place in self._part.inputs]
        count = len(given[0])
        ends = self._interpreters[0].get_output_details()
        found = [np.empty((count, *one["shape"][1:]), np.float32) for one in ends]

        def run(interpreter: Any, rows: np.ndarray) -> None:
            inputs = [one["index"] for one in interpreter.get_input_details()]
            outputs = [one["index"] for one in interpreter.get_output_details()]
            for row in rows:
                progress.raise_if_cancelled()
                for index, array in zip(inputs, given, strict=True):
                    interpreter.set_tensor(index, array[row : row + 1])
                interpreter.invoke()
                for index, array in zip(outputs, found, strict=True):
                    array[row] = interpreter.get_tensor(index)[0]

        workers = len(self._interpreters)
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(run, self._interpreters, np.array_split(np.arange(count), workers)))
        return dict(zip(self._part.outputs, found, strict=True))
