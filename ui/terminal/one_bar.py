"""Shows on one bar what an engine child does, for commands whose result is printed at the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.text import Text

from engine.contract.events import EngineEvent, Notice, PreparationProgress
from engine.language.sentence_recognition import recognised
from engine.language.speech import number_text, tr
from ui.durations import duration_text

Draw = Callable[[str, int, int | None, str], None]
"""What is done, how much of it is, of how much (None: not known), and a detail."""


class OneBar:
    """A context manager; where the output is no terminal, only notices are printed."""

    def __init__(self, console: Console, draw_own: Callable[[EngineEvent, Draw], None]) -> None:
        """
        Args:
            draw_own: draws the events of the command's own work.
        """
        self._console = console
        self._draw_own = draw_own
        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[detail]}"))
        self._progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._task = self._progress.add_task(tr("Starting the engine"), total=None, detail="")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, event: EngineEvent) -> None:
        """Draw or print it; what neither knows is left out."""
        match event:
            case PreparationProgress():
                left = ""
                if event.seconds_left is not None:
                    left = tr(", {duration} left", duration=duration_text(event.seconds_left))
                of_all = tr(" of {total:,}", total=event.total) if event.total else ""
                detail = number_text(f"{event.done:,}") + of_all + left
                self._draw(tr("Reading images"), event.done, event.total or None, detail)
            case Notice():
                style = "yellow" if event.severity == "warning" else ""
                self._console.print(Text(recognised(event.message), style=style), highlight=False, soft_wrap=True)
            case _:
                self._draw_own(event, self._draw)

    def _draw(self, text: str, done: int, total: int | None, detail: str) -> None:
        self._progress.update(self._task, description=text, completed=done, total=total, detail=detail)


def phase_title(phase: str) -> str:
    """The name of a phase as the bar has it."""
    said = recognised(phase)
    return said[:1].upper() + said[1:]
