"""The file of preferences: what is chosen is kept, what is damaged is told and kept, what is later is left alone."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from engine.contract.errors import DataError
from engine.preferences.entries.cache_limit import CacheLimit
from engine.preferences.entries.runs_folder import RunsFolder, chosen_runs_folder
from engine.preferences.entries.spoken_language import SpokenLanguage
from engine.preferences.entries.theme_choice import ColorTheme
from engine.preferences.entries.threads import Threads
from engine.preferences.preference import declared_preferences
from engine.preferences.preferences_file import change_preferences, preferences_file, read_preferences
from engine.store.locations import default_runs_directory


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NUTSHELL_PREFERENCES", str(tmp_path / "config" / "preferences.toml"))
    return preferences_file()


def test_without_a_file_all_are_usual_and_none_is_made(file: Path) -> None:
    preferences = read_preferences()
    assert preferences.troubles == ()
    assert {one.key: preferences.value(one) for one in declared_preferences()} == {
        one.key: one.usual() for one in declared_preferences()
    }
    assert chosen_runs_folder(preferences.value(RunsFolder)) == default_runs_directory()
    assert not file.parent.exists()


def test_only_what_differs_is_written(file: Path, tmp_path: Path) -> None:
    now = change_preferences({RunsFolder: tmp_path / 'ru"ns', Threads: 3, ColorTheme: "dark"})
    assert tomllib.loads(file.read_text(encoding="utf-8")) == {
        "format": 1,
        "runs_folder": str(tmp_path / 'ru"ns'),
        "threads": 3,
        "theme": "dark",
    }
    assert read_preferences() == now
    assert (now.value(RunsFolder), now.value(Threads)) == (tmp_path / 'ru"ns', 3)
    change_preferences({Threads: Threads.usual(), RunsFolder: None})
    assert tomllib.loads(file.read_text(encoding="utf-8")) == {"format": 1, "theme": "dark"}


def test_every_value_comes_back_as_it_was(tmp_path: Path) -> None:
    for preference in declared_preferences():
        assert preference.parsed(preference.written(preference.usual())) == preference.usual()
    assert set(SpokenLanguage.choices()) == {"auto", "en", "fr", "ru", "ko", "sr"}
    assert SpokenLanguage.usual() == "auto"


def test_one_value_that_cannot_be_used_costs_no_other(file: Path) -> None:
    file.parent.mkdir()
    text = 'format = 1\nthreads = "many"\ntheme = "dark"\ncache_limit_gib = -1\nlater_key = [1, 2]\n'
    file.write_text(text, encoding="utf-8")
    preferences = read_preferences()
    assert (preferences.value(Threads), preferences.value(ColorTheme)) == (0, "dark")
    assert preferences.value(CacheLimit) == CacheLimit.usual()
    assert preferences.troubles == (
        f"threads in {file} cannot be used: it has to be a whole number from 0 to 1,024. The usual value is used.",
        f"cache_limit_gib in {file} cannot be used: it has to be a whole number from 0 to 10,000. The usual value is "
        "used.",
    )
    assert change_preferences({Threads: 2}).troubles == ()
    assert tomllib.loads(file.read_text(encoding="utf-8")) == {
        "format": 1,
        "threads": 2,
        "theme": "dark",
        "later_key": [1, 2],
    }
    (kept,) = file.parent.glob("preferences.damaged-*.toml")
    assert kept.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("content", [b"format = ", b"\xff\xfe", b"[theme]\ntheme", b"\x00" * 100])
def test_a_damaged_file_is_told_and_kept(file: Path, content: bytes) -> None:
    file.parent.mkdir()
    file.write_bytes(content)
    assert read_preferences().troubles == (f"The preferences {file} are damaged, so the usual ones are used.",)
    assert file.read_bytes() == content
    change_preferences({Threads: 2})
    (kept,) = file.parent.glob("preferences.damaged-*.toml")
    assert kept.read_bytes() == content
    assert read_preferences().value(Threads) == 2


def test_a_file_of_a_later_version_is_left_alone(file: Path) -> None:
    file.parent.mkdir()
    file.write_text('format = 2\ntheme = "dark"\n', encoding="utf-8")
    preferences = read_preferences()
    assert preferences.value(ColorTheme) == "auto"
    (trouble,) = preferences.troubles
    assert trouble.startswith(f"A later version of Nutshell has written the preferences {file}; update the program")
    with pytest.raises(DataError, match="A later version of Nutshell has written the preferences"):
        change_preferences({Threads: 2})
    assert file.read_text(encoding="utf-8") == 'format = 2\ntheme = "dark"\n'


def test_a_file_that_cannot_be_written_is_told(file: Path) -> None:
    file.parent.write_text("a file in the place of the folder", encoding="utf-8")
    with pytest.raises(DataError, match=r"The preferences .* cannot be written \(.*\), so this one is not remembered"):
        change_preferences({Threads: 2})
    assert read_preferences().value(Threads) == 0


CHANGING = (
    "import sys; from engine.preferences.preferences_file import change_preferences; "
    "from engine.preferences.entries.{module} import {name}; change_preferences({{{name}: {value}}})"
)


def test_processes_at_once_keep_each_others_changes() -> None:
    changes = [
        ("threads", "Threads", "5"),
        ("cache_limit", "CacheLimit", "6"),
        ("theme_choice", "ColorTheme", "'dark'"),
    ]
    children = [
        subprocess.Popen([sys.executable, "-c", CHANGING.format(module=module, name=name, value=value)])
        for module, name, value in changes
    ]
    assert [child.wait() for child in children] == [0, 0, 0]
    now = read_preferences()
    assert (now.value(Threads), now.value(CacheLimit), now.value(ColorTheme)) == (5, 6, "dark")


def test_it_is_read_without_qt_and_without_tensorflow() -> None:
    script = (
        "import sys; from engine.preferences.preferences_file import read_preferences; read_preferences(); "
        "print([one for one in sys.modules if one.split('.')[0] in ('PySide6', 'tensorflow', 'numpy')])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
