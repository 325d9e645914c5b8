"""Speak a language within a block, as a process does that has none other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from engine.language.languages import ENGLISH, language_of
from engine.language.speech import SPEECH


@contextmanager
def spoken(code: str) -> Iterator[None]:
    """English again afterwards."""
    language = language_of(code)
    assert language is not None
    SPEECH.speak(language)
    try:
        yield
    finally:
        SPEECH.speak(ENGLISH)
