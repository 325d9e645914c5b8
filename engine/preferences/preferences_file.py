"""The file of preferences: one TOML text for window and terminal, read without Qt; a damaged one is kept aside.

Only what differs from the usual is in it. `NUTSHELL_PREFERENCES` names another file.
"""

from __future__ import annotations

import os
import tomllib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import platformdirs
import tomli_w
from filelock import FileLock

from engine.contract.errors import DataError
from engine.preferences.preference import Preference, declared_preferences
from engine.store.durable_file import write_durably
from engine.store.kept_format import PREFERENCES_FORMAT, newer_sentence

T = TypeVar("T")
NAMING_VARIABLE = "NUTSHELL_PREFERENCES"
FORMAT_KEY = "format"
LOCK_S = 5.0


def preferences_file() -> Path:
    """Where the user's file is, by the platform's custom."""
    if named := os.environ.get(NAMING_VARIABLE):
        return Path(named).expanduser()
    return Path(platformdirs.user_config_dir("Nutshell", appauthor=False)) / "preferences.toml"


@dataclass(frozen=True)
class Preferences:
    """The values as they were when they were read."""

    chosen: Mapping[str, Any]
    """Key → value, of those that the user has chosen and that can be used."""
    troubles: tuple[str, ...] = ()
    """What of the file could not be used, a sentence each."""
    is_newer: bool = False
    """Whether a later version has written the file, so that this one leaves it alone."""

    def value(self, preference: type[Preference[T]]) -> T:
        """Of one preference."""
        found: T = self.chosen.get(preference.key, preference.usual())
        return found


def read_preferences(file: Path | None = None) -> Preferences:
    """The preferences; the usual ones where there is no file, or it cannot be used, which `troubles` tells.

    Reads only; in a millisecond.

    Args:
        file: by default the user's own.
    """
    file = file or preferences_file()
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Preferences({})
    except OSError as error:
        return Preferences({}, (f"The preferences {file} cannot be read ({error.strerror}); the usual ones are used.",))
    except ValueError:  # Not TOML, or not UTF-8.
        return Preferences({}, (f"The preferences {file} are damaged, so the usual ones are used.",))
    version = document.get(FORMAT_KEY)
    if isinstance(version, int) and version > PREFERENCES_FORMAT.version:
        return Preferences({}, (f"{newer_sentence('the preferences', file)} The usual ones are used.",), is_newer=True)
    chosen: dict[str, Any] = {}
    troubles = []
    for preference in declared_preferences():
        if preference.key not in document:
            continue
        try:
            chosen[preference.key] = preference.parsed(document[preference.key])
        except ValueError as error:
            troubles.append(f"{preference.key} in {file} cannot be used: {error}. The usual value is used.")
    return Preferences(chosen, tuple(troubles))


def change_preferences(changes: Mapping[type[Preference], Any], file: Path | None = None) -> Preferences:
    """Keep these values; all others stay as they are in the file, those of other windows and versions too.

    What could not be used of the file is kept under another name beside it.

    Args:
        changes: preference → its new value; the usual one takes it out of the file.
        file: by default the user's own.

    Returns:
        All values as they are now.

    Raises:
        DataError: the file is of a later version, or cannot be written.
    """
    file = file or preferences_file()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(file.with_name(f".{file.name}.lock"), timeout=LOCK_S):
            before = read_preferences(file)
            if before.is_newer:
                raise DataError(newer_sentence("the preferences", file))
            document = _document(file)
            if before.troubles and file.is_file():
                _keep_damaged(file)
            for preference, value in changes.items():
                if value == preference.usual():
                    document.pop(preference.key, None)
                else:
                    document[preference.key] = preference.written(value)
            kept = {FORMAT_KEY: PREFERENCES_FORMAT.version} | {k: v for k, v in document.items() if k != FORMAT_KEY}
            write_durably(file, tomli_w.dumps(kept))
            return read_preferences(file)
    except OSError as error:  # FileLock's time-out is one too.
        reason = error.strerror or "another window holds it"
        raise DataError(
            f"The preferences {file} cannot be written ({reason}), so this one is not remembered."
        ) from None


def _document(file: Path) -> dict[str, Any]:
    """What can be used of the file, unknown keys of other versions included."""
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    for preference in declared_preferences():
        try:
            if preference.key in document:
                preference.parsed(document[preference.key])
        except ValueError:
            del document[preference.key]
    return document


def _keep_damaged(file: Path) -> None:
    copy = file.with_name(f"{file.stem}.damaged-{uuid.uuid4().hex[:8]}{file.suffix}")
    write_durably(copy, file.read_bytes())
