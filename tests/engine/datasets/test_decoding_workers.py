"""Images are decoded in threads or in processes: the same either way, and nothing is left running."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from engine.contract.errors import Cancelled, NutshellError
from engine.contract.image_settings import ImageSettings
from engine.contract.progress import Progress
from engine.contract.recipe import DatasetSettings
from engine.datasets.cache import decoding, decoding_workers
from engine.datasets.cache.preparation import prepare, scan
from tests.small_study import draw_class_folders

IMAGES = ImageSettings(size=32, jpeg_quality=70)


@pytest.fixture
def hearts(tmp_path: Path) -> DatasetSettings:
    """Forty-eight images, and one that is cut off."""
    folder = draw_class_folders(tmp_path / "images")
    first = folder / "normal" / "000.png"
    first.write_bytes(first.read_bytes()[:900])
    return DatasetSettings(kind="image_folder", path=str(folder))


@pytest.fixture
def in_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding_workers, "PROCESSES_FROM", 1)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)


def test_processes_make_what_threads_make(
    hearts: DatasetSettings, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    threads = prepare(scan(hearts, 7), hearts, IMAGES, 7, tmp_path / "threads")
    request.getfixturevalue("in_processes")
    processes = prepare(scan(hearts, 7), hearts, IMAGES, 7, tmp_path / "processes")
    assert len(threads.images) == 47
    assert np.array_equal(np.asarray(threads.images), np.asarray(processes.images))
    assert threads.paths == processes.paths
    assert threads.summary == processes.summary
    assert threads.image_bytes == processes.image_bytes
    assert [skipped.reason for skipped in processes.summary.skipped] == ["is cut off"]
    assert not multiprocessing.active_children()


@pytest.mark.usefixtures("in_processes")
def test_cancelling_leaves_no_process(hearts: DatasetSettings, tmp_path: Path) -> None:
    polls = iter(range(100))

    def cancel_later() -> None:
        if next(polls) == 1:
            raise Cancelled("stop")

    with pytest.raises(Cancelled):
        prepare(scan(hearts, 7), hearts, IMAGES, 7, tmp_path / "cache", Progress(cancel_later))
    assert not multiprocessing.active_children()
    assert not list((tmp_path / "cache").iterdir())


@pytest.mark.usefixtures("in_processes")
def test_a_worker_that_is_killed_is_told_of(
    hearts: DatasetSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Image by image, so that some are left to decode whenever the workers are killed."""
    monkeypatch.setattr(decoding, "BATCH", 1)

    def kill_one(done: int, total: int) -> None:
        for child in multiprocessing.active_children():
            child.kill()

    with pytest.raises(NutshellError, match="A process that decoded images was killed"):
        prepare(scan(hearts, 7), hearts, IMAGES, 7, tmp_path / "cache", Progress(on_report=kill_one))
    assert not list((tmp_path / "cache").iterdir())


HELD = """
import sys, time
from pathlib import Path
from engine.contract.progress import Progress
from engine.contract.image_settings import ImageSettings
from engine.contract.recipe import DatasetSettings
from engine.datasets.cache import decoding_workers
from engine.datasets.cache.preparation import prepare, scan

if __name__ == "__main__":
    decoding_workers.PROCESSES_FROM = 1
    settings = DatasetSettings(kind="image_folder", path=sys.argv[1])

    def hold(done, total):
        print(done, flush=True)
        time.sleep(60 if done else 0)

    held = Progress(on_report=hold, every_s=0)
    prepare(scan(settings, 7), settings, ImageSettings(size=32), 7, Path(sys.argv[2]), held)
"""


@pytest.mark.skipif(sys.platform == "win32" or os.cpu_count() == 1, reason="signals as POSIX has them; two cores")
def test_workers_end_with_a_parent_that_is_killed(hearts: DatasetSettings, tmp_path: Path, checkout: Path) -> None:
    (tmp_path / "held.py").write_text(HELD)
    command = [sys.executable, str(tmp_path / "held.py"), hearts.path, str(tmp_path / "cache")]
    environment = os.environ | {"PYTHONPATH": str(checkout)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "0\n"
        assert parent.stdout.readline() != ""
        workers = psutil.Process(parent.pid).children(recursive=True)
        assert len(workers) >= 2
        os.kill(parent.pid, signal.SIGKILL)
        deadline = time.monotonic() + 10
        while any(map(_runs, workers)) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not any(map(_runs, workers))


def _runs(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
