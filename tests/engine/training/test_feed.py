"""The feed reads what it feeds, and lets go of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

IMAGES = 3_000
IMAGE_BYTES = 224 * 224 * 3

PROGRAM = """
import sys
from pathlib import Path
import numpy as np
from engine.workbench.step_context import StepContext
from engine.contract.measurements import DatasetSummary, ImageBytes
from engine.contract.image_settings import ImageSettings
from engine.contract.pixel_reading import AS_STORED
from engine.contract.recipe import Recipe
from engine.datasets.cache.prepared import PreparedDataset
from engine.datasets.source import Split
from engine.datasets.cache.stored_images import StoredImages
from engine.feeding.pipeline import fit_pipeline
from engine.measurement.memory import peak_resident_bytes
from engine.training.feed import Feed

images = StoredImages(Path(sys.argv[1]))
rows = np.arange(len(images))
splits = {split: rows[place::3] for place, split in enumerate(Split)}
dataset = PreparedDataset(("a", "b"), images, rows % 2, splits, (), None, None, None, AS_STORED, "", True)
settings = ImageSettings(size=224)
pipeline = fit_pipeline(settings, dataset)
feed = Feed(dataset, pipeline, 7, 32)
before = peak_resident_bytes()
for batches in (feed.training_epoch(1), feed.in_order(Split.TEST), feed.in_order(Split.VALIDATION)):
    for batch in batches:
        pass
context = StepContext(Recipe(images=settings), dataset, pipeline, None, None, None)
for image in context.calibration_images(1000):
    pass
print(peak_resident_bytes() - before)
"""


def test_an_epoch_and_a_calibration_keep_no_images_in_memory(tmp_path: Path, checkout: Path) -> None:
    path = tmp_path / "images.npy"
    with path.open("wb") as stream:
        shape = {"descr": "|u1", "fortran_order": False, "shape": (IMAGES, 224, 224, 3)}
        np.lib.format.write_array_header_1_0(stream, shape)
        stream.truncate(stream.tell() + IMAGES * IMAGE_BYTES)
    command = [sys.executable, "-c", PROGRAM, str(path)]
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=True)
    # Half of the pixels as bytes; as floats they are four times that.
    assert int(done.stdout) < IMAGES * IMAGE_BYTES // 2
