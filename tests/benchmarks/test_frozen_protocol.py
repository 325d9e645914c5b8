"""Trad et al. 2022 train the head of a frozen VGG16 on 1,000 images of 224×224 for 30 epochs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks.frozen_protocol import Gain, Protocol, measure

PAPER = Protocol(images=1_000, side=224, epochs=30)
SMALL = Protocol(images=64, side=96, epochs=4, width=0.25)
MIN_RATIO = 10.0
MAX_LOSS_DIFFERENCE = 1e-5


def told(protocol: Protocol, gain: Gain) -> str:
    return (
        f"\n{protocol.kind} ×{protocol.width:g} at {protocol.side}², frozen, {protocol.images:,} images, "
        f"{protocol.epochs} epochs: {gain.with_s:.1f} s with stored features; an epoch of the whole network "
        f"{gain.epoch_without_s:.1f} s, so {gain.epochs * gain.epoch_without_s:.0f} s without: {gain.ratio:.1f} × "
        f"(losses differ by {gain.largest_loss_difference:.1g} at most)"
    )


@pytest.mark.benchmark
@pytest.mark.timeout(3600)
@pytest.mark.usefixtures("small_context")
def test_the_papers_protocol_takes_a_tenth_of_the_time(tmp_path: Path) -> None:
    gain = measure(PAPER, tmp_path)
    print(told(PAPER, gain))
    assert gain.ratio >= MIN_RATIO
    assert gain.largest_loss_difference <= MAX_LOSS_DIFFERENCE


@pytest.mark.usefixtures("small_context")
def test_a_small_one_trains_faster_too_and_gives_the_same(tmp_path: Path) -> None:
    gain = measure(SMALL, tmp_path)
    print(told(SMALL, gain))
    assert gain.step_ratio > 2
    assert gain.largest_loss_difference <= MAX_LOSS_DIFFERENCE
