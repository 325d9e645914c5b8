"""Takes out of a text whose computer it is about: home, user and host, so that it can be mailed."""

from __future__ import annotations

import getpass
import os
import platform
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

HOME, USER, HOST = "~", "(user)", "(host)"
ORDINARY = frozenset({"root", "localhost", "localdomain"})
"""Names that say nothing of anyone."""
BEFORE_A_PATH = r"(?<![\w.~/\\-])"
"""A home's path inside of another, such as /mnt/root, is no home."""
LONG = 5
"""Letters: a name of that length is taken out within words too, a shorter one only where it is a word."""


class OwnerNames:
    """Those of the user who runs this process."""

    def __init__(self) -> None:
        rules = [(rf"{BEFORE_A_PATH}{re.escape(home)}(?![\w.-])", HOME) for home in _longest_first(_homes())]
        rules += [(_word(name), USER) for name in _longest_first(_users())]
        rules += [(_word(name), HOST) for name in _longest_first(_hosts())]
        flags = re.IGNORECASE if os.name == "nt" else 0
        self._rules = [(re.compile(rule, flags), word) for rule, word in rules]

    def hidden(self, text: str) -> str:
        """The text without them."""
        for rule, word in self._rules:
            text = rule.sub(word, text)
        return text


def _word(name: str) -> str:
    escaped = re.escape(name)
    return escaped if len(name) >= LONG else rf"(?<![A-Za-z0-9]){escaped}(?![A-Za-z0-9])"


def _longest_first(names: Iterable[str]) -> list[str]:
    return sorted({name for name in names if name}, key=len, reverse=True)


def _homes() -> Iterable[str]:
    """As the environment and the system have it, also where it is reached through a link."""
    found = [os.environ.get(name, "") for name in ("HOME", "USERPROFILE")] + [_account_home()]
    resolved = [str(Path(home).resolve()) for home in found if home]
    return [home for home in (one.rstrip("/\\") for one in (*found, *resolved)) if len(home) > 1]


def _account_home() -> str:
    # Windows has no such module.
    with suppress(ImportError, KeyError):
        import pwd

        return pwd.getpwuid(os.getuid()).pw_dir
    return ""


def _users() -> Iterable[str]:
    names = {os.environ.get(name, "") for name in ("USER", "LOGNAME", "USERNAME", "SUDO_USER")}
    with suppress(OSError, KeyError, ImportError):
        names.add(getpass.getuser())
    names |= {re.split(r"[\\/]", home)[-1] for home in _homes()}
    return names - ORDINARY


def _hosts() -> Iterable[str]:
    names = {platform.node(), os.environ.get("HOSTNAME", ""), os.environ.get("COMPUTERNAME", "")}
    return (names | {name.partition(".")[0] for name in names}) - ORDINARY
