"""Reads the images of a run again: each dataset once for each setting that shapes its images."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from engine.contract.image_settings import ImageSettings
from engine.contract.measurements import VariantMeasurement
from engine.contract.progress import Progress
from engine.datasets.source import Split
from engine.inspection.run_images import RunImages
from engine.inspection.shipped_model import ShippedModel
from engine.verification.finished_run import FinishedRun, SplitImages, printed_images
from engine.verification.image_groups import verified_images
from engine.verification.read_images import ReadImages, read_again
from engine.verification.verified_figures import VerifiedImages


@dataclass
class _Set:
    """The same images of a dataset under one setting, and the variants that are tested on them."""

    dataset: str
    settings: ImageSettings
    variants: list[VariantMeasurement] = field(default_factory=list)

    @property
    def name(self) -> str:
        settings = sorted({variant.setting for variant in self.variants if variant.setting})
        repeats = list(dict.fromkeys(variant.repeat for variant in self.variants if variant.repeat))
        span = f"{repeats[0]} to {repeats[-1]}" if len(repeats) > 1 else "".join(repeats)
        said = ", ".join(filter(None, (self.dataset, " and ".join(settings), span)))
        return f"Images ({said})" if said else "Images"


class ImageSets:
    """The images that the variants of one run are tested on."""

    def __init__(self, run: FinishedRun, models: Mapping[str, ShippedModel]) -> None:
        """
        Args:
            models: variant → its file, of those that can be opened.
        """
        self._run = run
        self._models = models
        self._kept: dict[str, SplitImages] = {}
        """File of splits → what the run kept of its images."""
        self._of: dict[str, ReadImages] = {}
        """Variant → its images."""
        self.notes: list[str] = []

    def read(self, folder: Path, progress: Progress) -> tuple[VerifiedImages, ...]:
        """Read them all, and say which are what they were.

        Args:
            folder: where pixels are kept; the caller calls `close` and removes it.

        Raises:
            DataError: the run's tables of its images are gone.
            Cancelled: out of the progress.
        """
        return tuple(self._read(one, folder / str(number), progress) for number, one in enumerate(self._sets()))

    def close(self) -> None:
        """Let go of the files: Windows removes none that is open."""
        for one in self._of.values():
            one.images = None

    def of(self, variant: str) -> ReadImages | None:
        """None where its file cannot be opened, so that it is not known what it is fed."""
        return self._of.get(variant)

    def kept(self, variant: VariantMeasurement) -> SplitImages:
        split = self._run.split_of(variant)
        if split not in self._kept:
            self._kept[split] = self._run.images_in(split)
        return self._kept[split]

    def tested(self, variant: VariantMeasurement) -> tuple[str, ...]:
        """The paths of the variant's test images."""
        return self.kept(variant).paths(Split.TEST)

    def _sets(self) -> list[_Set]:
        sets: dict[tuple[str, ...], _Set] = {}
        for variant in self._run.result.variants:
            if variant.name in self._models:
                settings = shaping_settings(self._models[variant.name])
                # Folds divide the same images; another seed can choose or draw different ones under the same names.
                digests = self.kept(variant).digest_of
                same = json.dumps(digests, sort_keys=True) if digests else self._run.split_of(variant)
                key = (variant.dataset, same, settings.model_dump_json())
                sets.setdefault(key, _Set(variant.dataset, settings)).variants.append(variant)
        return list(sets.values())

    def _read(self, one: _Set, folder: Path, progress: Progress) -> VerifiedImages:
        kept = self.kept(one.variants[0])
        needed = {path for variant in one.variants for path in self.tested(variant)}
        for variant in one.variants:
            needed |= set(self.kept(variant).paths(Split.VALIDATION)) if variant.threshold else set()
        printed = printed_images(self._run.result, one.variants[0])
        # On the scale on which the run put pixels whose type does not say it.
        reading = self._models[one.variants[0].name].feeding.reading
        seed = one.variants[0].seed
        source = replace(RunImages.of(self._run.directory, one.dataset, seed=seed), reading=reading)
        folder.mkdir()
        found = read_again(source, one.settings, kept, sorted(needed), printed, folder, progress)
        self._of |= {variant.name: found for variant in one.variants}
        self._note(one.name, found, kept, sorted(needed))
        return verified_images(one.name, kept, found, printed)

    def _note(self, name: str, found: ReadImages, kept: SplitImages, needed: list[str]) -> None:
        if found.added:
            self.notes.append(f"{name}: images there now that the run did not have: {found.added:,}.")
        if kept.unknown_digests:
            self.notes.append(kept.unknown_digests)
        elif not kept.digest_of:
            self.notes.append(
                f"{name}: the version of the program that made this run kept no digests of pixels, so changed images "
                "show in the figures only."
            )
        if found.has(needed) and (count := found.from_cache(needed)):
            self.notes.append(
                f"{name}: {count:,} of {len(needed):,} images that files are fed were taken from the decoded images "
                "that the run kept, as they cannot be read from where they came."
            )


def shaping_settings(model: ShippedModel) -> ImageSettings:
    """The settings that a file's pixels depend on; the wavelet transform and the scale come later."""
    return model.feeding.images.model_copy(update={"dwt": None, "scale": "unit"})
