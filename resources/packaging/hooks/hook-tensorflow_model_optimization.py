"""TFMOT: its public interface is found by name."""

from PyInstaller.utils.hooks import collect_submodules

from left_out import is_wanted

hiddenimports = collect_submodules("tensorflow_model_optimization", filter=is_wanted)
