"""The window speaks another language without a restart, and a run in progress goes on in the same engine child."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEventLoop, QSettings, Qt, QTimer
from PySide6.QtGui import QAction, QFontDatabase
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QMessageBox, QPushButton

from engine.language.languages import ENGLISH, languages
from engine.language.speech import SPEECH
from engine.preferences.entries.spoken_language import SpokenLanguage
from engine.preferences.preferences_file import change_preferences, read_preferences
from tests.languages.pseudo import english_texts, pseudo_catalogue
from tests.small_study import small_recipe
from ui.script_fonts import missing_font
from ui.window_keeper import WindowKeeper
from ui.window_language import WindowLanguage, chosen_language
from workers.process_outcome import Ending, ProcessOutcome

WAIT_MS = 240_000


@pytest.fixture
def keeper(
    qapp: QApplication, tmp_path: Path, settings: QSettings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[WindowKeeper]:
    monkeypatch.setenv("NUTSHELL_PREFERENCES", str(tmp_path / "preferences.toml"))
    language = WindowLanguage(qapp)
    keeper = WindowKeeper(settings, tmp_path / "runs", language, qapp)
    keeper.window.show()
    yield keeper
    keeper.window.close()
    language.speak(ENGLISH)


def _wait(ready: object, milliseconds: int = 20_000) -> None:
    loop = QEventLoop()
    polling = QTimer(interval=20)
    polling.timeout.connect(lambda: loop.quit() if ready() else None)  # type: ignore[operator]
    polling.start()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()
    assert ready()  # type: ignore[operator]


def _cancel_text() -> str:
    """What Qt calls its own button now."""
    box = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
    return box.button(QDialogButtonBox.StandardButton.Cancel).text().replace("&", "")


def _choose(keeper: WindowKeeper, own_name: str) -> list[str]:
    """In the menu, as a user does; returns what was told of it."""
    before = keeper.window
    (action,) = (one for one in before.findChildren(QAction) if one.text() == own_name)
    told: list[str] = []
    reader = QTimer(interval=20)
    reader.timeout.connect(lambda: _read_and_close(told))
    reader.start()
    action.trigger()
    _wait(lambda: keeper.window is not before)
    return told


def _read_and_close(told: list[str]) -> None:
    """A message that this computer has no letters for the language."""
    box = QApplication.activeModalWidget()
    if isinstance(box, QMessageBox):
        told.append(box.text())
        box.accept()


def test_pages_menus_and_qts_own_buttons_follow(keeper: WindowKeeper, settings: QSettings) -> None:
    _choose(keeper, "Français")
    menus = [action.text() for action in keeper.window.menuBar().actions()]
    assert menus == ["&Fichier", "É&dition", "&Affichage", "Aid&e"]
    button = keeper.window.findChild(QPushButton, "start.new")
    assert button is not None
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert keeper.window.wizard.isVisible()
    back_and_next = keeper.window.findChild(QPushButton, "wizard.next")
    assert back_and_next is not None
    assert back_and_next.text() == "&Suivant"
    assert _cancel_text() == "Annuler"
    chosen = read_preferences().value(SpokenLanguage)
    assert chosen == "fr"
    assert chosen_language(chosen).code == "fr"
    _choose(keeper, "Српски")
    assert _cancel_text() == "Откажи"
    assert keeper.window.wizard.isVisible()
    _choose(keeper, "English")
    assert keeper.window.menuBar().actions()[0].text() == "&File"


def test_what_to_install_is_told_where_a_language_has_no_letters(keeper: WindowKeeper) -> None:
    """By the system's own list of fonts, which is the same for the menu and for the preferences."""
    assert missing_font(ENGLISH) == ""
    has_letters = bool(QFontDatabase.families(QFontDatabase.WritingSystem.Korean))
    told = _choose(keeper, "한국어")
    assert bool(told) is not has_letters
    for sentence in told:
        assert sentence.startswith("There is no font with Korean letters, so the window shows boxes; ")
        assert all(name in sentence for name in ("fonts-noto-cjk", "google-noto-sans-cjk-fonts", "noto-fonts-cjk"))
    assert SPEECH.language.code == "ko"
    assert _choose(keeper, "English") == []
    # The preferences lead to the same place.
    before = keeper.window
    reader = QTimer(interval=20)
    reader.timeout.connect(lambda: _read_and_close(told))
    reader.start()
    keeper.window.preferences.take(change_preferences({SpokenLanguage: "ko"}))
    _wait(lambda: keeper.window is not before)
    assert len(told) == (0 if has_letters else 2)


def test_the_draft_keeps_its_page_and_its_undo(keeper: WindowKeeper, heart_folder: Path) -> None:
    wizard = keeper.window.wizard
    wizard.set_recipe(small_recipe(heart_folder))
    keeper.window._stack.show_wizard()
    wizard._draft.change(name="another name")
    _wait(lambda: not wizard.current_page.waits_for())
    wizard.go_to(2)
    recipe = wizard.recipe()
    _choose(keeper, "Русский")
    after = keeper.window.wizard
    assert after is not wizard
    assert after.page_number == 2
    assert after.recipe() == recipe
    after.undo_action.trigger()
    assert after.recipe().name == "small study"


def test_a_run_goes_on_in_the_same_child(keeper: WindowKeeper, heart_folder: Path) -> None:
    outcomes: list[ProcessOutcome] = []
    keeper.window.controller.ended.connect(outcomes.append)
    # The baseline alone: what is looked at is the way of its events.
    keeper.window.start_run(small_recipe(heart_folder).model_copy(update={"chains": ()}))
    board = keeper.window.dashboard
    assert board is not None
    _wait(lambda: board.state.started is not None, WAIT_MS)
    controller, run = keeper.window.controller, keeper.window._stack.live_run
    worker = controller._worker
    _choose(keeper, "한국어")
    assert keeper.window.controller is controller
    assert controller._worker is worker
    assert keeper.window._stack.live_run == run
    _wait(lambda: not controller.is_running(), WAIT_MS)
    after = keeper.window.dashboard
    assert after is not None
    assert after is not board
    _wait(after.is_up_to_date)
    assert [outcome.ending for outcome in outcomes] == [Ending.DONE]
    assert set(after.state.variants) == {"baseline"}
    assert after.tabs.tabText(0) == "스테이지와 곡선"
    assert "완료" in after.state.log[-1].text


def test_the_first_pages_have_no_text_that_is_not_asked_for(
    qapp: QApplication, tmp_path: Path, settings: QSettings
) -> None:
    """Whatever the static check of marks cannot see: texts that are marked, and shown without being looked up."""
    SPEECH.catalogue = pseudo_catalogue(tmp_path)
    window = WindowKeeper(settings, tmp_path / "runs", WindowLanguage(qapp), qapp).window
    try:
        window.show()
        assert list(english_texts(window._start)) == []
        assert set(english_texts(window.menuBar())) == {f"QAction: {one.own_name!r}" for one in languages()}
    finally:
        window.close()
        SPEECH.speak(ENGLISH)
