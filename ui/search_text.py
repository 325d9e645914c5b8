"""A search as text: its trials as they end, and what it found."""

from __future__ import annotations

from engine.contract.events import TrialFinished
from engine.contract.recipe import Recipe
from engine.contract.search_result import SearchResult
from engine.contract.search_settings import SearchSettings
from engine.figures.search_words import objective_title, settings_text, value_text
from engine.language.sentence_recognition import recognised
from engine.language.speech import number_text, tr
from ui.counts import counted
from ui.durations import duration_text
from ui.said_figure import said_figure


def limits_text(search: SearchSettings) -> str:
    """What ends it, such as "40 trials or 60 minutes"."""
    limits = [counted(search.trial_limit, "trial")] if search.trial_limit is not None else []
    limits += [tr("{minutes} minutes", minutes=number_text(f"{search.minutes:g}"))] if search.minutes else []
    return tr(" or ").join(limits)


def trial_line(event: TrialFinished, recipe: Recipe | None) -> str:
    """One line a trial.

    Args:
        recipe: of the search, by which orders of steps are told with their names; None: it cannot be read.
    """
    of = tr(" of {trials}", trials=event.trials) if event.trials else ""
    left = tr("; {duration_text} left", duration_text=duration_text(event.seconds_left)) if event.seconds_left else ""
    told = settings_text(event.settings, recipe)
    head = tr("Trial {trial}{of}, {settings_text}", trial=event.trial, of=of, settings_text=told)
    if event.state != "done":
        return f"{head}: {recognised(event.state)}, {recognised(event.reason)}{left}"
    values = ", ".join(
        f"{recognised(objective_title(name))} {said_figure(value_text(name, value))}"
        for name, value in event.values.items()
    )
    best = tr(" (on the front)") if event.trial in event.front else ""
    return f"{head}: {values}{best}{left}"


def search_title(search: SearchResult) -> str:
    """How many trials there were, and how many are on the front."""
    more = [
        f"{count} {what}"
        for count, what in ((search.stopped, tr("stopped early")), (search.failed, tr("failed")))
        if count
    ]
    refused = tr("; {counted} refused", counted=counted(search.refused, "combination")) if search.refused else ""
    of = f" ({', '.join(more)})" if more else ""
    found = tr("what no other trial beats") if search.front else tr("nothing that reaches the floors")
    return tr(
        "Found in {counted}{of}{refused}: {found}",
        counted=counted(search.trials, "trial"),
        of=of,
        refused=refused,
        found=found,
    )


def front_heads(search: SearchResult) -> tuple[str, ...]:
    """Of the columns of `front_rows`."""
    return (
        tr("trial"),
        *(recognised(objective_title(name)) for name in search.objectives),
        tr("settings"),
        tr("file"),
    )


def front_rows(search: SearchResult, recipe: Recipe) -> tuple[tuple[str, ...], ...]:
    """One row per point of the front; the search's recipe names the steps of an order."""
    return tuple(
        (
            str(point.trial),
            *(said_figure(value_text(name, point.values[name])) for name in search.objectives),
            settings_text(point.settings, recipe),
            point.variant,
        )
        for point in search.front
    )
