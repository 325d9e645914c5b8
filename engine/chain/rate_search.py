"""Finds a learning rate for a recipe's baseline: prepares its images as a run would, and tries rates on its network.

Nothing of a run's stages is read or changed; prepared images stay in the cache for the run.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.chain.branches import Branch
from engine.chain.failure_sentence import failure_sentence
from engine.chain.planning import plan_run
from engine.chain.preparation_progress import preparation_progress
from engine.chain.stage_runner import StageRunner
from engine.contract.errors import Cancelled, RecipeError
from engine.contract.events import (
    EngineEvent,
    Notice,
    RateSearchPhase,
    RatesFound,
    RateTried,
    RunCancelled,
    RunFailed,
)
from engine.contract.rate_curve import RateCurve, TriedRate
from engine.contract.recipe import Recipe
from engine.datasets.cache.preparation import prepare
from engine.datasets.source import Split
from engine.feeding.study_images import StudyImages
from engine.store.locations import Locations
from engine.store.run_history import RunState, list_runs
from engine.store.stage_store import StageStore
from engine.training.control import Control
from engine.training.held_out import guessing_loss, held_out_rows
from engine.training.plan import TrainingPlan
from engine.training.rate_range import planned_batches
from engine.training.rate_suggestion import suggested_rate
from engine.training.tensorflow_setup import set_up_tensorflow

Emit = Callable[[EngineEvent], None]
CANCELLED = "The search for a learning rate was cancelled."
NOT_TRAINED = "training.train is off, so there is no training to find a learning rate for; turn it on."
SHARED = 'The run "{name}" is in progress and shares the processor, so the search takes longer.'
FEW_IMAGES = 32
FEW = "The loss is that of {count} images only, so the suggestion is uncertain; compare it with the recipe's own rate."
FIRST_BRANCH = "The recipe trains several baselines; the rates are tried with the first, {branch}."


def find_rate(recipe: Recipe, locations: Locations, control: Control, emit: Emit) -> RateCurve:
    """Try learning rates on the recipe's baseline network; its weights, images and seed are those of a run.

    Raises:
        NutshellError: as told by the closing event, which is sent in every case.
    """
    try:
        curve = _searched(recipe, locations, control, emit)
    except Cancelled:
        emit(RunCancelled(message=CANCELLED))
        raise
    except Exception as error:
        message, code = failure_sentence(error, locations.root)
        emit(RunFailed(message=message, exit_code=code))
        raise
    emit(RatesFound(curve=curve))
    return curve


def _searched(recipe: Recipe, locations: Locations, control: Control, emit: Emit) -> RateCurve:
    if not recipe.training.train:
        raise RecipeError(NOT_TRAINED)
    locations.create()
    for running in (record for record in list_runs(locations) if record.state is RunState.RUNNING):
        emit(Notice(severity="warning", message=SHARED.format(name=running.title)))
    progress = preparation_progress(control, emit)
    planned = plan_run(recipe, locations, progress)
    branch = planned.branches[0]
    if branch.name:
        emit(Notice(message=FIRST_BRANCH.format(branch=branch.name)))
    data_seed = branch.repeat.data_seed
    dataset = prepare(planned.index, recipe.dataset, branch.images, data_seed, locations.image_cache, progress)
    emit(RateSearchPhase(phase="starting TensorFlow"))
    set_up_tensorflow(branch.recipe.seed)
    control.raise_if_cancelled()
    return _swept(branch, StudyImages.fitted(branch.images, dataset), locations, control, emit)


def _swept(branch: Branch, images: StudyImages, locations: Locations, control: Control, emit: Emit) -> RateCurve:
    from engine.training.rate_finder import sweep_rates
    from engine.training.trainer import Trainer

    emit(RateSearchPhase(phase="building the network"))
    recipe, baseline = branch.recipe, branch.tree.stages[0]
    store = StageStore(locations)
    runner = StageRunner(recipe, {baseline.images: images}, store, control, emit)
    dataset, graph = images.dataset, runner.graph(baseline)
    plan = TrainingPlan.of_recipe(
        recipe.training, graph.is_batch_normalised, bool(recipe.backbone.weights), len(dataset.splits[Split.TRAIN])
    )
    trainer = Trainer(
        baseline.key, dataset, images.pipeline, recipe.seed, control, emit, store.checkpoint(baseline.key)
    )
    held_out = held_out_rows(dataset, recipe.seed)
    batches = planned_batches(graph.macs, plan.batch_size, len(held_out))

    def tell(tried: TriedRate, done: int, seconds_left: float) -> None:
        emit(RateTried(tried=tried, done=done, total=batches, seconds_left=seconds_left))

    sweep = sweep_rates(trainer, runner.untrained(baseline).model, plan, batches, held_out, tell)
    guessing = guessing_loss(dataset.labels[held_out], len(dataset.classes))
    suggestion, remark = suggested_rate(sweep.tried, sweep.start_loss, guessing)
    if suggestion and len(held_out) < FEW_IMAGES:
        remark = " ".join(filter(None, (remark, FEW.format(count=len(held_out)))))
    return RateCurve(
        setting=branch.setting,
        optimizer=plan.optimizer,
        batch_size=plan.batch_size,
        held_out_images=len(held_out),
        start_loss=sweep.start_loss,
        tried=sweep.tried,
        planned_batches=batches,
        diverged=sweep.diverged,
        current_rate=plan.learning_rate,
        head_rate_ratio=plan.head_learning_rate / plan.learning_rate,
        suggestion=suggestion,
        remark=remark,
        seconds=sweep.seconds,
    )
