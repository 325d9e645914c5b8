"""An epoch through `run`, against a bare `model.fit` and against the papers' generator, in turn; oneDNN is on for all.

In float32 most of an epoch is the arithmetic that all ways share. bfloat16 shortens it where the processor has it.
A kernel may pack a process onto one of its cores for seconds, whichever way it trains, and an epoch then takes twice
the time for the same work: of a pair, turns in which that happened to either do not count, and more are run.
"""

from __future__ import annotations

import os
import statistics
from contextlib import ExitStack
from itertools import product
from pathlib import Path

import pytest

from engine.launch.bfloat16_processor import multiplies_bfloat16
from tests.benchmarks.contender import Contender, EpochTime

OURS = ("run", *(("run-bfloat16",) if multiplies_bfloat16() else ()))
OTHERS = ("fit", "generator")
WAYS = (*OURS, *OTHERS)
PAIRS = tuple(product(OURS, OTHERS))
EPOCHS = 5
TURNS = 4 * EPOCHS
"""At most."""
MIN_CORES = 1.2
"""At work in an epoch that counts."""
MAX_RATIOS = {
    ("run", "fit"): 0.95,
    ("run", "generator"): 0.9,
    ("run-bfloat16", "fit"): 0.75,
    ("run-bfloat16", "generator"): 0.6,
}


@pytest.mark.benchmark
@pytest.mark.timeout(3600)
def test_an_epoch_through_run_costs_no_more_than_a_bare_fit(checkout: Path, tmp_path: Path, cifar10_mini: Path) -> None:
    turns: list[dict[str, EpochTime]] = []
    with ExitStack() as open_things:
        contenders = {}
        for way in WAYS:
            folder = tmp_path / way
            folder.mkdir()
            (folder / "images").symlink_to(cifar10_mini / "train", target_is_directory=True)
            contenders[way] = open_things.enter_context(Contender(checkout, way, folder, TURNS))
        while len(turns) < TURNS and min(len(_counted(turns, *pair)) for pair in PAIRS) < EPOCHS:
            turns.append({way: contender.epoch() for way, contender in contenders.items()})
    for way in WAYS:
        each = ", ".join(f"{turn[way].seconds:.2f} ({turn[way].cores:.1f} cores)" for turn in turns)
        print(f"\n{way}: median {statistics.median(turn[way].seconds for turn in turns):.2f} s of {each}", end="")
    ratios = {}
    for ours, other in PAIRS:
        counted = _counted(turns, ours, other)
        told = f"of {len(counted)} of {len(turns)} turns"
        if len(counted) < EPOCHS:
            counted, told = turns, f"of all turns, as both had their cores in {len(counted)} only"
        ratio = statistics.median(turn[ours].seconds / turn[other].seconds for turn in counted)
        ratios[ours, other] = ratio
        print(f"\n{ours} / {other}: {ratio:.3f} (at most {MAX_RATIOS[ours, other]}), median {told}", end="")
    assert all(ratio <= MAX_RATIOS[pair] for pair, ratio in ratios.items())


def _counted(turns: list[dict[str, EpochTime]], ours: str, other: str) -> list[dict[str, EpochTime]]:
    if os.cpu_count() == 1:
        return turns
    return [turn for turn in turns if min(turn[ours].cores, turn[other].cores) >= MIN_CORES]
