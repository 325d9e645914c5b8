"""An epoch through `run`, against a bare `model.fit` and against the papers' generator, in turn; oneDNN is on for all.

In float32 most of an epoch is the arithmetic that all ways share. bfloat16 shortens it where the processor has it.
"""

from __future__ import annotations

import statistics
from contextlib import ExitStack
from pathlib import Path

import pytest

from engine.launch.bfloat16_processor import multiplies_bfloat16
from tests.benchmarks.contender import Contender

OURS = ("run", *(("run-bfloat16",) if multiplies_bfloat16() else ()))
OTHERS = ("fit", "generator")
WAYS = (*OURS, *OTHERS)
EPOCHS = 5
MAX_RATIOS = {
    ("run", "fit"): 0.95,
    ("run", "generator"): 0.9,
    ("run-bfloat16", "fit"): 0.75,
    ("run-bfloat16", "generator"): 0.6,
}


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
        (ours, other): statistics.median(one / two for one, two in zip(seconds[ours], seconds[other], strict=True))
        for ours in OURS
        for other in OTHERS
    }
    for way, times in seconds.items():
        print(f"\n{way}: median {statistics.median(times):.2f} s of {', '.join(f'{one:.2f}' for one in times)}", end="")
    for (ours, other), ratio in ratios.items():
        print(f"\n{ours} / {other}: {ratio:.3f} (at most {MAX_RATIOS[ours, other]})", end="")
    assert all(ratio <= MAX_RATIOS[pair] for pair, ratio in ratios.items())
