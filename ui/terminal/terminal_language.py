"""The language of the terminal: the one that is asked for by name, and never the system's."""

from __future__ import annotations

import os
import sys

from engine.language.languages import asked_language
from engine.language.speech import SPEECH


def speak_as_asked() -> None:
    """Speak what `NUTSHELL_LANGUAGE` names, else what the preferences do; before the first sentence."""
    language = asked_language(os.environ, _preferred())
    try:
        SPEECH.speak(language)
    except (OSError, ValueError) as error:
        said = f"The texts in {language.own_name} cannot be read ({error}), so English is spoken."  # not shown
        sys.stderr.write(f"{said}\n")


def _preferred() -> str:
    """Empty where the packages that preferences are read with are not installed, so that `doctor` can say so."""
    try:
        from engine.preferences.entries.spoken_language import SpokenLanguage
        from engine.preferences.preferences_file import read_preferences
    except ImportError:
        return ""
    # What of them cannot be used is told once, by the command.
    return read_preferences().value(SpokenLanguage)
