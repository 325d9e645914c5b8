"""Measures how sensitive each layer of a network is: of a run's variant, or of a recipe's baseline.

A recipe's baseline is taken from the store where a run has trained it, and is trained as a run would otherwise.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from engine.chain.branches import Branch
from engine.chain.failure_sentence import failure_sentence
from engine.chain.kept_network import kept_network
from engine.chain.planning import Planned, plan_run
from engine.chain.preparation_progress import preparation_progress
from engine.chain.sensitivity_schemes import SCHEMES, SensitivityBench, chosen_schemes
from engine.chain.stage_runner import StageRunner
from engine.chain.stage_tree import Stage
from engine.contract.errors import Cancelled, DataError, NutshellError
from engine.contract.events import (
    EngineEvent,
    LayerMeasured,
    Notice,
    RunCancelled,
    RunFailed,
    SensitivityFound,
    SensitivityPhase,
)
from engine.contract.measurements import variant_name
from engine.contract.recipe import BASELINE, Recipe
from engine.contract.sensitivity import CALIBRATION_IMAGES, Sensitivity, SensitivityRequest, worst_first
from engine.datasets.cache.preparation import prepare
from engine.feeding.calibration_choice import calibration_images, validation_images
from engine.feeding.study_images import StudyImages
from engine.inspection.layer_sensitivity import LayerChange, measure_layers
from engine.inspection.run_models import InspectedRun
from engine.measurement.tflite_file import TfliteFile
from engine.steps.post_training_quantization.used_ranges import used_ranges
from engine.store.locations import Locations
from engine.store.sensitivity_file import keep_sensitivity, kept_sensitivity, sensitivity_key
from engine.store.stage_store import TFLITE_FILE, StageStore
from engine.training.control import Control

Emit = Callable[[EngineEvent], None]
CANCELLED = "The measurement of sensitivity was cancelled."
TOLD_EVERY_S = 0.1


def find_sensitivity(
    recipe: Recipe, request: SensitivityRequest, locations: Locations, control: Control, emit: Emit
) -> Sensitivity:
    """Change each layer alone and see what that costs.

    Args:
        recipe: the run's own, where the request names a run.

    Raises:
        NutshellError: as told by the closing event, which is sent in every case.
    """
    try:
        found, kept = _Search(recipe, request, locations, control, emit).finish()
    except Cancelled:
        emit(RunCancelled(message=CANCELLED))
        raise
    except Exception as error:
        message, code = failure_sentence(error, locations.root)
        emit(RunFailed(message=message, exit_code=code))
        raise
    emit(SensitivityFound(sensitivity=found, kept=kept))
    return found


@dataclass(frozen=True)
class _Measured:
    """The network whose layers are changed."""

    name: str
    branch: Branch
    stage: Stage
    float32: bytes
    network: str | None
    """Key of the stage with its Keras network; None where that is not kept."""
    beside: Path
    """The folder that figures are kept in."""


class _Search:
    def __init__(
        self, recipe: Recipe, request: SensitivityRequest, locations: Locations, control: Control, emit: Emit
    ) -> None:
        self._recipe, self._request, self._locations = recipe, request, locations
        self._control, self._emit = control, emit
        self._store = StageStore(locations)
        self._told = 0.0

    def finish(self) -> tuple[Sensitivity, bool]:
        """The figures, and whether they were measured before."""
        schemes = chosen_schemes(self._request.schemes)
        self._locations.create()
        progress = preparation_progress(self._control, self._emit)
        planned = plan_run(self._recipe, self._locations, progress)
        branch, stage = self._place(planned)
        dataset = stage.dataset or self._recipe.dataset
        index, data_seed = planned.index_of(branch, dataset), branch.repeat.data_seed
        prepared = prepare(index, dataset, branch.images, data_seed, self._locations.image_cache, progress)
        images = StudyImages.fitted(branch.images, prepared)
        network = self._network_of_run(branch, stage) if self._request.directory else self._baseline(branch, images)
        key = sensitivity_key(
            {
                "network": hashlib.sha256(network.float32).hexdigest(),
                "images": prepared.fingerprint,
                "settings": branch.images.model_dump(mode="json"),
                "seed": branch.recipe.seed,
                "validation_images": self._request.images,
                "calibration_images": CALIBRATION_IMAGES,
                "schemes": list(schemes),
            }
        )
        found = kept_sensitivity(network.beside, key)
        if found is not None:
            return found, True
        found = self._measured(network, images, schemes)
        keep_sensitivity(network.beside, key, found)
        return found, False

    def _place(self, planned: Planned) -> tuple[Branch, Stage]:
        """Where in the plan the network stands."""
        if not self._request.directory:
            branch = planned.branches[0]
            if branch.name:
                message = f"The recipe trains several baselines; the first, {branch.name}, is measured."
                self._emit(Notice(message=message))
            return branch, branch.tree.stages[0]
        wanted = self._run.model(self._request.variant) if self._request.variant else self._run.first_baseline
        for branch in planned.branches:
            for stage in branch.tree.stages:
                if wanted.name in (variant_name(chain, branch.name) for chain in stage.ends):
                    return branch, stage
        raise DataError(f'The recipe of the run has no chain "{wanted.name}" any more; run it again.')

    @cached_property
    def _run(self) -> InspectedRun:
        return InspectedRun.open(self._request.directory)

    def _network_of_run(self, branch: Branch, stage: Stage) -> _Measured:
        directory = self._run.directory
        name = self._request.variant or variant_name(BASELINE, branch.name)
        key = kept_network(branch.tree, stage, self._store, directory)
        content = self._run.model(name).opened().content
        if not _is_float(content) and key is not None:
            # A chain that ends in a quantisation: its network before that.
            content = (self._store.folder(key) / TFLITE_FILE).read_bytes()
        if not _is_float(content):
            why = (
                "was trained for integers" if key is not None else "is quantised, and its network is not kept any more"
            )
            raise DataError(
                f'"{name}" {why}, so its layers cannot be changed one by one from float32; name another variant with '
                "--variant, or leave that out for the baseline."
            )
        return _Measured(name, branch, stage, content, key, directory)

    def _baseline(self, branch: Branch, images: StudyImages) -> _Measured:
        stage = branch.tree.stages[0]
        runner = StageRunner(branch.recipe, {stage.images: images}, self._store, self._control, self._emit)
        self._say(f"{stage.title}: looking for it")
        finished = runner.run(stage, stage.key, None)
        folder = self._store.folder(finished.key)
        name = variant_name(BASELINE, branch.name)
        return _Measured(name, branch, stage, (folder / TFLITE_FILE).read_bytes(), finished.key, folder)

    def _measured(self, network: _Measured, images: StudyImages, schemes: tuple[str, ...]) -> Sensitivity:
        began = time.perf_counter()
        seed = network.branch.recipe.seed
        chosen = validation_images(images.dataset, images.pipeline, seed, self._request.images)
        if not len(chosen):
            raise DataError(
                "The study has no validation images, over which the figures are taken; set "
                "dataset.validation_fraction, or give it a folder of them."
            )
        calibration = calibration_images(images.dataset, images.pipeline, seed, CALIBRATION_IMAGES)
        progress = self._control.progress(self._say)
        ranges = used_ranges(network.float32, calibration, progress=progress.counted("calibrating"))
        changes, notes = self._changes(SensitivityBench(ranges, lambda: self._folder(network)), schemes)
        self._say("changing one layer at a time")
        found = measure_layers(
            network.float32,
            changes,
            {name: (one.min, one.max) for name, one in ranges.items()},
            chosen,
            images.dataset.labels[chosen.rows],
            progress,
            self._tell,
        )
        return Sensitivity(
            layers=worst_first(found.layers, next(iter(changes))) or found.layers,
            run=Path(self._request.directory).name,
            variant=network.name,
            images=len(chosen),
            calibration_images=len(calibration),
            accuracy=found.accuracy,
            scheme_titles={key: SCHEMES[key].title for key in changes},
            seconds=time.perf_counter() - began,
            notes=(*notes, *found.notes),
        )

    def _changes(self, bench: SensitivityBench, schemes: tuple[str, ...]) -> tuple[dict[str, LayerChange], list[str]]:
        changes: dict[str, LayerChange] = {}
        notes: list[str] = []
        for key in schemes:
            try:
                changes[key] = SCHEMES[key].make(bench)
            except NutshellError as error:
                notes.append(f"{key} was not measured: {error}")
        if not changes:
            raise DataError(notes[0])
        return changes, notes

    def _folder(self, network: _Measured) -> Path:
        if network.network is None:
            raise DataError("the run's Keras network is not kept any more; run the recipe again.")
        if damaged := self._store.damage(network.network):
            raise DataError(f"{damaged} of the network's stage is damaged; run the recipe again.")
        self._say("starting TensorFlow to read the Keras network")
        return self._store.folder(network.network)

    def _say(self, phase: str) -> None:
        self._emit(SensitivityPhase(phase=phase))

    def _tell(self, layer: str, done: float, seconds_left: float) -> None:
        now = time.monotonic()
        if now - self._told >= TOLD_EVERY_S or done >= 1.0:
            self._told = now
            self._emit(LayerMeasured(layer=layer, done_fraction=done, seconds_left=seconds_left))


def _is_float(content: bytes) -> bool:
    file = TfliteFile.parse(content)
    return file.weight_dtypes == ("float32",) and all(
        one.name not in ("QUANTIZE", "DEQUANTIZE") for one in file.operators
    )
