"""Opens the application: theme, window, and, for the demo, a run at once."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

from PySide6.QtCore import QSettings, QTimer
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from engine.contract.recipe import Recipe
from engine.launch.garbage_collector import making_what_stays
from engine.store.locations import default_runs_directory
from ui.early_loading import EarlyLoading
from ui.lasting_constants import make_constants_last
from ui.main_thread_collector import MainThreadCollector
from ui.main_window import MainWindow
from ui.theme import ThemeChoice, apply_theme
from ui.window_keeper import WindowKeeper
from ui.window_language import WindowLanguage, chosen_language

ICON = Path(__file__).resolve().parents[1] / "resources" / "icons" / "nutshell.png"


def run_application(report_start: bool, demo: Recipe | None, runs_directory: Path) -> int:
    """Open the window and stay until it is closed; returns the exit code.

    Args:
        report_start: print a line when the wizard is painted, and close: for the start-up benchmark.
        demo: a recipe to run at once.
    """
    make_constants_last()
    QApplication.setOrganizationName("Nutshell")
    QApplication.setApplicationName("Nutshell")
    # Linux puts the progress on the icon of the program with this name.
    QApplication.setDesktopFileName("nutshell")
    application = QApplication(sys.argv[:1])
    application.setWindowIcon(QIcon(str(ICON)))
    settings = QSettings()
    language = WindowLanguage(application)
    with contextlib.suppress(OSError):
        # A catalogue that cannot be read must not keep the window from opening: it speaks English then.
        language.speak(chosen_language(settings))
    apply_theme(application, _chosen_theme(settings))
    remembered = settings.value("runs_directory")
    if remembered and runs_directory == default_runs_directory():
        runs_directory = Path(str(remembered))
    MainThreadCollector(application)
    with making_what_stays():
        keeper = WindowKeeper(settings, runs_directory, language, application)
    # The desktop went dark or light.
    application.styleHints().colorSchemeChanged.connect(lambda _: keeper.window.set_theme(_chosen_theme(settings)))
    window = keeper.window
    window.show()
    EarlyLoading(window.wizard, lambda: _keep_cache_within_limit(settings, runs_directory))
    if demo is not None:
        QTimer.singleShot(0, lambda: keeper.window.start_run(demo))
    if report_start:
        # The timer fires after the first paint, which `show` has queued before it.
        QTimer.singleShot(0, lambda: _report_painted(window))
    return application.exec()


def _keep_cache_within_limit(settings: QSettings, runs_directory: Path) -> None:
    from engine.store.image_cache_room import trim_if_idle
    from engine.store.locations import Locations
    from ui.image_cache_dialog import cache_limit_bytes

    if limit := cache_limit_bytes(settings):
        trim_if_idle(Locations(runs_directory), limit)


def _chosen_theme(settings: QSettings) -> ThemeChoice:
    """Auto where none is chosen, or the settings hold one that there is not."""
    chosen = str(settings.value("theme", ThemeChoice.AUTO))
    return ThemeChoice(chosen) if chosen in set(ThemeChoice) else ThemeChoice.AUTO


def _report_painted(window: MainWindow) -> None:
    window.repaint()
    sys.stdout.write("painted\n")
    sys.stdout.flush()
    window.close()
