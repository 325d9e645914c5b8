"""A setting that a search may vary, as a row: whether it does, and among which values."""

from __future__ import annotations

import re

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QCheckBox

from engine.contract.search_settings import Varied
from engine.language.sentence_recognition import recognised
from engine.language.speech import tr
from engine.search.suggested_places import SuggestedPlace
from ui.form.calm_fields import StudyLine
from ui.values_text import values_text

OF_A_STEP = re.compile(r"(.+?): (.+) of (.+)")


class PlaceRow(QObject):
    """Its two widgets stand in a grid of the page."""

    edited = Signal()

    def __init__(self, place: SuggestedPlace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.place = place
        title = said_place(place.title)
        self.box = QCheckBox(title, objectName=f"search.place.{place.place}", toolTip=place.place)
        self.line = StudyLine(
            objectName=f"search.values.{place.place}", accessibleName=tr("Values of {title}", title=title)
        )
        self.show_place(place, place.is_usual)
        self.box.toggled.connect(self.line.setEnabled)
        self.box.clicked.connect(lambda *_: self.edited.emit())
        self.line.textEdited.connect(lambda *_: self.edited.emit())

    def show_place(self, place: SuggestedPlace, ticked: bool) -> None:
        """Its values as the study has them."""
        self.place = place
        self.box.setChecked(ticked)
        self.line.setEnabled(ticked)
        self._show_values(place.values)

    def suggest(self, place: SuggestedPlace) -> None:
        """Other values are suggested now, which show where the user has typed none of their own."""
        if self.line.text() == values_text(self.place.values):
            self._show_values(place.values)
        self.place = place

    def _show_values(self, values: Varied) -> None:
        self.line.setText(values_text(values))
        self.line.setCursorPosition(0)


def said_place(title: str) -> str:
    """The title of a place; the name of its chain is the user's."""
    of_a_step = OF_A_STEP.fullmatch(title)
    if of_a_step is None:
        return recognised(title)
    chain, setting, step = of_a_step.groups()
    return tr("{chain}: {setting} of {step}", chain=chain, setting=recognised(setting), step=recognised(step))
