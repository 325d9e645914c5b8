"""The wheel over a field that has not the focus scrolls the page and changes nothing."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QComboBox, QSlider, QWidget

from tests.ui.wizard.conftest import OpenWizard
from ui.wizard.study_wizard import PAGES


def turn_wheel(field: QWidget) -> None:
    center = field.rect().center()
    event = QWheelEvent(
        QPointF(center),
        QPointF(field.mapToGlobal(center)),
        QPoint(),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(field, event)


def changeable(page: QWidget) -> list[QWidget]:
    found = [widget for kind in (QComboBox, QAbstractSpinBox, QSlider) for widget in page.findChildren(kind)]
    return [widget for widget in found if widget.isVisible() and widget.isEnabled()]


@pytest.mark.parametrize("page", range(PAGES))
def test_it_changes_no_field_without_the_focus(open_wizard: OpenWizard, page: int) -> None:
    open_wizard.go_to(page)
    shown = open_wizard.wizard.current_page
    before = open_wizard.recipe
    for field in changeable(shown):
        shown.setFocus()
        assert not field.hasFocus()
        turn_wheel(field)
        assert open_wizard.recipe == before, field.objectName()


def test_it_changes_the_field_that_is_worked_in(open_wizard: OpenWizard) -> None:
    open_wizard.next(2)
    batch = open_wizard.child(QAbstractSpinBox, "training.batch_size")
    batch.setFocus()
    before = open_wizard.recipe.training.batch_size
    turn_wheel(batch)
    assert open_wizard.recipe.training.batch_size == before - 1
