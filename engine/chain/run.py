"""Runs a recipe: plan, prepare the images, finish each stage, measure each variant, and report it in events."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack

from engine.chain.failed_chains import ChainsFailed, FailedChains
from engine.chain.failure_sentence import failure_sentence
from engine.chain.planning import plan_run
from engine.chain.preparation_progress import preparation_progress
from engine.chain.run_directory import EVENTS_FILE, RunDirectory, write_event
from engine.chain.study_run import StudyRun
from engine.chain.tensorboard_files import TensorBoardFiles
from engine.contract.errors import Cancelled
from engine.contract.events import (
    EngineEvent,
    Notice,
    Paused,
    Resumed,
    RunCancelled,
    RunFailed,
    RunFinished,
)
from engine.contract.recipe import Recipe
from engine.contract.run_result import RunResult
from engine.store.database import open_database, put_aside_if_damaged
from engine.store.durable_file import remove_abandoned
from engine.store.locations import Locations
from engine.store.run_environment import note_environment
from engine.store.run_hashes import drop_run_hashes, write_run_hashes
from engine.store.run_history import RunState, mark_interrupted, record_end, record_start
from engine.store.start_folder import note_start_folder
from engine.training.control import Control

Emit = Callable[[EngineEvent], None]


def run_recipe(
    recipe: Recipe,
    locations: Locations,
    control: Control,
    emit: Emit,
    on_directory: Callable[[RunDirectory], None],
    resumed_run: str = "",
    study: Callable[[StudyRun], RunResult] = StudyRun.finish,
) -> RunResult:
    """Run a recipe to its end; every event goes to `emit` and, from the run's start on, into its event log.

    A chain whose step fails does not hold up the others: they are finished and measured, then the run ends as failed.

    Args:
        on_directory: called once the run's directory exists, before anything long begins.
        resumed_run: the id of an earlier run of this recipe that did not end; it continues in its directory and its
            entry in the list. Empty: a new one.
        study: what is done once the recipe is planned.

    Raises:
        ChainsFailed: some chains failed; with the result of the others.
        NutshellError: as told by the closing event, which is sent in every case.
    """
    started = time.perf_counter()
    with ExitStack() as open_things:
        tell: Emit = emit
        database = None
        directory: RunDirectory | None = None
        log = None

        def close(event: EngineEvent, state: RunState, message: str = "", result: RunResult | None = None) -> None:
            """Keep how it ended before anyone is told: who is told may end this process."""
            if log:
                write_event(log, event)
            if database and directory:
                record_end(database, directory.run, state, message, result)
            emit(event)

        try:
            locations.create()
            for folder in (locations.root, locations.stages, *locations.runs.iterdir()):
                remove_abandoned(folder)
            aside = put_aside_if_damaged(locations.database)
            directory = (
                RunDirectory.reopen(locations, resumed_run) if resumed_run else RunDirectory.create(locations, recipe)
            )
            drop_run_hashes(directory.path)
            note_environment(directory.path)
            note_start_folder(directory.path, recipe)
            on_directory(directory)
            database = open_things.enter_context(open_database(locations.database))
            mark_interrupted(database)
            record_start(database, directory.run, recipe.name)
            log = open_things.enter_context(directory.open_events())
            curves = open_things.enter_context(TensorBoardFiles(directory.path, directory.path / EVENTS_FILE))

            def tell_and_keep(event: EngineEvent) -> None:
                write_event(log, event)
                curves.take(event)
                emit(event)

            tell = tell_and_keep
            control.tell_with(lambda: tell_and_keep(Paused()), lambda: tell_and_keep(Resumed()))
            planned = plan_run(recipe, locations, preparation_progress(control, emit))
            if aside is not None:
                message = f"The database of runs and measurements is damaged, so a new one is created; see {aside}."
                tell(Notice(severity="warning", message=message))
            failed_chains = FailedChains(tell)
            result = study(StudyRun(planned, locations, directory, control, tell, failed_chains))
            write_run_hashes(directory.path)
            failed_chains.raise_with(result)
            close(RunFinished(result=result, seconds=time.perf_counter() - started), RunState.DONE, result=result)
            return result
        except Cancelled:
            close(RunCancelled(), RunState.CANCELLED)
            raise
        except Exception as error:
            message, code = failure_sentence(error, locations.root)
            others = error.result if isinstance(error, ChainsFailed) else None
            log_file = str(directory.log) if directory else ""
            failed = RunFailed(message=message, exit_code=code, log=log_file, result=others)
            close(failed, RunState.FAILED, message, others)
            raise
