"""What a bundle leaves out of the packages that it holds, and why each may be."""

from __future__ import annotations

import re

NEVER_IMPORTED = (
    # Keras 3: TensorFlow asks for it only where TF_USE_LEGACY_KERAS is not set, and the program always sets it.
    "keras",
    # The web pages of TensorBoard: the program writes event files with tensorboardX.
    "tensorboard",
    "tensorboard_data_server",
    # For building TensorFlow's operators, and for packages that only tests use.
    "clang",
    "IPython",
    "pandas",
    "sklearn",
    "statsmodels",
    "pytest",
    "hypothesis",
    "tkinter",
    "torch",
    "pip",
    "PyQt5",
    "PyQt6",
    "PySide2",
    # A search keeps its trials in memory and in a file of its own.
    "alembic",
    "sqlalchemy",
    "mako",
    # Qt's parts that the window does not use.
    "PySide6.QtQml",
    "PySide6.QtQuick",
    "PySide6.QtQuickWidgets",
    "PySide6.QtQuick3D",
    "PySide6.QtDesigner",
    "PySide6.QtSql",
)
"""Packages and modules that no part of the program imports."""

UNWANTED = re.compile(
    r"(^|[./])("
    # Tests of the packages.
    r"tests?|testing_utils|\w+_test|test_\w+|conftest"
    # Headers, and sources to compile networks ahead of time.
    r"|include|xla_aot_runtime_src"
    # Compilers for accelerators of phones, and LiteRT on a graphics card in a browser's way.
    r"|vendors|aot|apply_plugin_main|libLiteRtWebGpuAccelerator"
    r")([./]|$)"
)
"""Of module names and paths."""
OF_ONE_PACKAGE = re.compile(
    r"^(optuna\.(integration|storages\._rdb|visualization|_gp\.(?!$)\w*torch\w*)|tf_keras\.(protobuf\.\w+_test))\b"
)


def is_wanted(name: str) -> bool:
    """Whether a bundle holds this module or file of a package that it holds."""
    return not UNWANTED.search(name) and not OF_ONE_PACKAGE.search(name)


LEFT_TO_THE_SYSTEM = (
    # As new as the system's graphics drivers need.
    "libstdc++.so",
    "libgcc_s.so",
    # As the system's own list of fonts needs, which lies with them.
    "libfontconfig.so",
    "libfreetype.so",
)
"""Libraries that every desktop of Linux has, by how their names begin."""

PLUGINS_OF_QT = (
    # It would bring the GTK of the computer that builds the bundle, which no other GTK may be loaded beside.
    "platformthemes/libqgtk3.so",
    # For devices without a desktop.
    "platforms/libqeglfs.so",
    "platforms/libqlinuxfb.so",
    "platforms/libqminimalegl.so",
    "platforms/libqvkkhrdisplay.so",
    "platforms/libqvnc.so",
    "egldeviceintegrations/*.so",
    "generic/*.so",
    # The program opens no connection.
    "networkinformation/*.so",
    "tls/*.so",
)
"""Below Qt's folder of plugins, on Linux; libraries that only they need go with them."""

STRIPPED = ("tensorflow/**/*.so*", "ai_edge_litert/**/*.so*", "libpython3*", "python3.*/**/*.so")
"""Compiled files whose tables of symbols for debuggers are taken out. Those of other packages were changed after they
were linked, which `strip` does not always survive."""
