"""A study's memory does not grow with its images: 100,000 of 224×224 must stay under 2 GiB."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

FEW, MANY, ALL = 2_000, 8_000, 100_000
MAX_BYTES = 2 * 2**30
PIXEL_BYTES = 224 * 224 * 3
MAX_KEPT = 0.1
"""Of the pixels of the images that the larger study has more."""
DISTINCT = 100
"""Images that are encoded; the others are the same with another comment, so that making them costs little."""


@pytest.mark.benchmark
@pytest.mark.timeout(3600)
def test_a_hundred_thousand_images_would_fit_into_two_gibibytes(checkout: Path, tmp_path: Path) -> None:
    few, many = (_peak_of_a_study(checkout, tmp_path / str(count), count) for count in (FEW, MANY))
    bytes_per_image = (many["prepared_bytes"] - few["prepared_bytes"]) / (MANY - FEW)
    expected = many["peak_bytes"] + max(bytes_per_image, 0) * (ALL - MANY)
    grown = many["peak_bytes"] - few["peak_bytes"]
    print(
        f"\npeak resident memory of preparing and training at 224²: {few['peak_bytes'] / 2**20:,.0f} MiB for {FEW:,} "
        f"images, {many['peak_bytes'] / 2**20:,.0f} MiB for {MANY:,}; what is known of an image takes "
        f"{bytes_per_image / 1024:.1f} KiB, so {expected / 2**30:.2f} GiB for {ALL:,}"
    )
    assert expected < MAX_BYTES
    # TensorFlow's own memory wavers by a hundred megabytes from run to run.
    assert grown < (MANY - FEW) * PIXEL_BYTES * MAX_KEPT


def _peak_of_a_study(checkout: Path, folder: Path, count: int) -> dict[str, int]:
    images = _draw(folder / "images", count)
    command = [sys.executable, "-m", "tests.benchmarks.study_of_many_images", str(images), str(folder)]
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=True)
    figures: dict[str, int] = json.loads(done.stdout.splitlines()[-1])
    assert figures["images"] == count
    return figures


def _draw(root: Path, count: int) -> Path:
    """JPEG files of coloured noise in two class folders."""
    generator = np.random.default_rng(5)
    contents = [_jpeg(generator.integers(0, 255, (28, 28, 3), dtype=np.uint8)) for _ in range(DISTINCT)]
    for number in range(count):
        path = root / f"class{number % 2}" / f"{number:06d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(contents[number % DISTINCT] + number.to_bytes(4))
    return root


def _jpeg(pixels: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).resize((224, 224), Image.Resampling.BICUBIC).save(stream, "JPEG")
    return stream.getvalue()
