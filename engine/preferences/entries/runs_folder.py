"""Where runs, finished stages and prepared images are kept."""

from __future__ import annotations

from pathlib import Path

from engine.preferences.preference import FolderPreference
from engine.store.locations import default_runs_directory


class RunsFolder(FolderPreference):
    key = "runs_folder"
    title = "&Runs folder"
    explanation = (
        "Keeps runs, finished stages and prepared images. What lies in the folder before stays there, and is listed "
        "again when you choose it again."
    )
    order = 0
    shown_usual = str(default_runs_directory())


def chosen_runs_folder(chosen: Path | None) -> Path:
    """The folder to use.

    Args:
        chosen: the preference's value.
    """
    return chosen or default_runs_directory()
