"""Checks every image of a dataset for the wizard, and remembers the result. No Qt."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from engine.contract.dataset_settings import DatasetSettings
from engine.contract.progress import Progress

if TYPE_CHECKING:
    from engine.datasets.examination import Examination, KnownTraits


class ImageExaminer:
    """Decodes an image once, however often the split or a rule changes; used by one thread at a time."""

    def __init__(self) -> None:
        self._known: KnownTraits = {}
        self._images: tuple[str, ...] = ()

    def examine(self, settings: DatasetSettings, seed: int, cache: Path, progress: Progress) -> Examination:
        """
        Raises:
            DataError, RecipeError: the dataset cannot be used; the sentence says what to do.
            Cancelled: out of `progress`; what was decoded is remembered.
        """
        # Here it is imported by the worker's thread; the window opens without it.
        from engine.datasets.examination import examine

        images = (settings.kind, settings.path, settings.validation_path, settings.test_path, str(seed))
        if images != self._images:
            self._known, self._images = {}, images
        return examine(settings, seed, cache, self._known, progress)
