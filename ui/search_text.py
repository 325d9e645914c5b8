"""A search as text: its trials as they end, and what it found."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from engine.contract.events import TrialFinished
from engine.contract.search_result import SearchResult
from engine.contract.search_settings import SearchSettings
from engine.figures.figure_text import figure_text
from ui.counts import counted
from ui.durations import duration_text


def settings_text(settings: Mapping[str, Any]) -> str:
    """Such as "images.size = 64, chains.PQ.0.sparsity = 0.8"."""
    return ", ".join(f"{place} = {_short(value)}" for place, value in settings.items())


def value_text(name: str, value: float) -> str:
    """A figure with its unit, such as "12.3 KiB"."""
    if name.endswith("_bytes"):
        return f"{value / 1024:,.1f} KiB"
    if name.endswith("_ms"):
        return f"{figure_text(value)} ms"
    return f"{value:.3f}" if abs(value) <= 1 else figure_text(value)


def limits_text(search: SearchSettings) -> str:
    """What ends it, such as "40 trials or 60 minutes"."""
    limits = [counted(search.trial_limit, "trial")] if search.trial_limit is not None else []
    limits += [f"{search.minutes:g} minutes"] if search.minutes else []
    return " or ".join(limits)


def trial_line(event: TrialFinished) -> str:
    """One line a trial."""
    of = f" of {event.trials}" if event.trials else ""
    left = f"; {duration_text(event.seconds_left)} left" if event.seconds_left else ""
    head = f"Trial {event.trial}{of}, {settings_text(event.settings)}"
    if event.state != "done":
        return f"{head}: {event.state}, {event.reason}{left}"
    values = ", ".join(f"{name} {value_text(name, value)}" for name, value in event.values.items())
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
    return ("trial", *search.objectives, "settings", "file")


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


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
