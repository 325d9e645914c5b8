"""Says of an image whether it is unlike the images that a model of a run was trained on. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.contract.errors import Cancelled, NutshellError
from engine.contract.progress import Progress
from engine.inspection.run_models import InspectedRun
from workers.file_inspection import FileInspector


class TrainingHints:
    """Keeps what it has learnt of each run's training images; used by one thread at a time."""

    def __init__(self) -> None:
        self._inspectors: dict[Path, FileInspector] = {}
        self._names: dict[Path, str] = {}
        """File → what its run calls it; empty: it is of no run."""

    def hint(self, models: Sequence[Path], image: str, progress: Progress) -> str:
        """By the first of the models that lies in its run's folder; empty where there is nothing to say.

        Args:
            image: an image file.

        Raises:
            Cancelled: out of `progress`.
        """
        for model in models:
            if name := self._name(model):
                try:
                    return self._inspectors[model.parents[1]].hint(name, image, progress)
                except Cancelled:
                    raise
                except NutshellError:
                    continue  # The run's images are gone: nobody can tell.
        return ""

    def _name(self, model: Path) -> str:
        if model not in self._names:
            self._names[model] = ""
            directory = model.parents[1] if len(model.parents) > 1 else model.parent
            try:
                run = InspectedRun.open(directory)
            except NutshellError:
                return ""
            self._names[model] = next((one.name for one in run.models if one.file == model), "")
            self._inspectors.setdefault(directory, FileInspector(directory))
        return self._names[model]
