"""Runs the chains of one row of the matrix as a run would, on a few tiny images."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engine.chain.planning import Planned, plan_run
from engine.chain.preflight import errors, preflight
from engine.chain.stage_runner import FinishedStage, StageRunner
from engine.contract.errors import NutshellError
from engine.contract.recipe import (
    BackboneSettings,
    ChainSettings,
    DatasetSettings,
    ImageSettings,
    Recipe,
    TrainingSettings,
)
from engine.contract.runtime import RUNTIMES
from engine.datasets.cache.preparation import prepare
from engine.datasets.source import Split
from engine.feeding.study_images import StudyImages
from engine.measurement.classification import classify
from engine.measurement.runtime_measurement import runtime_figures
from engine.store.locations import Locations
from engine.store.stage_store import StageStore
from engine.training.control import Control
from engine.training.tensorflow_setup import set_up_tensorflow
from tests.matrix.chains import Chain

SIDE_PX = 32
WIDTH = 0.1
IMAGES_PER_CLASS = 20


@dataclass(frozen=True)
class Cell:
    """What came of one backbone and one chain."""

    tflite_bytes: int = 0
    """Of a chain that ran to its end with all promises kept."""
    refused: str = ""
    """Why the pre-flight lets it not begin."""
    failed: str = ""
    """What went wrong although the pre-flight had let it begin; never so in a sound program."""
    runtimes: Mapping[str, str] = field(default_factory=dict)
    """Runtime's key → why the file does not run there, empty where it does; nothing of one that was not tried."""


def run_row(backbone: BackboneSettings, columns: dict[str, Chain], folder: Path) -> dict[str, Cell]:
    """Column's title → what came of it."""
    cells = {title: Cell(refused=refusal(backbone, title, steps)) for title, steps in columns.items()}
    runnable = {title: steps for title, steps in columns.items() if not cells[title].refused}
    return cells | _run(_recipe(backbone, runnable), Locations(folder).create())


def run_row_by_itself(title: str, backbone: BackboneSettings, columns: dict[str, Chain]) -> dict[str, Cell]:
    """A row, for a process of its own, which leaves nothing behind."""
    with tempfile.TemporaryDirectory() as folder:
        cells = run_row(backbone, columns, Path(folder))
    sys.stderr.write(f"{title}: {sum(bool(cell.tflite_bytes) for cell in cells.values())} ran\n")
    return cells


def refusal(backbone: BackboneSettings, title: str, steps: Chain) -> str:
    """Why the pre-flight lets the chain not begin; empty where it does."""
    return " ".join(finding.message for finding in errors(preflight(_recipe(backbone, {title: steps}), class_count=2)))


def _recipe(backbone: BackboneSettings, columns: dict[str, Chain]) -> Recipe:
    return Recipe(
        dataset=DatasetSettings(limit_per_class=IMAGES_PER_CLASS),
        images=ImageSettings(size=SIDE_PX, color="grayscale"),
        backbone=backbone,
        training=TrainingSettings(epochs=1, batch_size=8),
        chains=tuple(ChainSettings(name=title, steps=steps) for title, steps in columns.items()),
    )


def _run(recipe: Recipe, locations: Locations) -> dict[str, Cell]:
    planned = plan_run(recipe, locations)
    tree = planned.branches[0].tree
    runner = StageRunner(recipe, _images(planned, locations), StageStore(locations), Control(), lambda event: None)
    finished: dict[str, FinishedStage] = {}
    failures: dict[str, str] = {}
    set_up_tensorflow(recipe.seed)
    for stage in tree.stages:
        if stage.parent in failures:
            failures[stage.key] = failures[stage.parent]
            continue
        try:
            finished[stage.key] = runner.run(stage, stage.key, finished[stage.parent] if stage.parent else None)
        except NutshellError as error:
            failures[stage.key] = f"{stage.title}: {error}"
    ends = {chain.name: tree.end_of(chain.name) for chain in recipe.chains}
    return {
        chain: Cell(failed=failures[end.key])
        if end.key in failures
        else _cell(runner.tflite(end.key), runner.images[end.images])
        for chain, end in ends.items()
    }


def _cell(file: Path, images: StudyImages) -> Cell:
    rows = images.dataset.splits[Split.TEST]
    fed = images.pipeline.feed(images.dataset.images[rows])
    found = runtime_figures(file, lambda: fed, classify(file, [fed]), RUNTIMES.keys(), quiet=True)
    reasons = {key: one.reason for key, one in found.items() if one.runs is not None}
    return Cell(file.stat().st_size, runtimes=reasons)


def _images(planned: Planned, locations: Locations) -> dict[str, StudyImages]:
    """Fingerprint → images."""
    recipe, branch = planned.recipe, planned.branches[0]
    prepared: dict[str, StudyImages] = {}
    for stage in branch.tree.stages:
        if stage.images not in prepared:
            settings = stage.dataset or recipe.dataset
            index = planned.datasets.index(settings)
            dataset = prepare(index, settings, branch.images, recipe.seed, locations.image_cache)
            prepared[stage.images] = StudyImages.fitted(branch.images, dataset)
    return prepared
