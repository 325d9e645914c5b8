"""Varies the stains of histology slides."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.contract.augmentation import Family
from engine.contract.errors import RecipeError
from engine.imaging.image_augmentation import ImageAugmentation
from engine.imaging.opencv import opencv
from engine.imaging.pixel_figures import as_pixels

STAINS = np.array([[0.65, 0.70, 0.29], [0.07, 0.99, 0.11], [0.27, 0.57, 0.78]])
"""Optical density of red, green, blue: of haematoxylin, eosin and DAB (Ruifrok and Johnston 2001, as in
scikit-image)."""
LARGEST_JITTER = 0.05


class StainJitter(ImageAugmentation):
    """Per image and stain, α·amount + β with α of 1 ± 0.05 and β of ± 0.05 (Tellez et al. 2018).

    Amounts are linear in the optical density −log10((value + 1) / (largest value + 1)), so that both together are one
    affine map of three densities per image.
    """

    key: ClassVar[str] = "stain_jitter"
    title: ClassVar[str] = "Stain jitter"
    summary: ClassVar[str] = (
        "Varies how much of each stain, haematoxylin, eosin and DAB, is in each image: by 5 % and by 0.05 of optical "
        "density."
    )
    assumes: ClassVar[str] = "Colour images of stained tissue, whose stains differ by laboratory and scanner."
    paper: ClassVar[str] = "Tellez et al. 2018; Ruifrok and Johnston 2001"
    family: ClassVar[Family] = Family.PIXELS
    needs_colour: ClassVar[bool] = True

    def apply(self, images: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        if images.shape[3] != 3:
            raise RecipeError(
                "training.augment: stain_jitter needs images in colour; take it out, or set images.color = rgb."
            )
        cv2 = opencv()
        factors = 1 + generator.uniform(-LARGEST_JITTER, LARGEST_JITTER, (len(images), 3))
        offsets = generator.uniform(-LARGEST_JITTER, LARGEST_JITTER, (len(images), 3))
        maps = np.linalg.inv(STAINS) @ (factors[:, :, None] * STAINS)
        matrices = np.concatenate([maps.transpose(0, 2, 1), (offsets @ STAINS)[:, :, None]], axis=2)
        white = np.iinfo(images.dtype).max + 1
        densities = (-np.log10(np.arange(1, white + 1) / white)).astype(np.float32)[images]
        for place, matrix in enumerate(matrices):
            cv2.transform(densities[place], matrix, densities[place])
        densities *= -np.log(10)
        values = cv2.exp(densities.reshape(-1)).reshape(images.shape)
        values *= white
        values -= 1
        return as_pixels(values, images.dtype)
