"""The terminal speaks the language that is asked for by name; LANG alone changes none of its words."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.language.catalogue import Catalogue
from engine.language.languages import ENGLISH, LANGUAGE_VARIABLE
from engine.language.speech import SPEECH
from engine.preferences.entries.spoken_language import AS_THE_SYSTEM, SpokenLanguage
from engine.preferences.preferences_file import change_preferences
from tests.languages.pseudo import CLOSE, OPEN, pseudo_catalogue
from ui.terminal.command_line import command_line

DEMO = "resources/recipes/demo.toml"
REFUSED = ["sensitivity", DEMO, "--images", "0"]
ENGLISH_NUMBER, FRENCH_NUMBER, SERBIAN_NUMBER = "10,000", "10\N{NARROW NO-BREAK SPACE}000", "10.000"
INNERMOST = re.compile(f"{OPEN}[^{OPEN}{CLOSE}]*{CLOSE}")
WORD = re.compile(r"(?<![\w./=<\"'-])[A-Za-z]{3,}(?![\w./=\"'-])")


@pytest.fixture(autouse=True)
def own_preferences(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUTSHELL_PREFERENCES", str(tmp_path / "preferences.toml"))
    monkeypatch.delenv(LANGUAGE_VARIABLE, raising=False)


@pytest.fixture(scope="module")
def of_all_texts(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    return pseudo_catalogue(tmp_path_factory.mktemp("pseudo"))


@pytest.fixture
def pseudo(of_all_texts: Catalogue) -> Iterator[None]:
    """Every text that was asked for wears brackets."""
    SPEECH.catalogue = of_all_texts
    yield
    SPEECH.speak(ENGLISH)


def no_window(*_: object) -> int:
    raise AssertionError("no window is wanted")


def printed(checkout: Path, arguments: list[str], **variables: str) -> str:
    """Both streams of a process, which stays the same where only the language of the system differs."""
    done = subprocess.run(
        [sys.executable, "main.py", *arguments],
        cwd=checkout,
        env=os.environ | {"PYTHONUTF8": "1"} | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        check=False,
    )
    return done.stdout


@pytest.mark.parametrize("arguments", [["--help"], ["check", "--help"], ["check", DEMO], ["steps"], ["check"], REFUSED])
def test_a_french_system_alone_changes_nothing(arguments: list[str], checkout: Path, tmp_path: Path) -> None:
    runs = [] if "--help" in arguments or len(arguments) == 1 else ["--runs", str(tmp_path / "runs")]
    english = printed(checkout, [*arguments, *runs], LANG="C.UTF-8", LC_ALL="", LANGUAGE="")
    french = printed(checkout, [*arguments, *runs], LANG="fr_FR.UTF-8", LC_ALL="fr_FR.UTF-8", LANGUAGE="fr")
    assert english
    assert french == english


def test_a_language_is_spoken_where_it_is_named(checkout: Path) -> None:
    assert ENGLISH_NUMBER in printed(checkout, REFUSED)
    assert FRENCH_NUMBER in printed(checkout, REFUSED, NUTSHELL_LANGUAGE="fr")
    change_preferences({SpokenLanguage: "fr"})
    assert FRENCH_NUMBER in printed(checkout, REFUSED)
    # One command in another language.
    assert SERBIAN_NUMBER in printed(checkout, REFUSED, NUTSHELL_LANGUAGE="sr")
    assert ENGLISH_NUMBER in printed(checkout, REFUSED, NUTSHELL_LANGUAGE="en")
    change_preferences({SpokenLanguage: AS_THE_SYSTEM})
    assert ENGLISH_NUMBER in printed(checkout, REFUSED, LANG="fr_FR.UTF-8")


def test_what_programs_read_stays_english(checkout: Path) -> None:
    for command in ("schema", "reference"):
        assert printed(checkout, [command], NUTSHELL_LANGUAGE="sr") == printed(checkout, [command])


def left_in_english(text: str) -> set[str]:
    """Words that stand in no bracket."""
    while INNERMOST.search(text):
        text = INNERMOST.sub(" ", text)
    return set(WORD.findall(text))


@pytest.mark.usefixtures("pseudo")
def test_check_asks_for_all_of_its_words(
    checkout: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "1000")
    assert command_line(["check", str(checkout / DEMO), "--runs", str(tmp_path / "runs")], no_window) == 0
    text = capsys.readouterr().out
    assert OPEN in text
    # The labels of its stages, which are the names of its chains too, and where a finding is.
    assert left_in_english(text) <= {"Baseline", "dynamic", "range", "pruning", "pruned", "chains"}


@pytest.mark.usefixtures("pseudo")
@pytest.mark.parametrize(
    "arguments", [["--help"], ["run", "--help"], ["classify"], ["run", "a.toml", "--threads", "x"]]
)
def test_help_and_refusals_ask_for_all_of_their_words(
    arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "1000")
    with pytest.raises(SystemExit):
        command_line(arguments, no_window)
    told = capsys.readouterr()
    names = {"run", "check", "inspect", "compare", "report", "sensitivity", "verify", "classify", "doctor", "licences"}
    names |= {"steps", "backbones", "datasets", "augmentations", "schema", "reference", "nutshell"}
    names |= {"micro", "device"}
    assert {word for word in left_in_english(told.out + told.err) if word != word.upper()} <= names


@pytest.mark.usefixtures("pseudo")
@pytest.mark.parametrize("command", ["steps", "backbones", "datasets", "augmentations"])
def test_lists_ask_for_their_headings(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line([command], no_window) == 0
    text = capsys.readouterr().out
    assert text.count(OPEN) > text.count("\n\n")
