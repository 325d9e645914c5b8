"""How many images per second train, by threads, steps per execution, XLA and layouts, each beside a bare `model.fit`.

    python -m tests.benchmarks.training_throughput FOLDER_OF_CLASSES [ROUNDS [WAYS]] > resources/docs/throughput.md

WAYS is how many of the ways are measured, from the first on; without it all.

ResNet-18 of width 0.25 at 32×32, batches of 64. Each way has a process of its own; it and the bare fit do one epoch in
turn, and the ratio is the median over the rounds, so that the machine's drift hits both alike.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from engine.contract.recipe import DatasetSettings
from engine.datasets.cache.preparation import scan
from engine.datasets.source import Split
from engine.launch.bfloat16_processor import instructions, multiplies_bfloat16
from engine.measurement.machine import cpu_name
from tests.benchmarks.contender import Contender

BARE_FIT = "fit"
ROUNDS = 5
SHOWN_INSTRUCTIONS = ("AVX2", "AVX512F", "AVX512VNNI", "AVX512BF16", "ASIMD")
CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Way:
    """One way to train."""

    title: str
    way: str
    """As `epoch_contender` knows it."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """What TensorFlow reads at its start."""


KEPT = Way("a run, as it is", "run")
BFLOAT16 = Way('a run, `precision = "mixed_bfloat16"`', "run-bfloat16")
GENERATOR = Way("`model.fit` of `ImageDataGenerator.flow_from_directory`", "generator")
WAYS = (
    KEPT,
    *((BFLOAT16,) if multiplies_bfloat16() else ()),
    GENERATOR,
    Way(
        "a run, 1 thread within operators and 1 across",
        "run",
        {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"},
    ),
    Way(
        "a run, 2 threads within operators and 1 across",
        "run",
        {"TF_NUM_INTRAOP_THREADS": "2", "TF_NUM_INTEROP_THREADS": "1"},
    ),
    Way(
        "a run, 1 thread within operators and 2 across",
        "run",
        {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "2"},
    ),
    Way("a run, compiled by XLA", "run", {"TF_XLA_FLAGS": "--tf_xla_auto_jit=2 --tf_xla_cpu_global_jit"}),
    Way("a run, without oneDNN and its blocked layouts", "run", {"TF_ENABLE_ONEDNN_OPTS": "0"}),
    Way("`model.fit`, 8 steps per execution", "fit-steps-8"),
    Way("`model.fit`, compiled by XLA", "fit-xla"),
    Way("`model.fit`, without oneDNN", "fit", {"TF_ENABLE_ONEDNN_OPTS": "0"}),
    # Without oneDNN TensorFlow has no convolution for this layout on a processor.
    Way("`model.fit`, channels first", "fit-channels-first"),
)


@dataclass(frozen=True)
class Throughput:
    """What was measured of one way."""

    way: Way
    images_per_second: float
    """Training images over the median seconds of an epoch, validation included."""
    ratio: float
    """Over the bare fit's, median over the rounds; above 1 is faster."""


def measure(images: Path, folder: Path, ways: tuple[Way, ...] = WAYS, rounds: int = ROUNDS) -> list[Throughput]:
    """All ways in turn beside one bare fit.

    Args:
        images: one folder per class.
        folder: empty; what is needed on the way is kept there.
    """
    count = _training_images(images)
    measured = []
    with ExitStack() as open_things:
        fit = open_things.enter_context(Contender(CHECKOUT, BARE_FIT, _linked(folder / "bare", images), rounds))
        for number, way in enumerate(ways):
            place = _linked(folder / str(number), images)
            with Contender(CHECKOUT, way.way, place, rounds, way.environment) as contender:
                pairs = [(contender.epoch().seconds, fit.epoch().seconds) for _ in range(rounds)]
            measured.append(
                Throughput(
                    way,
                    count / statistics.median(ours for ours, _ in pairs),
                    statistics.median(theirs / ours for ours, theirs in pairs),
                )
            )
    return measured


def page(measured: list[Throughput], rounds: int) -> str:
    """The figures as a page of the documentation."""
    import os

    lines = [
        "# How fast training is",
        "",
        "Images per second of ResNet-18 of width 0.25 at 32×32 in batches of 64, with validation, each compared with a",
        "bare `model.fit` with default settings on images that are decoded, scaled and in memory. A run reads its",
        "images from disk, flips them, checks its loss, reports its progress and saves a checkpoint after each epoch.",
        "oneDNN is on for all, unless a way says otherwise: TensorFlow leaves it off where a processor has no AVX-512.",
        f"Measured on {cpu_name()} ({vector_instructions()}), {os.cpu_count()} cores, in {rounds} rounds, by",
        f"`python -m tests.benchmarks.training_throughput FOLDER_OF_CLASSES {rounds} {len(measured)}`,",
        "which prints this page. The ratio is the bare fit's time divided by the way's, measured in turn, median over",
        "the rounds; above 1 is faster. Other work beside lowers the images per second, the ratio less.",
        "",
        "| way | images per second | ratio |",
        "| --- | --- | --- |",
    ]
    lines += [f"| {one.way.title} | {one.images_per_second:,.0f} | {one.ratio:.2f} |" for one in measured]
    return "\n".join(lines) + "\n"


def vector_instructions() -> str:
    """Those of the processor that decide how fast training is, as NumPy names them."""
    return ", ".join(name for name in SHOWN_INSTRUCTIONS if instructions().get(name)) or "no AVX"


def _training_images(images: Path) -> int:
    index = scan(DatasetSettings(kind="image_folder", path=str(images)), 7)
    return sum(sample.split is Split.TRAIN for sample in index.samples)


def _linked(folder: Path, images: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "images").symlink_to(images.resolve(), target_is_directory=True)
    return folder


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        rounds, count = (int(text) for text in (*sys.argv[2:], *(str(ROUNDS), str(len(WAYS)))[len(sys.argv) - 2 :]))
        sys.stdout.write(page(measure(Path(sys.argv[1]), Path(temporary), WAYS[:count], rounds), rounds))
