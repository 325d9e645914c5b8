"""Progress on stderr for commands that work in this process, with the time that is left."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from engine.contract.progress import Progress
from engine.language.sentence_recognition import recognised
from engine.language.speech import tr
from ui.durations import duration_text

TOLD_AFTER_S = 2.0
TOLD_EVERY_S = 5.0
"""Where the output is no terminal."""


def told_on_stderr(raise_if_cancelled: Callable[[], None] | None = None, noun: str = "") -> Progress:
    """Tells what is done on stderr, once that takes longer than two seconds.

    Args:
        raise_if_cancelled: as `Progress`.
        noun: what is counted; by default images.
    """
    noun = noun or tr("images")
    began = time.monotonic()
    live = sys.stderr.isatty()
    phase, phase_began = "", began
    told_at = 0.0

    def tell(text: str, new: bool) -> None:
        nonlocal told_at
        now = time.monotonic()
        if now - began < TOLD_AFTER_S or (not live and not new and now - told_at < TOLD_EVERY_S):
            return
        told_at = now
        sys.stderr.write(f"\r\x1b[K{text}" if live else f"{text}\n")
        sys.stderr.flush()

    def on_phase(text: str) -> None:
        nonlocal phase, phase_began
        phase, phase_began = recognised(text), time.monotonic()
        tell(phase, new=True)

    def on_report(done: int, total: int) -> None:
        if done < total:
            passed = time.monotonic() - phase_began
            left = ""
            if done and passed > TOLD_AFTER_S:
                left = tr(", {duration} left", duration=duration_text(passed * (total - done) / done))
            count = tr("{done:,} of {total:,} {noun}", done=done, total=total, noun=noun)
            tell(f"{phase}: {count}{left}", new=False)
        elif live:
            sys.stderr.write("\r\x1b[K")

    return Progress(raise_if_cancelled, on_phase=on_phase, on_report=on_report)
