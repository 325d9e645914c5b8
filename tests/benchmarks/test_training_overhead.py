"""An epoch through `run`, against a bare `model.fit` and against the papers' generator, in turn."""

from __future__ import annotations

import statistics
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.benchmarks.contender import Contender

WAYS = ("run", "fit", "generator")
EPOCHS = 5
MAX_OF_FIT = 1.05
MAX_OF_GENERATOR = 0.9


@pytest.mark.benchmark
@pytest.mark.timeout(3600)
def test_an_epoch_through_run_costs_no_more_than_a_bare_fit(checkout: Path, tmp_path: Path, cifar10_mini: Path) -> None:
    seconds: dict[str, list[float]] = {way: [] for way in WAYS}
    with ExitStack() as open_things:
        contenders = {}
        for way in WAYS:
            folder = tmp_path / way
            folder.mkdir()
            (folder / "images").symlink_to(cifar10_mini / "train", target_is_directory=True)
            contenders[way] = open_things.enter_context(Contender(checkout, way, folder, EPOCHS))
        for _ in range(EPOCHS):
            for way, contender in contenders.items():
                seconds[way].append(contender.epoch_seconds())
    ratios = {
        way: statistics.median(ours / theirs for ours, theirs in zip(seconds["run"], seconds[way], strict=True))
        for way in ("fit", "generator")
    }
    for way, times in seconds.items():
        print(f"\n{way}: median {statistics.median(times):.2f} s of {', '.join(f'{one:.2f}' for one in times)}", end="")
    print(f"\nrun / fit: {ratios['fit']:.3f} (at most {MAX_OF_FIT})")
    print(f"run / generator: {ratios['generator']:.3f} (at most {MAX_OF_GENERATOR})")
    assert ratios["fit"] <= MAX_OF_FIT
    assert ratios["generator"] <= MAX_OF_GENERATOR
