"""A real run is measured in an environment that its bundle makes, and images whose originals are gone are packed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.contract.errors import DataError
from engine.device.bundle import AskedBundle, write_bundle
from engine.device.device_figures import device_figures
from engine.device.result_import import import_results

pytestmark = pytest.mark.slow

RATIO_WITHIN = 0.15


@pytest.fixture
def without_originals(heart_folder: Path) -> Iterator[None]:
    moved = heart_folder.with_name("moved")
    heart_folder.rename(moved)
    yield
    moved.rename(heart_folder)


@pytest.mark.skipif(os.name == "nt", reason="run.sh is for Linux and macOS")
def test_ratios_are_those_of_the_run_and_all_answers_the_same(
    copied_run: Path, finished_study: dict[str, Any], tmp_path: Path, bare_python: str
) -> None:
    write_bundle(AskedBundle(str(copied_run)), tmp_path / "bundle.zip", copied_run.parents[1])
    with zipfile.ZipFile(tmp_path / "bundle.zip") as archive:
        archive.extractall(tmp_path / "device")
    environment = {**os.environ, "PYTHON": bare_python}
    done = subprocess.run(
        ["sh", "run.sh"], cwd=tmp_path / "device", env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    kept = import_results(str(copied_run), tmp_path / "device" / "results.json", copied_run.parents[1]).kept
    ratio_of = {one["chain"]: one["latency_ratio"] for one in finished_study["json"]["variants"]}
    tested = finished_study["json"]["dataset"]["test"]
    for one in device_figures(copied_run, kept):
        assert (one.error, one.differing, one.images) == ("", (), tested)
        assert one.latency["1"].ratio == pytest.approx(ratio_of[one.variant], rel=RATIO_WITHIN)


@pytest.mark.usefixtures("without_originals")
def test_images_whose_originals_are_gone_come_from_what_the_run_kept(copied_run: Path, tmp_path: Path) -> None:
    asked = AskedBundle(str(copied_run), images=5)
    written = write_bundle(asked, tmp_path / "bundle.zip", copied_run.parents[1])
    assert len(written.manifest.image_sets[0].labels) == 5
    shutil.rmtree(copied_run.parents[1] / "images")
    with pytest.raises(DataError, match="A test image cannot be packed"):
        write_bundle(asked, tmp_path / "other.zip", copied_run.parents[1])
    assert not (tmp_path / "other.zip").exists()


def test_both_give_the_same_bundle(copied_run: Path, heart_folder: Path, tmp_path: Path) -> None:
    """From the originals and from what was kept."""
    asked = AskedBundle(str(copied_run), images=5)
    manifests = []
    moved = heart_folder.with_name("moved")
    for place in (heart_folder, moved):
        if place == moved:
            heart_folder.rename(moved)
        try:
            manifests.append(write_bundle(asked, tmp_path / "bundle.zip", copied_run.parents[1]).manifest)
        finally:
            if moved.exists():
                moved.rename(heart_folder)
    assert json.loads(manifests[0].model_dump_json()) == json.loads(manifests[1].model_dump_json())
