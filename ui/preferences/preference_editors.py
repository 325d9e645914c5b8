"""The editor of each kind of preference: a folder, a number, a choice."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from engine.contract.path_need import PathNeed
from engine.language.sentence_recognition import recognised
from engine.language.speech import tr
from engine.preferences.preference import ChoicePreference, FolderPreference, NumberPreference, Preference
from ui.form.field_editor import ChoiceEditor, FieldEditor, WholeNumberEditor
from ui.form.path_field import PathField

LETTERS = 14


class FolderEditor(FieldEditor):
    """The path of a folder; empty: the usual one."""

    widget: PathField

    def __init__(self, preference: type[FolderPreference], name: str, title: str) -> None:
        super().__init__(PathField(name, title, tr(preference.shown_usual), PathNeed(folder=True)))
        self.widget.edited.connect(lambda _: self.changed.emit())

    def value(self) -> str:
        return self.widget.path()

    def set_value(self, value: Any) -> None:
        self.widget.set_path("" if value is None else str(value))


def preference_editor(preference: type[Preference], name: str, title: str) -> FieldEditor:
    """An editor that has its object name and its name for screen readers.

    Args:
        name: the object name.
    """
    if issubclass(preference, FolderPreference):
        return FolderEditor(preference, name, title)
    editor: FieldEditor
    if issubclass(preference, NumberPreference):
        editor = WholeNumberEditor(preference.minimum, preference.maximum)
        # Half of a number that is typed is no value yet.
        editor.widget.setKeyboardTracking(False)
        editor.explain(recognised(preference.zero), "")
        editor.widget.setSuffix(f" {tr(preference.unit)}" if preference.unit else "")
    else:
        assert issubclass(preference, ChoicePreference)
        names = preference.choices()
        editor = ChoiceEditor(list(names), names)
        # All as wide, whatever they are called.
        editor.widget.setMinimumContentsLength(LETTERS)
    editor.widget.setObjectName(name)
    editor.widget.setAccessibleName(title)
    return editor


def focused_widget(editor: FieldEditor) -> QWidget:
    """That which the letter of the title leads to."""
    widget = editor.widget.editors()[0] if isinstance(editor, FolderEditor) else editor.widget
    assert widget.focusPolicy() != Qt.FocusPolicy.NoFocus
    return widget
