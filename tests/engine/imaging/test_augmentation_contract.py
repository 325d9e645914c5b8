"""The contract that every augmentation of the registry keeps, now and later."""

from __future__ import annotations

import re

import numpy as np
import pytest

from engine.contract.augmentation import AUGMENTATIONS, Family, usual_order
from engine.contract.errors import RecipeError
from engine.imaging.augment import Augmented, augment, augmentation_streams, mixes_images
from engine.imaging.image_augmentation import MixingAugmentation

KINDS = usual_order(AUGMENTATIONS)
MIXING = [key for key in KINDS if issubclass(AUGMENTATIONS[key], MixingAugmentation)]
COUNT = 24
HEIGHT, WIDTH = 45, 38
GENERATOR = np.random.default_rng(5)
# A gradient with texture: neighbours are alike, and no two images are.
RAMP = np.linspace(40, 200, WIDTH)[None, None, :, None] + np.linspace(-30, 30, HEIGHT)[None, :, None, None]
COLOUR = np.clip(RAMP + GENERATOR.normal(0, 12, (COUNT, HEIGHT, WIDTH, 3)), 0, 255).astype(np.uint8)
IMAGES = {
    "colour": COLOUR,
    "grey": np.ascontiguousarray(COLOUR[..., :1]),
    "sixteen bits": COLOUR[..., :1].astype(np.uint16) * 257,
    "colour of sixteen bits": COLOUR.astype(np.uint16) * 257,
    "twelve of sixteen bits": COLOUR[..., :1].astype(np.uint16) * 16,
    "five channels": np.concatenate([COLOUR, COLOUR[..., :2]], axis=3),
    "square": np.ascontiguousarray(COLOUR[:, :32, :32]),
    "one image": COLOUR[:1],
}
CASES = [
    pytest.param(kind, form, id=f"{kind}-{form}")
    for kind in KINDS
    for form, images in IMAGES.items()
    if images.shape[3] == 3 or not AUGMENTATIONS[kind].needs_colour
]


def augmented(images: np.ndarray, names: tuple[str, ...], *seed: int) -> Augmented:
    return augment(images, augmentation_streams(names, *seed))


@pytest.mark.parametrize("kind", KINDS)
def test_it_says_what_it_is(kind: str) -> None:
    declared = AUGMENTATIONS[kind]
    assert re.fullmatch(r"[a-z]\w*", kind)
    assert declared.title
    assert declared.title[0].isupper()
    assert declared.paper
    for sentence in (declared.summary, declared.assumes):
        assert re.fullmatch(r"[A-Z0-9].*\.", sentence), sentence
    assert (declared.family is Family.MIXING) == (kind in MIXING)


@pytest.mark.parametrize(("kind", "form"), CASES)
def test_it_keeps_shape_type_and_what_it_is_given(kind: str, form: str) -> None:
    images = IMAGES[form]
    given = images.copy()
    given.setflags(write=False)
    first, again, other = (augmented(given, (kind,), seed) for seed in (3, 3, 4))
    assert (first.images.shape, first.images.dtype) == (images.shape, images.dtype)
    assert np.array_equal(given, images)
    assert np.array_equal(first.images, again.images)
    if len(images) > 1:
        assert not np.array_equal(first.images, images)
        assert not np.array_equal(first.images, other.images)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_values_do_not_wrap(kind: str, dtype: type) -> None:
    """What is added to white stays white, and what is taken from black stays black."""
    white = np.iinfo(dtype).max
    images = np.zeros((COUNT, 32, 32, 3), dtype)
    images[:, :, 16:] = white
    images[:, 8:24, 8:24] = white // 2
    changed = augmented(images, (kind,), 3).images.astype(float)
    kept = augmented(images // 4 + white // 4, (kind,), 3).images.astype(float)
    # Far from the ends nothing can wrap; an affine change of the values keeps the correlation of both, if nothing did.
    each = [np.corrcoef(one.ravel(), other.ravel())[0, 1] for one, other in zip(changed, kept, strict=True)]
    assert np.median(each) > 0.9
    if kind in MIXING or AUGMENTATIONS[kind].family is Family.PIXELS:
        assert min(each) > 0.85


@pytest.mark.parametrize("kind", KINDS)
def test_twelve_bits_are_changed_as_much_as_sixteen(kind: str) -> None:
    """Scanners that use twelve bits of sixteen are augmented by their own range."""
    if AUGMENTATIONS[kind].needs_colour:
        pytest.skip("slides of tissue have the whole range")
    twelve, sixteen = IMAGES["twelve of sixteen bits"], IMAGES["sixteen bits"]
    changed = augmented(twelve, (kind,), 3).images / 16
    in_full = augmented(sixteen, (kind,), 3).images / 257
    # Brighter than the range is possible for twelve bits only.
    assert np.mean(np.abs(np.minimum(changed, 255) - in_full)) < 1


@pytest.mark.parametrize("kind", KINDS)
def test_its_stream_is_its_own(kind: str) -> None:
    others = tuple(other for other in ("hflip", "noise", "shift") if other != kind)
    streams = augmentation_streams((*others, kind), 7, 2, 1, 0)
    assert np.array_equal(streams[kind].random(4), augmentation_streams((kind,), 7, 2, 1, 0)[kind].random(4))
    draws = {augmentation_streams((kind,), *seed)[kind].random() for seed in ((7, 2, 1, 0), (8, 2, 1, 0), (7, 2, 1, 1))}
    assert len(draws) == 3


def test_no_two_streams_are_alike() -> None:
    assert len({augmentation_streams((kind,), 7)[kind].random() for kind in KINDS}) == len(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_does_not_depend_on_those_before_it(kind: str) -> None:
    """So an epoch is the same wherever a training resumes."""
    for batch in range(3):
        last = augmented(COLOUR, (kind,), 7, 2, 1, batch)
    assert np.array_equal(last.images, augmented(COLOUR, (kind,), 7, 2, 1, 2).images)


@pytest.mark.parametrize("kind", MIXING)
def test_images_are_mixed_as_it_says(kind: str) -> None:
    """Pixels of a constant image tell the share: the mean of a mixed image is the mean of both by their shares."""
    images = np.broadcast_to(np.arange(0, 240, 10, dtype=np.uint8)[:, None, None, None], (COUNT, 40, 30, 1))
    mixed, mixture = augmented(images, (kind,), 3)
    assert mixture is not None
    assert (mixture.partners.dtype, mixture.shares.dtype) == (np.int64, np.float32)
    shares, partners = mixture.shares, mixture.partners
    assert sorted(partners) == list(range(COUNT))
    assert ((shares >= 0) & (shares <= 1)).all()
    assert ((shares > 0.02) & (shares < 0.98)).any()
    expected = shares * images[:, 0, 0, 0] + (1 - shares) * images[partners, 0, 0, 0]
    np.testing.assert_allclose(mixed.mean(axis=(1, 2, 3)), expected, atol=0.51)


def test_of_two_mixing_kinds_one_is_drawn_for_each_batch() -> None:
    names = ("mixup", "hflip", "cutmix")
    drawn = ["mixup" in augmentation_streams(names, 7, 2, 1, batch) for batch in range(400)]
    assert 160 < sum(drawn) < 240
    for batch in range(4):
        streams = augmentation_streams(names, 7, 2, 1, batch)
        assert list(streams) == (["mixup", "hflip"] if drawn[batch] else ["hflip", "cutmix"])
    assert mixes_images(names)
    assert not mixes_images(("hflip",))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if AUGMENTATIONS[kind].needs_colour])
def test_one_for_colours_refuses_grey_images(kind: str) -> None:
    with pytest.raises(RecipeError, match=f"training.augment: {kind} needs images in colour"):
        augmented(IMAGES["grey"], (kind,), 3)


def test_the_order_is_the_one_that_is_written() -> None:
    first, second = (augmented(COLOUR, names, 3).images for names in (("cutout", "noise"), ("noise", "cutout")))
    assert not np.array_equal(first, second)
