"""Lists of augmentations by what they assume of the images; read from `resources/augmentation_presets.toml`."""

from __future__ import annotations

import tomllib
from functools import lru_cache

from engine.contract.augmentation import AUGMENTATIONS
from engine.contract.section import Section
from engine.contract.training_settings import Augmentations
from engine.launch.resources import RESOURCES

AUGMENTATION_PRESETS_FILE = RESOURCES / "augmentation_presets.toml"


class AugmentationPreset(Section):
    """One domain."""

    title: str
    assumes: str
    """What must hold for the images; one sentence."""
    augment: Augmentations

    def names(self, colour: bool) -> tuple[str, ...]:
        """Its augmentations for images in colour, or for grey ones those that have a meaning there."""
        return tuple(name for name in self.augment if colour or not AUGMENTATIONS[name].needs_colour)


@lru_cache(maxsize=1)
def augmentation_presets() -> tuple[AugmentationPreset, ...]:
    """All presets, in the order of the file."""
    document = tomllib.loads(AUGMENTATION_PRESETS_FILE.read_text(encoding="utf-8"))
    return tuple(AugmentationPreset.model_validate(preset) for preset in document["presets"])
