"""What the user is told of an error that ended the engine's work."""

from __future__ import annotations

import errno
from pathlib import Path

from engine.contract.errors import NutshellError
from engine.doctor.import_trouble import import_sentence, is_of_others

NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT})


def failure_sentence(error: Exception, root: Path) -> tuple[str, int]:
    """What to tell the user of an error, and the exit code.

    Args:
        root: the runs directory.
    """
    if isinstance(error, OSError) and error.errno in NO_SPACE:
        return (
            f"There is no space left on the disk of {root}; free some there, or choose another runs directory, and run "
            "the recipe again: what is finished is kept.",
            3,
        )
    if isinstance(error, NutshellError):
        return str(error), error.exit_code
    if isinstance(error, ImportError) and is_of_others(error):
        # TensorFlow is imported by the first step that needs it.
        return import_sentence(error), 3
    if isinstance(error, MemoryError):
        return "The machine ran out of memory; use smaller images, a smaller batch, or a narrower network.", 3
    if isinstance(error, OSError) and error.strerror:
        place = f" ({error.filename})" if error.filename else ""
        return f"A file could not be read or written: {error.strerror}{place}; free some space or check permissions.", 3
    return f"The engine failed: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}", 3
