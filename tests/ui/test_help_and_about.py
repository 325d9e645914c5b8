"""Help opens inside the app at the page that fits, and the program knows its own version."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QSettings, Qt, QUrl
from PySide6.QtGui import QImage, QTextDocument, QTextTable
from PySide6.QtWidgets import QApplication, QLineEdit, QListWidget, QTextBrowser, QToolButton, QTreeWidget
from pytestqt.qtbot import QtBot

from engine.contract.errors import NutshellError
from engine.contract.recipe_file import read_recipe
from engine.launch.program import VERSION
from ui.about.about_dialog import NAME
from ui.guide.contents import DOCUMENTATION
from ui.guide.guide_texts import page_names, page_text
from ui.guide_view import GuideView
from ui.help_window import PAGE_OF_TOPIC, HelpWindow
from ui.main_window import MainWindow
from ui.wizard.chains.chains_page import ChainsPage
from ui.wizard.dataset.dataset_page import DatasetPage
from ui.wizard.images.images_page import ImagesPage
from ui.wizard.network.backbone_page import BackbonePage
from ui.wizard.review.review_page import ReviewPage

pytestmark = pytest.mark.usefixtures("no_thread_is_left_behind")


@pytest.fixture
def window(qtbot: QtBot, settings: QSettings, tmp_path: Path) -> MainWindow:
    window = MainWindow(settings, tmp_path / "runs")
    qtbot.addWidget(window, before_close_func=lambda closing: closing.wizard.shut_down())
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    return window


def heading(window: MainWindow) -> str:
    help_window = window.findChild(HelpWindow)
    assert help_window is not None
    assert help_window.isVisible()
    text = help_window.findChild(QTextBrowser, "help.text")
    assert text is not None
    return text.document().firstBlock().text()


def test_f1_and_the_question_mark_open_the_page_that_fits(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.keyClick(window, Qt.Key.Key_F1)
    assert heading(window) == _title("first-steps.md")
    window._stack.show_wizard()
    mark = window.findChild(QToolButton, "wizard.help")
    assert mark is not None
    qtbot.mouseClick(mark, Qt.MouseButton.LeftButton)
    assert heading(window) == _title("data.md")


@pytest.fixture
def shown(qtbot: QtBot) -> Iterator[HelpWindow]:
    window = HelpWindow()
    qtbot.addWidget(window)
    window.show_topic("start")
    qtbot.waitExposed(window)
    yield window
    window.shut_down()


def test_every_page_that_help_opens_is_there(shown: HelpWindow) -> None:
    pages = [ChainsPage, DatasetPage, ImagesPage, BackbonePage, ReviewPage]
    for name in (*PAGE_OF_TOPIC.values(), *(page.guide for page in pages)):
        assert (DOCUMENTATION / name).is_file()
        shown.show_topic(name)
        assert _text(shown).document().firstBlock().text() == _title(name)


def test_every_page_is_shown_with_its_headings_pictures_and_tables(qtbot: QtBot, shown: HelpWindow) -> None:
    pictures = 0
    for name in page_names():
        shown.show_page(name)
        qtbot.waitUntil(lambda: _text(shown).is_complete)
        document, written = _text(shown).document(), page_text(name)
        blocks = [document.findBlockByNumber(number) for number in range(document.blockCount())]
        headings = [block.text().strip() for block in blocks if block.blockFormat().headingLevel()]
        outside = re.sub(r"^```.*?^```", "", written, flags=re.DOTALL | re.MULTILINE)
        wanted = [line.lstrip("# ").replace("`", "") for line in outside.splitlines() if re.match("#{1,4} ", line)]
        assert headings == wanted, name
        tables = [frame for frame in document.rootFrame().childFrames() if isinstance(frame, QTextTable)]
        assert len(tables) == len(re.findall(r"^\| ?:?-{3}", outside, re.MULTILINE)), name
        for target in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", written):
            picture = _text(shown).loadResource(QTextDocument.ResourceType.ImageResource.value, QUrl(target))
            assert isinstance(picture, QImage)
            assert 0 < picture.width() <= _text(shown).viewport().width(), f"{name}: {target}"
            pictures += 1
    assert pictures > 8


def test_links_lead_to_pages_and_headings(qtbot: QtBot, shown: HelpWindow) -> None:
    _text(shown)._on_link(QUrl("measuring.md"))
    assert _chosen(shown) == "measuring.md"
    _text(shown)._on_link(QUrl("troubleshooting/training.md#training-diverged"))
    qtbot.waitUntil(lambda: _text(shown).is_complete)
    assert _chosen(shown) == "troubleshooting/training.md"
    assert _first_visible(shown) == "Training diverged"
    _text(shown)._on_link(QUrl("../steps.md"))
    assert _chosen(shown) == "steps.md"
    qtbot.keyClick(shown, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    assert _chosen(shown) == "troubleshooting/training.md"


def test_a_pasted_message_finds_its_cause(qtbot: QtBot, shown: HelpWindow, tmp_path: Path) -> None:
    with pytest.raises(NutshellError) as raised:
        read_recipe(tmp_path / "my hearts" / "none.toml")
    query, found = shown.findChild(QLineEdit, "help.search"), shown.findChild(QListWidget, "help.found")
    assert query is not None
    assert found is not None
    QApplication.clipboard().setText(str(raised.value))
    query.setFocus()
    with qtbot.waitSignal(shown.searched, timeout=20_000):
        qtbot.keyClick(query, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert found.isVisible()
    assert "The recipe's file cannot be read" in found.item(0).text()
    qtbot.keyClick(query, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: _text(shown).is_complete)
    assert _chosen(shown) == "troubleshooting/recipe.md"
    assert _first_visible(shown) == "The recipe's file cannot be read"
    query.clear()
    qtbot.waitUntil(lambda: not found.isVisible())


def test_words_are_found_and_marked_while_they_are_typed(qtbot: QtBot, shown: HelpWindow) -> None:
    query, found = shown.findChild(QLineEdit, "help.search"), shown.findChild(QListWidget, "help.found")
    assert query is not None
    assert found is not None
    with qtbot.waitSignal(shown.searched, timeout=20_000):
        qtbot.keyClicks(query, "calibrati")
    assert any("Glossary: Calibration" in found.item(row).text() for row in range(found.count()))
    qtbot.keyClick(query, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: _text(shown).is_complete)
    assert _text(shown).extraSelections()
    with qtbot.waitSignal(shown.searched, timeout=20_000):
        qtbot.keyClicks(query, "xyzzy")
    assert found.item(0).text().startswith("Nothing found")


def test_no_page_keeps_the_window_waiting(qtbot: QtBot, shown: HelpWindow) -> None:
    """In pieces: the longest page is read by many turns of the event loop."""
    longest = max(page_names(), key=lambda name: len(page_text(name)))
    shown.show_page(longest)
    assert not _text(shown).is_complete
    qtbot.waitUntil(lambda: _text(shown).is_complete)
    assert page_text(longest).rstrip()[-20:-3].replace("`", "") in _text(shown).toPlainText()


def test_about_says_the_version_of_the_package(checkout: Path) -> None:
    project = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == VERSION
    assert VERSION in NAME


def _text(shown: HelpWindow) -> GuideView:
    text = shown.findChild(GuideView, "help.text")
    assert text is not None
    return text


def _chosen(shown: HelpWindow) -> str:
    pages = shown.findChild(QTreeWidget, "help.pages")
    assert pages is not None
    name = pages.currentItem().data(0, Qt.ItemDataRole.UserRole)
    assert isinstance(name, str)
    return name


def _first_visible(shown: HelpWindow) -> str:
    # Below the page's margin.
    return _text(shown).cursorForPosition(QPoint(20, 10)).block().text()


def _title(name: str) -> str:
    return (DOCUMENTATION / name).read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")
