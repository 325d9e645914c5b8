"""imagecodecs: each codec is a compiled module that is imported when it is first used."""

from PyInstaller.utils.hooks import collect_submodules

from left_out import is_wanted

hiddenimports = collect_submodules("imagecodecs", filter=is_wanted)
