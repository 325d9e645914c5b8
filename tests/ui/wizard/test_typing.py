"""A text is typed as a hand does it: each key goes to whatever has the focus, which stays where it was."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QWidget,
)

from tests.ui.wizard.conftest import OpenWizard
from ui.wizard.study_wizard import PAGE_OF_SECTION, PAGES

TYPED = "12"


def fields(page: QWidget) -> list[QWidget]:
    """What a text can be typed into."""
    found = [*page.findChildren(QLineEdit), *page.findChildren(QAbstractSpinBox)]
    return [
        field
        for field in found
        if field.isVisible()
        and field.isEnabled()
        and not isinstance(field.parentWidget(), QAbstractSpinBox | QComboBox)
        and not getattr(field, "isReadOnly", lambda: False)()
    ]


@pytest.fixture
def in_a_window(open_wizard: OpenWizard) -> Iterator[OpenWizard]:
    """The wizard as in the main window, where something else can take the focus."""
    window = QWidget()
    layout = QHBoxLayout(window)
    layout.addWidget(QPushButton("New study", objectName="beside"))
    layout.addWidget(open_wizard.wizard)
    window.show()
    window.activateWindow()
    open_wizard.qtbot.waitUntil(lambda: QApplication.activeWindow() is window)
    yield open_wizard
    open_wizard.wizard.setParent(None)  # Its own fixture ends it.
    window.close()
    window.deleteLater()


def type_by_hand(keys: str, field: QWidget) -> None:
    for key in keys:
        focus = QApplication.focusWidget()
        assert focus is not None
        assert focus is field or field.isAncestorOf(focus), f"{key!r} of {keys!r} would go to {focus.objectName()}"
        QTest.keyClick(focus, key)


@pytest.mark.parametrize("page", range(PAGES))
def test_every_field_of_a_page_keeps_the_focus_while_it_is_typed_into(in_a_window: OpenWizard, page: int) -> None:
    in_a_window.go_to(page)
    shown = in_a_window.wizard.current_page
    if (search := shown.findChild(QCheckBox, "search.on")) is not None:
        search.click()
    names = [field.objectName() for field in fields(shown)]
    assert names or page == PAGE_OF_SECTION["chains"]
    for name in names:
        field = shown.findChild(QWidget, name)
        if field is None or not field.isVisible() or not field.isEnabled():
            continue  # What was typed before it has hidden or disabled it.
        field.setFocus(Qt.FocusReason.MouseFocusReason)
        select = getattr(field, "selectAll", None)
        if select is not None:
            select()
        type_by_hand(TYPED, field)


def test_a_path_is_scanned_when_it_is_whole(in_a_window: OpenWizard, heart_folder: Path) -> None:
    """No letter of it starts a look at the root of the disk."""
    in_a_window.choose("dataset.kind", "image_folder")
    line = in_a_window.child(QLineEdit, "dataset.path")
    line.setFocus()
    for place, key in enumerate(str(heart_folder), start=1):
        type_by_hand(key, line)
        assert line.text() == str(heart_folder)[:place]
        assert in_a_window.wizard.recipe().dataset.path == ""
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert in_a_window.wizard.recipe().dataset.path == str(heart_folder)
    in_a_window.qtbot.waitUntil(lambda: in_a_window.can_go_on, timeout=20_000)
    assert QApplication.focusWidget() is line
