"""Optuna: it imports its parts when they are first used. A study of ours lives in memory and needs no database."""

from PyInstaller.utils.hooks import collect_submodules

from left_out import is_wanted

hiddenimports = collect_submodules("optuna", filter=is_wanted)
