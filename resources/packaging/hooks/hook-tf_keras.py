"""Keras 2: TensorFlow imports its public interface, and TFMOT's layers their modules, by name."""

from PyInstaller.utils.hooks import collect_submodules

from left_out import is_wanted

hiddenimports = collect_submodules("tf_keras", filter=is_wanted)
