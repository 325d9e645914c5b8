"""An epoch through `run`, against a bare `model.fit` and against the papers' generator, in turn."""

from __future__ import annotations

import statistics
import subprocess
import sys
from pathlib import Path

import pytest

EPOCHS = 5
MOST_OF_FIT = 1.05
MOST_OF_GENERATOR = 0.9


class _Contender:
    """A training process that does one epoch when asked."""

    def __init__(self, checkout: Path, way: str, folder: Path) -> None:
        command = [sys.executable, "-m", "tests.benchmarks.epoch_contender", way, str(folder), str(EPOCHS + 2)]
        self._child = subprocess.Popen(
            command, cwd=checkout, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self._answer() == "ready"

    def epoch_seconds(self) -> float:
        assert self._child.stdin is not None
        self._child.stdin.write("go\n")
        self._child.stdin.flush()
        return float(self._answer())

    def end(self) -> None:
        self._child.kill()
        self._child.communicate()

    def _answer(self) -> str:
        assert self._child.stdout is not None
        return self._child.stdout.readline().strip()


@pytest.mark.benchmark
@pytest.mark.timeout(3600)
def test_an_epoch_through_run_costs_no_more_than_a_bare_fit(checkout: Path, tmp_path: Path, cifar10_mini: Path) -> None:
    contenders = {}
    try:
        for way in ("run", "fit", "generator"):
            folder = tmp_path / way
            folder.mkdir()
            (folder / "images").symlink_to(cifar10_mini / "train", target_is_directory=True)
            contenders[way] = _Contender(checkout, way, folder)
        seconds: dict[str, list[float]] = {way: [] for way in contenders}
        for _ in range(EPOCHS):
            for way, contender in contenders.items():
                seconds[way].append(contender.epoch_seconds())
    finally:
        for contender in contenders.values():
            contender.end()
    ratios = {
        way: statistics.median(ours / theirs for ours, theirs in zip(seconds["run"], seconds[way], strict=True))
        for way in ("fit", "generator")
    }
    for way, times in seconds.items():
        print(f"\n{way}: median {statistics.median(times):.2f} s of {', '.join(f'{one:.2f}' for one in times)}", end="")
    print(f"\nrun / fit: {ratios['fit']:.3f} (at most {MOST_OF_FIT})")
    print(f"run / generator: {ratios['generator']:.3f} (at most {MOST_OF_GENERATOR})")
    assert ratios["fit"] <= MOST_OF_FIT
    assert ratios["generator"] <= MOST_OF_GENERATOR
