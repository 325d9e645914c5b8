"""What the user chooses once for all studies: a row per declared preference; each change holds at once."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFormLayout, QPushButton, QVBoxLayout, QWidget

from engine.language.sentence_recognition import recognised
from engine.language.speech import mark, tr
from engine.preferences.entries.cache_limit import CacheLimit
from engine.preferences.entries.runs_folder import RunsFolder, chosen_runs_folder
from engine.preferences.preference import Preference, declared_preferences
from engine.preferences.preferences_file import Preferences, change_preferences, preferences_file
from ui.plain_label import PlainLabel
from ui.preferences.cache_row import CacheRow
from ui.preferences.preference_keeper import PreferenceKeeper
from ui.preferences.preference_row import PreferenceRow
from ui.question import agrees
from ui.screen_fit import open_at, scrolling
from workers.patient_call import PatientCall

SIZE = (680, 420)
RESET_QUESTION = mark("All preferences get their usual values. No file is moved or deleted.")


class PreferencesDialog(QDialog):
    """The window behind it shows each change."""

    def __init__(self, keeper: PreferenceKeeper, runs_directory: Path, parent: QWidget | None = None) -> None:
        """
        Args:
            runs_directory: the one that the window uses, which may be another than the preference's.
        """
        super().__init__(parent)
        self.setObjectName("preferences")
        self.setWindowTitle(tr("Preferences"))
        open_at(self, *SIZE)
        self._keeper = keeper
        self._cache = CacheRow(runs_directory)
        self._trouble = PlainLabel(name="preferences.trouble", wraps=True)
        self._trouble.setProperty("role", "error")
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        for preference in declared_preferences():
            row = PreferenceRow(preference, keeper)
            form.addRow(row.label, row)
            if preference is CacheLimit:
                form.addRow(tr("Cache"), self._cache)
        said = tr("Kept in {file}, which the terminal reads too.", file=preferences_file())
        if runs_directory != chosen_runs_folder(keeper.value(RunsFolder)):
            said += " " + tr(
                "This window uses {folder} until you choose another runs folder here.", folder=runs_directory
            )
        where = PlainLabel(said, "preferences.where", wraps=True)
        where.setProperty("role", "hint")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        # Enter ends the typing in a field, and does not close the dialog.
        buttons.button(QDialogButtonBox.StandardButton.Close).setAutoDefault(False)
        reset = QPushButton(tr("Reset to &defaults…"), objectName="preferences.reset", autoDefault=False)
        buttons.addButton(reset, QDialogButtonBox.ButtonRole.ResetRole)
        content = _Content()
        inside = QVBoxLayout(content)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(self._trouble)
        inside.addLayout(form)
        inside.addWidget(where)
        inside.addStretch(1)
        layout = QVBoxLayout(self)
        layout.addWidget(scrolling(content), 1)
        layout.addWidget(buttons)
        self._work = PatientCall("reset preferences", self)  # not shown
        self._work.succeeded.connect(self._on_reset)
        self._work.failed.connect(lambda sentence: self._say([sentence]))
        buttons.rejected.connect(self.reject)
        reset.clicked.connect(self._on_reset_asked)
        keeper.changed.connect(self._on_changed)
        self._say(keeper.troubles)

    def _on_changed(self, preference: type[Preference]) -> None:
        self._say(self._keeper.troubles)
        if preference is RunsFolder:
            self._cache.show_directory(chosen_runs_folder(self._keeper.value(RunsFolder)))
        if preference is CacheLimit:
            self._cache.keep_within(self._keeper.value(CacheLimit))

    def _on_reset_asked(self) -> None:
        if not agrees(self, tr("Reset the preferences"), tr(RESET_QUESTION), tr("Reset"), tr("Keep them")):
            return
        held = {one: reason for one in declared_preferences() if (reason := self._keeper.held(one))}
        usual = {one: one.usual() for one in declared_preferences() if one not in held}
        self._say(held.values())
        self._work.request(lambda: change_preferences(usual))

    def _on_reset(self, now: Preferences) -> None:
        self._keeper.take(now)

    def _say(self, sentences: Iterable[str]) -> None:
        text = "\n".join(map(recognised, sentences))
        self._trouble.setText(text)
        self._trouble.setVisible(bool(text))


class _Content(QWidget):
    """As high as its sentences are at its width, so that the area around it scrolls and cuts none of them."""

    def event(self, event: QEvent) -> bool:
        handled = super().event(event)
        if event.type() in (QEvent.Type.Resize, QEvent.Type.LayoutRequest) and self.hasHeightForWidth():
            self.setMinimumHeight(self.heightForWidth(self.width()))
        return handled
