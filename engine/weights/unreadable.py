"""The errors of reading damaged or foreign files, and their messages."""

from __future__ import annotations

import zipfile

# zipfile's for what it does not know, such as encryption, are RuntimeErrors.
UNREADABLE = (OSError, LookupError, ValueError, TypeError, AttributeError, RuntimeError, zipfile.BadZipFile)
MAX_CHARACTERS = 200
EMPTY, CUT_SHORT = "it is empty: copy or download it again", "it is cut short: copy or download it again"


def reason_in_a_line(error: BaseException) -> str:
    """The first line of what the error says, or its name where it says nothing."""
    lines = str(error).splitlines()
    return lines[0][:MAX_CHARACTERS] if lines else type(error).__name__
