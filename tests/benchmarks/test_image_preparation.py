"""Preparing 5,000 JPEG files against a plain loop that does the same, the cache against preparing, and wavelet
transforms of batches against a loop over images."""

from __future__ import annotations

import hashlib
import io
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import imagehash
import numpy as np
import pytest
import pywt
from PIL import Image, ImageOps

from engine.contract.image_settings import DwtSettings, ImageSettings
from engine.contract.recipe import DatasetSettings
from engine.datasets.cache.preparation import prepare, scan
from engine.imaging.normalisation import PNG_OPTIONS
from engine.imaging.wavelet import MODE, decompose

FILES, SIDE = 5_000, 224
IMAGES = ImageSettings()
"""As a recipe without settings has them: 96×96, lanczos, no JPEG."""
ROUNDS = 2
BATCH, BATCH_ROUNDS = 32, 15
MIN_OF_PLAIN_LOOP = 1.8
MAX_OF_FIRST_RUN = 0.1
MIN_OF_LOOP_OVER_IMAGES = 5.0


@pytest.fixture(scope="module")
def jpegs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Blurred colours with some noise, in two class folders."""
    root = tmp_path_factory.mktemp("jpegs") / "images"
    generator = np.random.default_rng(7)
    for number in range(FILES):
        coarse = Image.fromarray(generator.integers(0, 256, (14, 14, 3), dtype=np.uint8))
        smooth = np.asarray(coarse.resize((SIDE, SIDE), Image.Resampling.BICUBIC)).astype(np.int16)
        noisy = np.clip(smooth + generator.integers(-4, 5, smooth.shape, dtype=np.int16), 0, 255)
        path = root / "ab"[number % 2] / f"{number:05d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(noisy.astype(np.uint8)).save(path, quality=90)
    return root


@pytest.mark.benchmark
@pytest.mark.timeout(1800)
def test_preparing_images(jpegs: Path, tmp_path: Path) -> None:
    dataset = DatasetSettings(kind="image_folder", path=str(jpegs))
    ours, again, plain, bare = [], [], [], []
    for number in range(ROUNDS):
        cache = tmp_path / f"cache{number}"
        ours.append(_seconds(lambda cache=cache: _prepared(dataset, cache)))
        again.append(_seconds(lambda cache=cache: _prepared(dataset, cache)))
        plain.append(_seconds(lambda: _same_by_a_loop(jpegs, tmp_path / "plain.npy")))
        bare.append(_seconds(lambda: _decoded_by_a_loop(jpegs, tmp_path / "bare.npy")))
    ratio = statistics.median(one / mine for one, mine in zip(plain, ours, strict=True))
    of_bare = statistics.median(one / mine for one, mine in zip(bare, ours, strict=True))
    cached = statistics.median(second / first for second, first in zip(again, ours, strict=True))
    print(
        f"\n{FILES:,} JPEG files of {SIDE}² prepared in {statistics.median(ours):.1f} s: {ratio:.2f} × as fast as a "
        "plain loop that does the same (decode, upright, hashes for duplicates, resize, size as PNG), "
        f"{of_bare:.2f} × one that decodes and resizes only; from the cache {cached:.3f} of that time "
        f"({ROUNDS} rounds, in turn)"
    )
    assert ratio >= MIN_OF_PLAIN_LOOP
    assert cached <= MAX_OF_FIRST_RUN


@pytest.mark.benchmark
def test_transforming_batches() -> None:
    generator = np.random.default_rng(7)
    gray, colour = (generator.random((BATCH, SIDE, SIDE, channels), dtype=np.float32) for channels in (1, 3))
    ratio, of_colour, of_other = (
        _ratio_of_transforms(batch, wavelet) for batch, wavelet in ((gray, "haar"), (colour, "haar"), (gray, "db2"))
    )
    print(
        f"\nall four subbands of a batch of {BATCH} grayscale images of {SIDE}²: haar {ratio:.1f} × as fast as "
        f"pywt.dwt2 in a loop over the images (in colour {of_colour:.1f} ×, db2 {of_other:.1f} ×; "
        f"{BATCH_ROUNDS} rounds, in turn)"
    )
    assert ratio >= MIN_OF_LOOP_OVER_IMAGES


def _prepared(dataset: DatasetSettings, cache: Path) -> None:
    assert len(prepare(scan(dataset, 7), dataset, IMAGES, 7, cache).images) == FILES


def _same_by_a_loop(root: Path, target: Path) -> None:
    """What preparation does to an image, as one would write it down with Pillow, ImageHash and hashlib."""
    arrays, hashes, bytes_after = [], [], 0
    for path in sorted(root.rglob("*.jpg")):
        with Image.open(path) as opened:
            picture = ImageOps.exif_transpose(opened).convert("RGB")
        pixels = np.asarray(picture)
        hashes.append((hashlib.blake2b(pixels.data, digest_size=16).digest(), imagehash.phash(picture)))
        small = picture.resize((IMAGES.size, IMAGES.size), Image.Resampling.LANCZOS)
        stream = io.BytesIO()
        small.save(stream, "PNG", **PNG_OPTIONS)
        bytes_after += stream.tell()
        arrays.append(np.asarray(small))
    np.save(target, np.stack(arrays))


def _decoded_by_a_loop(root: Path, target: Path) -> None:
    size = (IMAGES.size, IMAGES.size)
    arrays = []
    for path in sorted(root.rglob("*.jpg")):
        with Image.open(path) as opened:
            arrays.append(np.asarray(opened.convert("RGB").resize(size, Image.Resampling.LANCZOS)))
    np.save(target, np.stack(arrays))


def _ratio_of_transforms(batch: np.ndarray, wavelet: str) -> float:
    """How many times as fast the batch is, all four subbands of all images."""

    def one_by_one() -> None:
        for image in batch:
            pywt.dwt2(image, wavelet, mode=MODE, axes=(0, 1))

    def whole() -> None:
        decompose(batch, DwtSettings(wavelet=wavelet))

    return statistics.median(_seconds(one_by_one) / _seconds(whole) for _ in range(BATCH_ROUNDS))


def _seconds(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
