"""A search as text: its trials as they end, and what it found."""

from __future__ import annotations

from engine.contract.events import TrialFinished
from engine.contract.recipe import Recipe
from engine.contract.search_result import SearchResult
from engine.contract.search_settings import SearchSettings
from engine.figures.search_words import objective_title, settings_text, value_text
from ui.counts import counted
from ui.durations import duration_text


def limits_text(search: SearchSettings) -> str:
    """What ends it, such as "40 trials or 60 minutes"."""
    limits = [counted(search.trial_limit, "trial")] if search.trial_limit is not None else []
    limits += [f"{search.minutes:g} minutes"] if search.minutes else []
    return " or ".join(limits)


def trial_line(event: TrialFinished, recipe: Recipe | None = None) -> str:
    """One line a trial.

    Args:
        recipe: of the search, by which orders of steps are told with their names.
    """
    of = f" of {event.trials}" if event.trials else ""
    left = f"; {duration_text(event.seconds_left)} left" if event.seconds_left else ""
    head = f"Trial {event.trial}{of}, {settings_text(event.settings, recipe)}"
    if event.state != "done":
        return f"{head}: {event.state}, {event.reason}{left}"
    values = ", ".join(f"{objective_title(name)} {value_text(name, value)}" for name, value in event.values.items())
    best = " (on the front)" if event.trial in event.front else ""
    return f"{head}: {values}{best}{left}"


def search_title(search: SearchResult) -> str:
    """How many trials there were, and how many are on the front."""
    more = [
        f"{count} {what}" for count, what in ((search.stopped, "stopped early"), (search.failed, "failed")) if count
    ]
    refused = f"; {counted(search.refused, 'combination')} refused" if search.refused else ""
    of = f" ({', '.join(more)})" if more else ""
    found = "what no other trial beats" if search.front else "nothing that reaches the floors"
    return f"Found in {counted(search.trials, 'trial')}{of}{refused}: {found}"


def front_heads(search: SearchResult) -> tuple[str, ...]:
    """Of the columns of `front_rows`."""
    return ("trial", *map(objective_title, search.objectives), "settings", "file")


def front_rows(search: SearchResult) -> tuple[tuple[str, ...], ...]:
    """One row per point of the front."""
    return tuple(
        (
            str(point.trial),
            *(value_text(name, point.values[name]) for name in search.objectives),
            settings_text(point.settings),
            point.variant,
        )
        for point in search.front
    )
