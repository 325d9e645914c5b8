"""The engine child: reads a job and commands from standard input, runs the recipe, sends events."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable

from engine.chain.rate_search import find_rate
from engine.chain.run import run_recipe
from engine.chain.run_directory import RunDirectory
from engine.chain.sensitivity_search import find_sensitivity
from engine.chain.study_run import StudyRun
from engine.child.channel import EventChannel
from engine.child.commands import follow_commands, follow_others, lines_of
from engine.child.engine_job import EngineJob
from engine.contract.errors import EXIT_DONE, EXIT_FAILED, NutshellError
from engine.contract.events import RunFailed
from engine.contract.recipe import Recipe
from engine.contract.recipe_file import build_recipe
from engine.contract.run_result import RunResult
from engine.launch.process import die_with_parent, give_way
from engine.store.locations import Locations
from engine.training.control import Control


def main(channel: EventChannel) -> int:
    """Run one job; returns the exit code."""
    die_with_parent()
    try:
        lines = lines_of(sys.stdin.fileno())
        job = EngineJob.model_validate_json(next(lines, b""))
        recipe = build_recipe(job.recipe)
        if job.give_way:
            give_way()
        control = Control()
        follow_commands(control, lines)
        works = {"run": _run, "find_rate": _find_rate, "sensitivity": _sensitivity}
        return works[job.task](channel, control, job, recipe)
    except NutshellError as error:
        channel.send(RunFailed(message=str(error), exit_code=error.exit_code))
        return error.exit_code


def _find_rate(channel: EventChannel, control: Control, job: EngineJob, recipe: Recipe) -> int:
    return _finished(lambda: find_rate(recipe, Locations(job.runs_directory), control, channel.send))


def _sensitivity(channel: EventChannel, control: Control, job: EngineJob, recipe: Recipe) -> int:
    locations = Locations(job.runs_directory)
    return _finished(lambda: find_sensitivity(recipe, job.sensitivity, locations, control, channel.send))


def _run(channel: EventChannel, control: Control, job: EngineJob, recipe: Recipe) -> int:
    def begin(directory: RunDirectory) -> None:
        channel.log_to(directory.log)
        follow_others(control, directory.path)

    return _finished(
        lambda: run_recipe(
            recipe,
            Locations(job.runs_directory),
            control,
            channel.send,
            on_directory=begin,
            resumed_run=job.resumed_run,
            study=_searched if recipe.search else StudyRun.finish,
        )
    )


def _searched(study: StudyRun) -> RunResult:
    # Only a search needs Optuna.
    from engine.search.search_run import search_study

    return search_study(study)


def _finished(work: Callable[[], object]) -> int:
    """Do the work, which tells itself how it ended; returns the exit code."""
    try:
        work()
    except NutshellError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except Exception:  # noqa: BLE001 - told to the parent by the closing event; the log gets the details
        traceback.print_exc()
        return EXIT_FAILED
    return EXIT_DONE
