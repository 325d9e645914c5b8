"""What a search saves by stopping weak trials between epochs, what it loses of the front, and how soon it has it."""

from __future__ import annotations

from pathlib import Path
from statistics import median

import pytest

from engine.contract.backbone_settings import BackboneSettings
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.image_settings import ImageSettings
from engine.contract.recipe import ChainSettings, Recipe
from engine.contract.search_settings import SearchSettings
from engine.contract.training_settings import TrainingSettings
from engine.store.locations import Locations
from tests.trained_grid import Sampler, Searched, TrainedGrid

GRID = {
    "images.size": (12, 20),
    "backbone.width": (0.25, 0.5),
    "training.learning_rate": (1e-4, 1e-3, 1e-2),
    "chains.Q.0.scheme": ("dynamic_range", "int8"),
}
POINTS = 24
FIRST = 12
"""Trials after which a search that ends early is looked at."""
LEAST_SHARE = 0.97
"""Of the hypervolume of the whole front."""
SEEDS = range(1, 25)
"""Of the samplers; the networks are the same. Three are too few here: one sampler's shares reach from 0.8 to 1."""
SHARE_AT_HALF = 0.9
"""Of that hypervolume, in half of the seconds that the grid needs; the median of the seeds."""
SAMPLERS: tuple[Sampler, ...] = ("random", "tpe")
QUANTISED = ChainSettings(name="Q", steps=({"step": "post_training_quantization", "scheme": "dynamic_range"},))


@pytest.fixture(scope="module")
def grid(cifar10_mini: Path, tmp_path_factory: pytest.TempPathFactory) -> TrainedGrid:
    def study(sampler: Sampler, stops: bool) -> Recipe:
        return _study(cifar10_mini, sampler, stops)

    return TrainedGrid(study, Locations(tmp_path_factory.mktemp("grid")))


@pytest.fixture(scope="module")
def whole(grid: TrainedGrid) -> Searched:
    """Every point, nothing stopped."""
    return grid.search("random", stops=False)


@pytest.mark.benchmark
def test_stopping_saves_training_and_keeps_the_front(grid: TrainedGrid, whole: Searched) -> None:
    """CIFAR-10, 120 training images a class: 24 points from 12 baselines."""
    found = {
        (sampler, stops): whole if (sampler, stops) == ("random", False) else grid.search(sampler, stops)
        for stops in (False, True)
        for sampler in SAMPLERS
    }
    for (sampler, stops), one in found.items():
        print(
            f"\n{sampler}, {'stopping' if stops else 'not stopping'}: {one.seconds:.0f} s of training, {one.stopped} "
            f"of {POINTS} stopped, {one.volume() / whole.volume():.3f} of the front's hypervolume; after {FIRST} "
            f"trials {one.volume(FIRST) / whole.volume():.3f}"
        )
    for sampler in SAMPLERS:
        assert found[sampler, True].seconds < found[sampler, False].seconds
        assert found[sampler, True].volume() >= LEAST_SHARE * whole.volume()


@pytest.mark.benchmark
def test_half_of_the_training_finds_the_front(grid: TrainedGrid, whole: Searched) -> None:
    """With weak trials stopped, and many seeds of each sampler; the grid is trained once for all of them."""
    half_s = whole.seconds / 2
    shares: dict[tuple[Sampler, bool], list[float]] = {}
    ways: tuple[tuple[Sampler, bool], ...] = (("tpe", True), ("random", True), ("random", False))
    for sampler, stops in ways:
        found = [grid.search(sampler, stops, seed).volume_within(half_s) / whole.volume() for seed in SEEDS]
        shares[sampler, stops] = found
        print(
            f"\n{sampler}, {'stopping' if stops else 'not stopping'}: in {half_s:.0f} of {whole.seconds:.0f} s "
            f"the median of {len(SEEDS)} seeds finds {median(found):.3f} of the front's hypervolume, "
            f"{sum(share >= SHARE_AT_HALF for share in found)} seeds at least {SHARE_AT_HALF}; "
            f"in their order {', '.join(f'{share:.3f}' for share in found)}"
        )
    assert len(whole.trials) == POINTS
    assert median(shares["tpe", True]) >= SHARE_AT_HALF


def _study(images: Path, sampler: Sampler, stops: bool) -> Recipe:
    return Recipe(
        name=f"{sampler} {stops}",
        dataset=DatasetSettings(kind="image_folder", path=str(images), limit_per_class=120),
        images=ImageSettings(size=20),
        backbone=BackboneSettings(kind="resnet8", width=0.5),
        training=TrainingSettings(epochs=9, batch_size=16, learning_rate=1e-3),
        chains=(QUANTISED,),
        search=SearchSettings(trials=POINTS, sampler=sampler, stop_weak=stops, vary=GRID),
    )
