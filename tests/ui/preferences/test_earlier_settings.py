"""Settings of the first version become preferences, with a copy; settings of a later version are left alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QSettings

from engine.preferences.entries.cache_limit import CacheLimit
from engine.preferences.entries.runs_folder import RunsFolder
from engine.preferences.entries.theme_choice import ColorTheme
from engine.preferences.entries.threads import Threads
from engine.preferences.entries.weights_folder import WeightsFolder
from engine.preferences.preferences_file import change_preferences, preferences_file, read_preferences
from tests.earlier_runs import DATA
from ui.preferences.earlier_settings import bring_settings_up_to_date

FIRST_SETTINGS = DATA / "settings.ini"
"""As the first version's window has left them."""


@pytest.fixture
def first(settings: QSettings, tmp_path: Path) -> QSettings:
    file = tmp_path / "first.ini"
    file.write_bytes(FIRST_SETTINGS.read_bytes())
    return QSettings(str(file), QSettings.Format.IniFormat)


def test_preferences_move_into_their_file_and_a_copy_stays(first: QSettings) -> None:
    settings, told = bring_settings_up_to_date(first)
    assert (settings is first, told) == (True, "")
    now = read_preferences()
    assert now.value(RunsFolder) == Path("/data/lab/runs")
    assert now.value(WeightsFolder) == Path("/data/lab/weights")
    assert (now.value(ColorTheme), now.value(CacheLimit)) == ("dark", 7)
    again = QSettings(first.fileName(), QSettings.Format.IniFormat)
    assert (again.value("format-1/runs_directory"), again.value("format-1/theme")) == ("/data/lab/runs", "dark")
    assert not any(again.contains(key) for key in ("runs_directory", "weights_directory", "theme"))
    assert int(str(again.value("format"))) == 2
    # What is no preference stays where it was.
    assert "study" in str(again.value("wizard/last_recipe"))
    assert again.value("window/geometry")


def test_what_was_chosen_since_is_not_taken_back(first: QSettings) -> None:
    change_preferences({ColorTheme: "light", Threads: 3})
    bring_settings_up_to_date(first)
    assert (read_preferences().value(ColorTheme), read_preferences().value(CacheLimit)) == ("light", 7)
    change_preferences({ColorTheme: "auto"})
    bring_settings_up_to_date(first)
    assert read_preferences().value(ColorTheme) == "auto"


def test_values_that_had_no_effect_have_none(first: QSettings) -> None:
    first.setValue("theme", "pink")
    first.setValue("image_cache/limit_gb", "much")
    assert bring_settings_up_to_date(first)[1] == ""
    assert (read_preferences().value(ColorTheme), read_preferences().value(CacheLimit)) == ("auto", CacheLimit.usual())
    assert first.value("format-1/theme") == "pink"


def test_where_the_file_cannot_be_written_they_stay(first: QSettings, tmp_path: Path) -> None:
    preferences_file().mkdir()
    before = {key: first.value(key) for key in first.allKeys()}
    _, told = bring_settings_up_to_date(first)
    assert told.startswith(f"The preferences {tmp_path / 'preferences.toml'} cannot be written (")
    assert {key: first.value(key) for key in first.allKeys()} == before


def test_settings_of_a_later_version_are_left_alone(first: QSettings) -> None:
    first.setValue("format", 3)
    first.sync()
    before = Path(first.fileName()).read_bytes()
    own, told = bring_settings_up_to_date(first)
    assert own.fileName() != first.fileName()
    assert told.startswith(f"A later version of Nutshell has written the settings of the window {first.fileName()};")
    assert Path(first.fileName()).read_bytes() == before
