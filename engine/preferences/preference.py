"""What a preference is: a value that the user chooses once for all studies, declared in one file of `entries`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar, Generic, TypeVar

from engine.contract.registry import Registry
from engine.preferences.folder_fault import folder_fault

T = TypeVar("T")


class Preference(ABC, Generic[T]):
    """One of them. The dialog, the file and the command line read these declarations and know no preference."""

    key: ClassVar[str]
    """In the file."""
    title: ClassVar[str]
    """In the dialog; "&" stands before the letter that Alt chooses it by."""
    explanation: ClassVar[str]
    order: ClassVar[int]
    """Of its row in the dialog, from 0."""

    @classmethod
    @abstractmethod
    def usual(cls) -> T:
        """The value where the user has chosen none."""

    @classmethod
    @abstractmethod
    def parsed(cls, value: object) -> T:
        """The value of a file.

        Raises:
            ValueError: it is none; the message says what one is.
        """

    @classmethod
    def written(cls, value: T) -> str | int:
        """As the file has it."""
        return value if isinstance(value, str | int) else str(value)

    @classmethod
    def fault(cls, value: T) -> str:
        """Why the value cannot be used on this computer now, as a sentence; empty where it can.

        May wait for a disk or a network.
        """
        return ""


class FolderPreference(Preference[Path | None]):
    """A folder; None, an empty text in the file: the usual one."""

    shown_usual: ClassVar[str]
    """What an empty field stands for, such as "none"."""

    @classmethod
    def usual(cls) -> Path | None:
        return None

    @classmethod
    def parsed(cls, value: object) -> Path | None:
        if not isinstance(value, str):
            raise ValueError("it has to be a folder's path in quotes")
        if not value.strip():
            return None
        folder = Path(value.strip()).expanduser()
        if not folder.is_absolute():
            raise ValueError("it has to be the whole path of a folder, from the root of the disk on")
        return folder

    @classmethod
    def written(cls, value: Path | None) -> str:
        return str(value or "")

    @classmethod
    def fault(cls, value: Path | None) -> str:
        return folder_fault(value) if value is not None else ""


class NumberPreference(Preference[int]):
    """A whole number in a range; 0 has a meaning of its own."""

    minimum: ClassVar[int] = 0
    maximum: ClassVar[int]
    unit: ClassVar[str]
    zero: ClassVar[str]
    """What 0 means, such as "no limit"."""

    @classmethod
    def parsed(cls, value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not cls.minimum <= value <= cls.maximum:
            raise ValueError(f"it has to be a whole number from {cls.minimum} to {cls.maximum:,}")
        return value


class ChoicePreference(Preference[str]):
    """One of some values."""

    @classmethod
    @abstractmethod
    def choices(cls) -> dict[str, str]:
        """Value → what it is called; the usual one first."""

    @classmethod
    def usual(cls) -> str:
        return next(iter(cls.choices()))

    @classmethod
    def parsed(cls, value: object) -> str:
        if not isinstance(value, str) or value not in cls.choices():
            raise ValueError(f"it has to be one of: {', '.join(cls.choices())}")
        return value


PREFERENCES: Registry[Preference] = Registry("engine.preferences.entries", Preference, "preference")


def declared_preferences() -> tuple[type[Preference], ...]:
    """All of them, in the order of the dialog."""
    return tuple(sorted((PREFERENCES[key] for key in PREFERENCES), key=lambda one: one.order))
