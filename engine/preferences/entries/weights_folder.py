"""Where weights files are looked for, beside the folders of Keras and PyTorch."""

from __future__ import annotations

from pathlib import Path

from engine.preferences.preference import FolderPreference


class WeightsFolder(FolderPreference):
    key = "weights_folder"
    title = "&Weights folder"
    explanation = "Weights files are looked for here too, beside the folders of Keras and PyTorch. Nothing is written."
    order = 1
    shown_usual = "none"

    @classmethod
    def fault(cls, value: Path | None) -> str:
        """It is only read, so it has to be there."""
        if value is None:
            return ""
        try:
            if value.is_dir():
                next(value.iterdir(), None)
                return ""
            return f"{value} is a file; choose a folder." if value.exists() else f"There is no folder {value}."
        except OSError as error:
            return f"{value} cannot be read ({error.strerror}); choose another folder, or connect its disk."
