"""Asks Optuna for the next settings to try, and tells it what came of them."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.contract.objectives import HIGHER_IS_BETTER
from engine.contract.search_settings import SearchSettings
from engine.search.search_space import SearchSpace

STARTUP_TRIALS = 6
"""Drawn at random before the sampler goes by what it has seen; Optuna's 10 are half of a small search."""
MOST_REPEATS = 50
"""Suggestions in a row that were tried before, until nothing new is expected."""
MOST_ENUMERATED = 10_000
EXCESS = "constraints"


class TrialSampler:
    """One search; the same answers in the same order give the same settings."""

    def __init__(self, space: SearchSpace, settings: SearchSettings, seed: int) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
        self._space, self._settings, self._seed = space, settings, seed
        self._study = optuna.create_study(
            directions=["maximize" if HIGHER_IS_BETTER[name] else "minimize" for name in settings.objectives],
            sampler=_sampler(settings, seed),
        )
        self._seen: dict[str, Mapping[str, float] | None] = {}
        """Settings → the figures that came of them; None: they could not be computed."""
        self._asked: optuna.Trial | None = None
        if (own := space.own_parameters()) is not None:
            self._study.enqueue_trial(own)

    def next(self) -> dict[str, Any] | None:
        """Settings that were not tried before; None where there are none, as far as the sampler finds."""
        for _ in range(MOST_REPEATS):
            trial = self._study.ask()
            settings = self._space.asked(trial)
            self._asked = trial
            if _key(settings) not in self._seen:
                return settings
            self._tell(self._seen[_key(settings)])
        return self._left_over()

    def _left_over(self) -> dict[str, Any] | None:
        """One of those that the sampler does not come to by itself, drawn by the seed; None where all were tried."""
        if self._space.points is None or not len(self._seen) < self._space.points <= MOST_ENUMERATED:
            return None
        every = list(self._space.all_parameters())
        for place in np.random.default_rng(self._seed).permutation(len(every)):
            self._study.enqueue_trial(every[place])
            self._asked = self._study.ask()
            settings = self._space.asked(self._asked)
            if _key(settings) not in self._seen:
                return settings
            self._tell(self._seen[_key(settings)])
        return None

    def tell(self, settings: Mapping[str, Any], figures: Mapping[str, float] | None) -> None:
        """What came of the last settings.

        Args:
            figures: objectives and floors; None where they could not be computed.
        """
        self._seen[_key(settings)] = figures
        self._tell(figures)

    def _tell(self, figures: Mapping[str, float] | None) -> None:
        import optuna

        assert self._asked is not None
        if figures is None:
            self._study.tell(self._asked, state=optuna.trial.TrialState.FAIL)
            return
        self._asked.set_user_attr(EXCESS, excesses(self._settings, figures))
        self._study.tell(self._asked, [figures[name] for name in self._settings.objectives])


def excesses(settings: SearchSettings, figures: Mapping[str, float]) -> list[float]:
    """By how much figures miss each floor, as shares of it; 0 and below: they do not."""
    return [
        (floor - figures[name] if HIGHER_IS_BETTER[name] else figures[name] - floor) / max(abs(floor), 1e-9)
        for name, floor in settings.floors.items()
    ]


def _sampler(settings: SearchSettings, seed: int) -> Any:
    import optuna

    constraints = (lambda trial: trial.user_attrs.get(EXCESS, [0.0])) if settings.floors else None
    if settings.sampler == "random":
        return optuna.samplers.RandomSampler(seed=seed)
    if settings.sampler == "nsga2":
        return optuna.samplers.NSGAIISampler(seed=seed, constraints_func=constraints)
    return optuna.samplers.TPESampler(
        seed=seed,
        multivariate=True,
        group=True,
        n_startup_trials=STARTUP_TRIALS,
        constraints_func=constraints,
        constant_liar=False,
    )


def _key(settings: Mapping[str, Any]) -> str:
    return json.dumps(settings, sort_keys=True, default=str)
