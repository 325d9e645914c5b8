"""Where the program keeps things when nothing else was chosen; also where its packages are not installed."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from engine.doctor.health_check import CheckedFolders


def usual_folders(
    runs: Path | None = None, settings: Path | None = None, weights: Path | None = None
) -> CheckedFolders:
    """Each as it is given, or the usual one."""
    return CheckedFolders(runs or _usual_runs(), settings or _usual_settings(), weights or _usual_weights())


def _usual_runs() -> Path:
    try:
        from engine.preferences.entries.runs_folder import RunsFolder, chosen_runs_folder
        from engine.preferences.preferences_file import read_preferences
    except ImportError:
        # platformdirs is not installed; this is what it says on Linux.
        data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
        return data / "Nutshell" / "runs"
    return chosen_runs_folder(read_preferences().value(RunsFolder))


def _usual_settings() -> Path:
    """Where QSettings puts its file; on Windows it is no folder, and that of the user's is told."""
    if sys.platform == "win32":
        return Path.home()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Preferences"
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "Nutshell"


def _usual_weights() -> Path:
    """Keras' own, as in `engine.weights.found_weights`, which needs NumPy."""
    return Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "models"
