"""One preference in the dialog: its editor, and below it what speaks against what is typed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from engine.language.sentence_recognition import recognised
from engine.language.speech import mark, tr
from engine.preferences.preference import Preference
from engine.preferences.preferences_file import Preferences, change_preferences
from ui.plain_label import PlainLabel
from ui.preferences.preference_editors import focused_widget, preference_editor
from ui.preferences.preference_keeper import PreferenceKeeper
from workers.patient_call import PatientCall

CHECKING = mark("Checking…")
LATE = mark(
    "This folder does not answer; its disk or network may be gone. The preference stays as it was until it answers."
)


@dataclass(frozen=True)
class _Judged:
    value: Any
    fault: str
    to_keep: bool
    """Whether the user has just chosen it."""


class PreferenceRow(QWidget):
    """Remembers each change once it is found to be usable; what is refused stays to be read and mended."""

    def __init__(self, preference: type[Preference], keeper: PreferenceKeeper) -> None:
        super().__init__()
        self.preference = preference
        self._keeper = keeper
        name, title = f"preferences.{preference.key}", tr(preference.title).replace("&", "")
        self._editor = preference_editor(preference, name, title)
        self._fault = PlainLabel(name=f"{name}.fault", wraps=True)
        self._fault.setProperty("role", "error")
        self._fault.hide()
        self._check = PatientCall(f"preference {preference.key}", self)  # not shown
        self.label = QLabel(tr(preference.title), toolTip=tr(preference.explanation))
        self.label.setBuddy(focused_widget(self._editor))
        self._editor.widget.setToolTip(tr(preference.explanation))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._editor.widget)
        layout.addWidget(self._fault)
        self._editor.set_value(keeper.value(preference))
        self._editor.changed.connect(self._on_edited)
        self._check.succeeded.connect(self._on_answered)
        self._check.failed.connect(self._say)
        self._check.late.connect(lambda: self._say(tr(LATE)))
        keeper.changed.connect(self._on_changed)
        # What was usable when it was chosen may be gone by now.
        self._judge(keeper.value(preference), to_keep=False)

    def _on_edited(self) -> None:
        preference = self.preference
        self._check.call_off()
        if reason := self._keeper.held(preference):
            self._say(reason)
            return
        try:
            value = preference.parsed(self._editor.value())
        except ValueError as error:
            said = recognised(str(error))
            self._say(f"{said[:1].upper()}{said[1:]}.")
            return
        self._say(tr(CHECKING), is_fault=False)
        self._judge(value, to_keep=True)

    def _judge(self, value: Any, to_keep: bool) -> None:
        preference = self.preference
        self._check.request(lambda: _Judged(value, preference.fault(value), to_keep))

    def _on_answered(self, answer: _Judged | Preferences) -> None:
        """A value is kept once it is judged, if nothing else was typed meanwhile."""
        preference = self.preference
        if isinstance(answer, Preferences):
            self._say("")
            self._keeper.take(answer)
        elif answer.fault or not answer.to_keep:
            self._say(answer.fault)
        elif reason := self._keeper.held(preference):
            self._say(reason)
        else:
            value = answer.value
            self._check.request(lambda: change_preferences({preference: value}))

    def _on_changed(self, preference: type[Preference]) -> None:
        if preference is self.preference:
            value = self._keeper.value(preference)
            self._editor.changed.disconnect(self._on_edited)
            self._editor.set_value(value)
            self._editor.changed.connect(self._on_edited)
            self._judge(value, to_keep=False)

    def _say(self, sentence: str, is_fault: bool = True) -> None:
        self._fault.setText(recognised(sentence))
        self._fault.setEnabled(is_fault)
        self._fault.setVisible(bool(sentence))
