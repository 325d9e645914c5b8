"""Threads that need SciPy first at the same moment all get it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import threading
import numpy as np
from engine.datasets.files.image_traits import image_traits
from engine.contract.image_settings import ImageSettings
from engine.imaging.fidelity import resize_fidelity

image = np.random.default_rng(1).integers(0, 256, (32, 32, 3), np.uint8)
start, failed = threading.Barrier(4), []

def work(task):
    start.wait()
    try:
        task()
    except BaseException as error:
        failed.append(repr(error))

tasks = [lambda: image_traits(image), lambda: resize_fidelity([image], ImageSettings(size=16))] * 2
threads = [threading.Thread(target=work, args=(task,)) for task in tasks]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(failed)
"""


@pytest.mark.parametrize("attempt", range(4))
def test_threads_may_need_it_at_once(checkout: Path, attempt: int) -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=checkout, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr
