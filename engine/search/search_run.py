"""Runs the search of a recipe: one trial after the other on the same stages, so that common beginnings train once."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from engine.chain.controls import controls_by_chain
from engine.chain.failed_chains import FailedChains
from engine.chain.listed_datasets import DatasetLister
from engine.chain.planning import Planned, plan_run
from engine.chain.preparation_progress import preparation_progress
from engine.chain.study_run import StudyRun
from engine.contract.errors import EXIT_BAD_INPUT, Cancelled, NutshellError
from engine.contract.events import Notice, StagesPlanned, TrialFinished
from engine.contract.measurements import VariantMeasurement
from engine.contract.objectives import ACCURACIES, OF_TEST_IMAGES
from engine.contract.recipe import BASELINE, Recipe
from engine.contract.recipe_file import recipe_text
from engine.contract.run_result import RunResult
from engine.contract.search_result import FrontPoint, SearchResult, StoppedTrial
from engine.contract.search_settings import SearchSettings
from engine.contract.varied_recipe import varied
from engine.figures.search_words import settings_text
from engine.launch.program import typed_command
from engine.search.found_front import front
from engine.search.planned_baseline import PlannedBaseline
from engine.search.search_space import SearchSpace
from engine.search.trial_file import TrialFile, TrialRecord
from engine.search.trial_sampler import TrialSampler
from engine.search.trial_watch import TrialWatch, WeakTrials
from engine.store.durable_file import write_durably

REFUSED_FOR_EACH = 10
"""Settings that the pre-flight may refuse for each trial, until the search ends."""
BY_TEST_IMAGES = (
    "The front was chosen by figures of the test images ({names}), which makes them look better than they are: measure "
    "the file that you take on images that the search has not seen, or choose by validation_accuracy."
)


def search_study(study: StudyRun, seed: int | None = None) -> RunResult:
    """The result of a recipe that has a search, with what was found.

    A search that was killed goes on: asked again with the same answers, the sampler suggests the same settings, and
    what they need is in the store.

    Args:
        seed: of the sampler; None: the recipe's.

    Raises:
        RecipeError: what may vary is not in the recipe.
        NutshellError: no trial could be computed.
    """
    return _TrialLoop(study, study.recipe.seed if seed is None else seed).finish()


@dataclass(frozen=True)
class _Trial:
    number: int
    settings: Mapping[str, Any]
    recipe: Recipe
    planned: Planned


class _TrialLoop:
    def __init__(self, study: StudyRun, seed: int) -> None:
        self._study, self._recipe = study, study.recipe
        assert self._recipe.search is not None
        self._settings: SearchSettings = self._recipe.search
        self._space = SearchSpace.of(self._recipe)
        self._sampler = TrialSampler(self._space, self._settings, seed)
        self._weak = WeakTrials(self._settings, study.planned.work.validation_images)
        self._lister = DatasetLister(study.locations.image_cache, study.planned.listed)
        self._file = TrialFile(study.directory.path)
        self._done: dict[int, Mapping[str, float]] = {}
        self._trials: dict[int, _Trial] = {}
        self._variant_of: dict[int, str] = {}
        self._stopped: list[StoppedTrial] = []
        self._number = self._refused = self._failed = 0
        self._spent_s = self._found_again_s = 0.0
        self._last_failure = ""

    def finish(self) -> RunResult:
        self._study.begin(stages=())
        while not self._is_over() and (settings := self._sampler.next()) is not None:
            if (trial := self._planned(settings)) is not None:
                self._compute(trial)
        if not self._done and not self._stopped:
            checked = f"the pre-flight refused every combination; check one with {typed_command('check')}"
            why = self._last_failure or checked
            raise NutshellError(f"The search found nothing: {why}")
        result = self._study.result()
        return result.model_copy(update={"search": self._found(result)})

    def _is_over(self) -> bool:
        limit = self._settings.trial_limit
        if limit is not None and self._number >= limit:
            return True
        if self._refused >= REFUSED_FOR_EACH * max(limit or 0, self._number, 1):
            return True
        return bool(self._settings.minutes) and self._spent_s >= 60 * self._settings.minutes

    def _planned(self, settings: Mapping[str, Any]) -> _Trial | None:
        """None: these settings cannot run."""
        study = self._study
        try:
            recipe = varied(self._recipe, settings)
            progress = preparation_progress(study.control, study.emit)
            planned = plan_run(recipe, study.locations, progress, self._lister)
        except NutshellError as error:
            self._refused += 1
            self._last_failure = str(error)
            self._sampler.tell(settings, None)
            study.emit(Notice(message=f"Not tried, {settings_text(settings, self._recipe)}: {error}"))
            return None
        self._number += 1
        named = tuple(replace(branch, trial=self._number) for branch in planned.branches)
        recipe = recipe.model_copy(update={"name": f"{self._recipe.name} trial {self._number}"[:80]})
        return _Trial(self._number, settings, recipe, replace(planned, branches=named))

    def _compute(self, trial: _Trial) -> None:
        study, began = self._study, time.perf_counter()
        self._trials[trial.number] = trial
        study.emit(StagesPlanned(stages=trial.planned.planned_stages()))
        failed = FailedChains(study.emit)
        watch = self._weak.watch(PlannedBaseline.of(trial.planned))
        variants = self._variants(trial, failed, watch)
        ended = self._end_of(trial, variants)
        figures = _figures(self._settings, ended) if ended is not None else None
        if why := watch.why_stopped:
            epoch = watch.lag.epoch if watch.lag else None
            settings = dict(trial.settings)
            self._stopped.append(StoppedTrial(trial=trial.number, settings=settings, reason=why, epoch=epoch))
            self._last_failure = f"trial {trial.number} was stopped: {why}"
            self._sampler.tell(trial.settings, self._figures_of_stopped(watch))
            self._tell(trial, "stopped", why, {}, began)
        elif ended is None or figures is None or ended.diverged:
            self._failed += 1
            missing = f"it has no {' or '.join(self._settings.objectives)}"
            if ended is not None and ended.diverged:
                missing = "its training has diverged"
            self._last_failure = next(iter(failed.sentences.values()), missing)
            self._sampler.tell(trial.settings, None)
            self._tell(trial, "failed", self._last_failure, {}, began)
        else:
            self._done[trial.number] = figures
            self._variant_of[trial.number] = ended.name
            self._sampler.tell(trial.settings, figures)
            self._tell(trial, "done", "", figures, began)

    def _variants(self, trial: _Trial, failed: FailedChains, watch: TrialWatch) -> tuple[VariantMeasurement, ...]:
        """What became of a trial; none where its baseline was stopped, or cannot be trained with these settings."""
        branch = trial.planned.branches[0]
        try:
            return self._study.add_branch(trial.planned, branch, failed, watch)
        except Cancelled:
            raise
        except NutshellError as error:
            # What is wrong with the images is wrong for every trial.
            if error.exit_code == EXIT_BAD_INPUT:
                raise
            failed.add_stage(branch.tree.stages[0], branch.name, error)
            return ()

    def _figures_of_stopped(self, watch: TrialWatch) -> Mapping[str, float] | None:
        """What the sampler is told: accuracies as far as the baseline came, and for the rest a baseline of no more
        cost, whose chains were computed: so it sees that these settings are beaten, and by how much."""
        stands_for = watch.baseline if watch.lag is None else watch.stands_for
        found = _figures(self._settings, stands_for) if stands_for else None
        if found is None or watch.lag is None:
            return found
        return found | {name: watch.lag.reached for name in ACCURACIES if name in found}

    def _end_of(self, trial: _Trial, variants: tuple[VariantMeasurement, ...]) -> VariantMeasurement | None:
        """The file of the trial's chain; of a recipe without chains its baseline's."""
        controls = set(controls_by_chain(trial.recipe.chains).values())
        own = [one for one in variants if one.chain not in controls and one.chain != BASELINE]
        if own or trial.recipe.chains:
            return own[-1] if own else None
        return variants[0] if variants else None

    def _tell(self, trial: _Trial, state: Any, reason: str, figures: Mapping[str, float], began: float) -> None:
        # Stages of earlier runs count what they took there, so that a search that is run again tries the same trials.
        found_again_s = self._study.reused_seconds - self._found_again_s
        self._found_again_s += found_again_s
        took_s = time.perf_counter() - began + found_again_s
        took_s = max(took_s, self._file.seconds(trial.number, trial.settings))
        self._spent_s += took_s
        values = {name: figures[name] for name in self._settings.objectives} if figures else {}
        self._file.add(TrialRecord(trial.number, trial.settings, state, values, reason, took_s))
        limit = self._settings.trial_limit
        left = [max(60 * self._settings.minutes - self._spent_s, 0.0)] if self._settings.minutes else []
        left += [(limit - self._number) * self._spent_s / self._number] if limit is not None else []
        self._study.emit(
            TrialFinished(
                trial=trial.number,
                trials=limit,
                state=state,
                reason=reason,
                settings=dict(trial.settings),
                values=values,
                front=front(self._settings, self._done),
                seconds_left=min(left) if left else None,
            )
        )

    def _found(self, result: RunResult) -> SearchResult:
        """By the last measurements, in which all files were timed in turn."""
        variants = {variant.name: variant for variant in result.variants}
        final = {
            number: figures
            for number, name in self._variant_of.items()
            if (figures := _figures(self._settings, variants[name])) is not None
        }
        numbers = front(self._settings, final)
        points = tuple(
            FrontPoint(
                trial=number,
                values={name: final[number][name] for name in self._settings.objectives},
                settings=dict(self._trials[number].settings),
                variant=self._variant_of[number],
                recipe=self._keep_recipe(self._trials[number]),
            )
            for number in numbers
        )
        return SearchResult(
            objectives=self._settings.objectives,
            floors=self._settings.floors,
            front=points,
            trials=self._number,
            stopped=len(self._stopped),
            stopped_trials=tuple(self._stopped),
            refused=self._refused,
            failed=self._failed,
            note=self._note(final, bool(points)),
        )

    def _keep_recipe(self, trial: _Trial) -> str:
        """The recipe of one trial alone; running it computes nothing."""
        name = f"search/trial-{trial.number}.toml"
        target = self._study.directory.path / name
        target.parent.mkdir(exist_ok=True)
        write_durably(target, recipe_text(trial.recipe))
        return name

    def _note(self, final: Mapping[int, Mapping[str, float]], found: bool) -> str:
        said = []
        if not found:
            floors = ", ".join(f"{name} {value:g}" for name, value in self._settings.floors.items())
            first = self._settings.objectives[0]
            without = front(self._settings.model_copy(update={"floors": {}}), final)
            if without:
                best = f"The best {first} is {final[without[0]][first]:g}, of trial {without[0]}"
            else:
                best = f"Every trial was stopped; {self._last_failure}"
            said.append(f"No trial reached the floors ({floors}). {best}. Lower the floors, or let more vary.")
        names = [name for name in (*self._settings.objectives, *self._settings.floors) if name in OF_TEST_IMAGES]
        if names:
            said.append(BY_TEST_IMAGES.format(names=", ".join(dict.fromkeys(names))))
        return " ".join(said)


def _figures(settings: SearchSettings, variant: VariantMeasurement) -> dict[str, float] | None:
    """Objectives and the figures of the floors; None where the variant has not all of them."""
    found = {name: getattr(variant, name) for name in (*settings.objectives, *settings.floors)}
    return None if any(value is None for value in found.values()) else found
