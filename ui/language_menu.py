"""The languages as a menu, each by the name that it has for itself."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from engine.language.languages import Language, languages
from engine.language.speech import SPEECH, tr
from ui.menu_actions import added_action


class LanguageMenu(QMenu):
    """The language that is spoken has the mark."""

    def __init__(self, choose: Callable[[Language], object], parent: QWidget | None = None) -> None:
        super().__init__(tr("&Language"), parent)
        group = QActionGroup(self)
        for language in languages():
            action = added_action(self, language.own_name, partial(choose, language))
            action.setCheckable(True)
            action.setChecked(language == SPEECH.language)
            group.addAction(action)
