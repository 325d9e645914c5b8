"""The window's own settings of earlier versions: preferences were among them, and have a file of their own now."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QSettings

from engine.contract.errors import DataError
from engine.language.speech import mark
from engine.preferences.entries.cache_limit import CacheLimit
from engine.preferences.entries.runs_folder import RunsFolder
from engine.preferences.entries.theme_choice import ColorTheme
from engine.preferences.entries.weights_folder import WeightsFolder
from engine.preferences.preference import Preference
from engine.preferences.preferences_file import change_preferences, read_preferences
from engine.store.kept_format import WINDOW_FORMAT, newer_sentence

FORMAT_KEY = "format"
MOVED: dict[str, type[Preference]] = {
    "runs_directory": RunsFolder,
    "weights_directory": WeightsFolder,
    "theme": ColorTheme,
    "image_cache/limit_gb": CacheLimit,
}
"""Key of the settings → the preference that it became."""


def bring_settings_up_to_date(settings: QSettings) -> tuple[QSettings, str]:
    """The settings to use: these, with what an earlier version kept in them moved to where it is now and a copy left
    in a group of them; or others, where a later version has written these.

    Returns:
        Settings of this version, and what the user is to know, as a sentence in English; empty: nothing.
    """
    version = _version(settings)
    if version > WINDOW_FORMAT.version:
        own = QSettings(settings.organizationName(), f"{settings.applicationName()} {WINDOW_FORMAT.version}")
        told = newer_sentence(mark("the settings of the window"), Path(settings.fileName()))
        until = mark("Until then this version uses settings of its own, and leaves those as they are.")
        return own, f"{told} {until}"
    if version == 1:
        try:
            _move_preferences(settings)
        except DataError as error:
            return settings, str(error)
        settings.setValue(FORMAT_KEY, WINDOW_FORMAT.version)
        settings.sync()
    return settings, ""


def _version(settings: QSettings) -> int:
    """1 where none is said, as the first version said none."""
    try:
        return int(str(settings.value(FORMAT_KEY, 1)))
    except ValueError:
        return 1


def _move_preferences(settings: QSettings) -> None:
    """Those that the file has already are newer, and stay.

    Raises:
        DataError: the file of preferences cannot be written; the settings are as they were then.
    """
    there = {key: settings.value(key) for key in MOVED if settings.contains(key)}
    chosen = read_preferences().chosen
    changes: dict[type[Preference], Any] = {}
    for key, value in there.items():
        preference = MOVED[key]
        try:
            parsed = preference.parsed(round(float(str(value))) if preference is CacheLimit else str(value))
        except ValueError:
            continue  # It had no effect in the earlier version either.
        if preference.key not in chosen and parsed != preference.usual():
            changes[preference] = parsed
    if changes:
        change_preferences(changes)
    for key, value in there.items():
        settings.setValue(f"format-1/{key}", value)
        settings.remove(key)
