"""What augmentation does to pixels."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from engine.imaging.augment import augment, augmentation_streams
from engine.imaging.augmentations.autoaugment_cifar import POLICY, AutoAugmentCifar
from engine.imaging.augmentations.rotate import ROTATION_DEGREES


def smooth(count: int, channels: int, side: int = 32) -> np.ndarray:
    """Images without noise, so that two ways of interpolating agree."""
    small = np.random.default_rng(4).integers(0, 256, (count, 4, 4, channels), dtype=np.uint8)
    planes = [
        [np.asarray(Image.fromarray(image[:, :, channel]).resize((side, side))) for channel in range(channels)]
        for image in small
    ]
    return np.moveaxis(np.asarray(planes), 1, 3)


def changed(images: np.ndarray, names: tuple[str, ...], *seed: int) -> np.ndarray:
    return augment(images, augmentation_streams(names, *seed)).images


def test_rotation_in_colour_and_plane_by_plane_agree() -> None:
    images = smooth(8, 3)
    in_colour = changed(images, ("rotate",), 9).astype(int)
    by_planes = np.concatenate(
        [changed(images[..., channel : channel + 1], ("rotate",), 9) for channel in range(3)],
        axis=3,
    )
    assert np.abs(in_colour - by_planes).max() <= 1
    assert np.abs(in_colour - images).mean() > 1


def test_rotation_keeps_sixteen_bits() -> None:
    images = smooth(8, 1)
    deep = changed(images.astype(np.uint16) * 257, ("rotate",), 9)
    shallow = changed(images, ("rotate",), 9)
    np.testing.assert_allclose(deep / 257, shallow, atol=0.51)
    assert np.any(deep % 257)


def test_rotation_stays_within_its_angle_and_fills_corners_with_the_mean() -> None:
    images = np.zeros((200, 65, 65, 1), dtype=np.uint8)
    images[:, :, 33:] = 240
    rotated = changed(images, ("rotate",), 2)
    # The border between dark and light turns about the middle; where it meets a row 24 pixels above tells the angle.
    meets = (rotated[:, 8, 13:52, 0] < 120).sum(axis=1)
    angles = np.rad2deg(np.arctan((meets - 20) / 24))
    assert np.abs(angles).max() < ROTATION_DEGREES + 2
    assert angles.std() == pytest.approx(ROTATION_DEGREES / np.sqrt(3), rel=0.15)
    uniform = np.full((4, 32, 32, 3), (10, 90, 200), dtype=np.uint8)
    assert np.array_equal(changed(uniform, ("rotate",), 2), uniform)


@pytest.mark.parametrize("names", [("shift", "zoom", "rotate"), ("rotate", "hflip", "shift", "zoom")])
def test_maps_in_a_row_are_those_of_one_after_the_other(names: tuple[str, ...]) -> None:
    images = smooth(16, 3, side=64)
    together, apart = changed(images, names, 9), images
    for name in names:
        apart = changed(apart, (name,), 9)
    middle = slice(20, 44)  # The margins differ: what leaves an image and comes back is lost only one after the other.
    differences = np.abs(together[:, middle, middle].astype(int) - apart[:, middle, middle])
    assert differences.mean() < 1
    assert differences.max() <= 8
    turned = changed(images, names[::-1], 9)[:, middle, middle]
    assert np.abs(together[:, middle, middle].astype(int) - turned).mean() > 3


def test_pixels_are_interpolated_once() -> None:
    images = np.random.default_rng(1).integers(0, 256, (32, 64, 64, 1), dtype=np.uint8)
    together, apart = changed(images, ("zoom", "rotate"), 9), images
    for name in ("zoom", "rotate"):
        apart = changed(apart, (name,), 9)
    assert together.std() > 1.1 * apart.std()


def test_a_shift_moves_whole_pixels_and_fills_the_margin_with_the_mean() -> None:
    images = np.random.default_rng(1).integers(0, 256, (32, 50, 50, 3), dtype=np.uint8)
    for image, moved in zip(images, changed(images, ("shift",), 9), strict=True):
        mean = np.rint(image.mean(axis=(0, 1))).astype(np.uint8)
        padded = np.pad(image, ((5, 5), (5, 5), (0, 0)), constant_values=1)
        for channel in range(3):
            padded[:5, :, channel] = padded[-5:, :, channel] = mean[channel]
            padded[:, :5, channel] = padded[:, -5:, channel] = mean[channel]
        places = [(down, right) for down in range(11) for right in range(11)]
        assert any(np.array_equal(moved, padded[down : down + 50, right : right + 50]) for down, right in places)


@pytest.mark.parametrize(("name", "axis"), [("hflip", 1), ("vflip", 0)])
def test_half_of_the_images_are_flipped(name: str, axis: int) -> None:
    images = np.random.default_rng(1).integers(0, 256, (400, 6, 5, 3), dtype=np.uint8)
    flipped = changed(images, (name,), 1)
    differs = [not np.array_equal(after, before) for before, after in zip(images, flipped, strict=True)]
    assert 160 < sum(differs) < 240
    for before, after, was_changed in zip(images, flipped, differs, strict=True):
        assert np.array_equal(after, np.flip(before, axis) if was_changed else before)


def test_white_stays_white_at_sixteen_bits() -> None:
    white = np.full((60, 8, 8, 1), 65535, dtype=np.uint16)
    assert AutoAugmentCifar().apply(white, np.random.default_rng(1)).max() == 65535


def test_operations_are_applied_as_often_as_the_policy_says() -> None:
    images = np.random.default_rng(6).integers(30, 200, (3000, 32, 32, 3), dtype=np.uint8)
    after = AutoAugmentCifar().apply(images, np.random.default_rng(1))
    share = (after != images).any(axis=(1, 2, 3)).mean()
    # "color" at magnitude 0 alone leaves such images as they are (on fewer than 255 pixels "equalize" would too).
    unchanged = [
        np.prod([1 - operation.probability for operation in pair if operation != ("color", 0.7, 0)]) for pair in POLICY
    ]
    assert share == pytest.approx(1 - np.mean(unchanged), abs=0.02)


def test_the_operations_are_those_of_the_paper() -> None:
    assert {operation.name for pair in POLICY for operation in pair} == {
        "invert", "contrast", "rotate", "translate_x", "sharpness", "shear_y", "translate_y", "autocontrast",
        "equalize", "posterize", "color", "brightness", "solarize",
    }  # fmt: skip


def test_the_cifar_policy_has_25_pairs() -> None:
    assert len(POLICY) == 25


@pytest.mark.parametrize("added", ["hflip", "vflip", "autoaugment_cifar"])
def test_one_more_augmentation_changes_nothing_that_another_draws(added: str) -> None:
    images = smooth(12, 3)
    turned = changed(images, ("rotate",), 7, 2, 1)
    both = changed(images, ("rotate", added), 7, 2, 1)
    alone = changed(turned, (added,), 7, 2, 1)
    assert np.array_equal(both, alone)
    assert not np.array_equal(both, turned)


def test_streams_differ_by_augmentation_seed_and_epoch() -> None:
    names = ("hflip", "vflip", "rotate", "autoaugment_cifar")
    draws = [
        generator.random()
        for seed in ((7, 2, 1), (7, 2, 2), (8, 2, 1))
        for generator in augmentation_streams(names, *seed).values()
    ]
    assert len(set(draws)) == 12


def test_no_augmentation_changes_nothing() -> None:
    images = smooth(3, 1)
    assert np.array_equal(changed(images, (), 7), images)
