"""What single augmentations do, against references and against what they say."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps
from skimage.color import hed2rgb, rgb2hed

from engine.contract.augmentation import AUGMENTATIONS
from engine.imaging.augment import augment, augmentation_streams
from engine.imaging.augmentations.stain_jitter import LARGEST_JITTER, STAINS
from engine.imaging.policy_operations import POLICY_OPERATIONS, RANDOM_OPERATIONS

PHOTOGRAPH = np.asarray(
    Image.fromarray(np.random.default_rng(2).integers(0, 256, (6, 8, 3), dtype=np.uint8)).resize((48, 40))
)
# With some grain, which sharpness is about.
PHOTOGRAPH = np.clip(PHOTOGRAPH + np.random.default_rng(3).integers(-9, 10, PHOTOGRAPH.shape), 0, 255).astype(np.uint8)
PILLOW: dict[str, Callable[[Image.Image, float, int], Image.Image]] = {
    "color": lambda image, strength, sign: ImageEnhance.Color(image).enhance(1 + sign * 0.9 * strength),
    "contrast": lambda image, strength, sign: ImageEnhance.Contrast(image).enhance(1 + sign * 0.9 * strength),
    "brightness": lambda image, strength, sign: ImageEnhance.Brightness(image).enhance(1 + sign * 0.9 * strength),
    "sharpness": lambda image, strength, sign: ImageEnhance.Sharpness(image).enhance(1 + sign * 0.9 * strength),
    "posterize": lambda image, strength, sign: ImageOps.posterize(image, 8 - round(4 * strength)),
    "solarize": lambda image, strength, sign: ImageOps.solarize(image, round(256 * (1 - strength))),
    "autocontrast": lambda image, strength, sign: ImageOps.autocontrast(image),
    "invert": lambda image, strength, sign: ImageOps.invert(image),
    "rotate": lambda image, strength, sign: image.rotate(
        sign * 30 * strength, Image.Resampling.BILINEAR, fillcolor=(128, 128, 128)
    ),
    "shear_x": lambda image, strength, sign: _affine(image, 1, sign * 0.3 * strength, 0, 0, 1, 0),
    "shear_y": lambda image, strength, sign: _affine(image, 1, 0, 0, sign * 0.3 * strength, 1, 0),
    "translate_x": lambda image, strength, sign: _affine(image, 1, 0, sign * strength * 150 / 331 * 48, 0, 1, 0),
    "translate_y": lambda image, strength, sign: _affine(image, 1, 0, 0, 0, 1, sign * strength * 150 / 331 * 40),
    "equalize": lambda image, strength, sign: ImageOps.equalize(image),
}


def _affine(image: Image.Image, *numbers: float) -> Image.Image:
    return image.transform(
        image.size, Image.Transform.AFFINE, numbers, Image.Resampling.BILINEAR, fillcolor=(128, 128, 128)
    )


@pytest.mark.parametrize("name", sorted({*PILLOW, *RANDOM_OPERATIONS} - {"identity"}))
@pytest.mark.parametrize(("strength", "sign"), [(0.3, 1), (1.0, -1)])
def test_an_operation_of_a_policy_is_that_of_pillow(name: str, strength: float, sign: int) -> None:
    ours = POLICY_OPERATIONS[name](PHOTOGRAPH, strength, sign).astype(int)
    pillow = np.asarray(PILLOW[name](Image.fromarray(PHOTOGRAPH), strength, sign)).astype(int)
    different = np.abs(ours - pillow)
    moves = name in ("rotate", "shear_x", "shear_y", "translate_x", "translate_y")
    # The edges of a moved image are blended with the grey around by OpenCV, and cut by Pillow.
    close = np.quantile(different, 0.85) if moves else different.max()
    assert close <= 1
    assert np.abs(ours - PHOTOGRAPH).mean() > 0.4 or name == "autocontrast"


def test_random_policies_draw_all_of_their_operations_evenly() -> None:
    assert len(RANDOM_OPERATIONS) == 14
    flat = np.full((3000, 4, 4, 3), 200, np.uint8)
    # Of a uniform image only five of the fourteen change anything for sure, at the strength of RandAugment.
    changed = augment(flat, augmentation_streams(("randaugment",), 1)).images != 200
    shows = [
        np.any(POLICY_OPERATIONS[name](flat[0], 0.3, sign) != 200) for name in RANDOM_OPERATIONS for sign in (1, -1)
    ]
    still = 1 - np.mean(shows)
    assert changed.any(axis=(1, 2, 3)).mean() == pytest.approx(1 - still**2, abs=0.03)


def test_stain_jitter_is_that_of_the_stains_of_scikit_image() -> None:
    """Amounts of stains change by the drawn factors and offsets, and by nothing else."""
    amounts = np.random.default_rng(3).uniform(0.05, 0.35, (2, 16, 16, 3))
    density = amounts @ STAINS
    images = np.rint(65536 * 10**-density - 1).astype(np.uint16)
    changed = augment(images, augmentation_streams(("stain_jitter",), 5)).images
    after = -np.log10((changed + 1.0) / 65536) @ np.linalg.inv(STAINS)
    for one, other in zip(amounts, after, strict=True):
        for stain in range(3):
            factor, offset = np.polyfit(one[..., stain].ravel(), other[..., stain].ravel(), 1)
            assert abs(factor - 1) <= LARGEST_JITTER + 0.002
            assert abs(offset) <= LARGEST_JITTER + 0.002
            fitted = factor * one[..., stain] + offset
            np.testing.assert_allclose(other[..., stain], fitted, atol=0.003)
    theirs = rgb2hed(hed2rgb(np.array([[[0.1, 0.0, 0.0]]])))
    assert theirs[0, 0, 0] == pytest.approx(0.1, abs=1e-3), "the stains of scikit-image are these three"


@pytest.mark.parametrize(("kind", "most"), [("noise", 0.05), ("speckle", 0.15)])
def test_noise_is_as_strong_as_it_says(kind: str, most: float) -> None:
    images = np.full((400, 24, 24, 1), 30_000, np.uint16)
    images[:, 0, 0], images[:, 0, 1] = 10_000, 60_000
    changed = augment(images, augmentation_streams((kind,), 2)).images[:, 1:].astype(float)
    deviations = changed.std(axis=(1, 2, 3)) / (50_000 if kind == "noise" else 30_000)
    assert deviations.max() == pytest.approx(most, rel=0.12)
    assert deviations.mean() == pytest.approx(most / 2, rel=0.1)
    assert changed.mean() == pytest.approx(30_000, rel=0.002)


def test_cutout_takes_a_quarter_of_the_pixels_where_nothing_lies_outside() -> None:
    images = np.random.default_rng(1).integers(0, 100, (300, 32, 32, 3), dtype=np.uint8)
    images[:, 0, 0] = 255
    changed = augment(images, augmentation_streams(("cutout",), 2)).images
    erased = (changed != images).any(axis=3)
    assert erased.sum(axis=(1, 2)).max() <= 16 * 16
    assert np.median(erased.sum(axis=(1, 2))) > 16 * 16 / 2
    for image, before, mask in zip(changed[:20], images, erased, strict=False):
        assert np.abs(image[mask].astype(float) - before.mean(axis=(0, 1))).max() <= 0.5


def test_pad_and_crop_moves_by_an_eighth_and_shows_no_bars() -> None:
    images = np.zeros((600, 32, 16, 1), np.uint8)
    images[:, 16, 8] = 255
    moved = augment(images, augmentation_streams(("pad_crop",), 2)).images[..., 0]
    places = np.array([np.argwhere(image == 255)[0] for image in moved])
    assert {*places[:, 0]} == set(range(12, 21))
    assert {*places[:, 1]} == set(range(6, 11))
    white = np.full((4, 32, 32, 3), 255, np.uint8)
    assert np.array_equal(augment(white, augmentation_streams(("pad_crop",), 2)).images, white)


def test_a_mixed_share_follows_its_distribution() -> None:
    images = np.zeros((4000, 8, 8, 1), np.uint8)
    mixup = augment(images, augmentation_streams(("mixup",), 2)).mixture
    cutmix = augment(images.repeat(2, axis=1).repeat(2, axis=2), augmentation_streams(("cutmix",), 2)).mixture
    assert mixup is not None
    assert cutmix is not None
    # Beta(α, α) has the variance 1 / (4·(2α + 1)).
    assert mixup.shares.var() == pytest.approx(1 / (4 * 1.4), rel=0.05)
    assert (cutmix.shares == 1).mean() == pytest.approx(0.5, abs=0.06)
    assert AUGMENTATIONS["mixup"].paper == "Zhang et al. 2018"
