"""The preferences as the window has them now; whoever one matters to listens here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QObject, Signal

from engine.preferences.preference import Preference, declared_preferences
from engine.preferences.preferences_file import Preferences, read_preferences

T = TypeVar("T")


class PreferenceKeeper(QObject):
    """Reads the file, also when another window or an editor has changed it."""

    changed = Signal(object)
    """The `Preference` class that has another value now."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._now = read_preferences()
        self._reasons: dict[str, Callable[[], str]] = {}

    @property
    def troubles(self) -> tuple[str, ...]:
        """What of the file could not be used, a sentence each."""
        return self._now.troubles

    def value(self, preference: type[Preference[T]]) -> T:
        """Of one preference."""
        return self._now.value(preference)

    def take(self, now: Preferences) -> None:
        """Tell what differs from before."""
        before, self._now = self._now, now
        for preference in declared_preferences():
            if now.value(preference) != before.value(preference):
                self.changed.emit(preference)

    def read_again(self) -> None:
        """In a millisecond."""
        self.take(read_preferences())

    def hold(self, preference: type[Preference], reason: Callable[[], str]) -> None:
        """Let a preference keep its value for a time.

        Args:
            reason: why it cannot be changed now, as a sentence; empty: it can.
        """
        self._reasons[preference.key] = reason

    def held(self, preference: type[Preference]) -> str:
        """Why a preference cannot be changed now; empty: it can."""
        reason = self._reasons.get(preference.key)
        return reason() if reason else ""
