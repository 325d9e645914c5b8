"""Opens the application: theme, window, and, for the demo, a run at once."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

from PySide6.QtCore import QSettings, QTimer
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from engine.contract.recipe import Recipe
from engine.language.sentence_recognition import recognised
from engine.language.speech import mark, tr
from engine.launch.garbage_collector import making_what_stays
from engine.launch.resources import ICON
from engine.preferences.entries.runs_folder import RunsFolder, chosen_runs_folder
from engine.preferences.entries.spoken_language import SpokenLanguage
from engine.preferences.entries.theme_choice import ColorTheme, ThemeChoice
from engine.preferences.preferences_file import read_preferences
from ui.early_loading import EarlyLoading
from ui.lasting_constants import make_constants_last
from ui.main_thread_collector import MainThreadCollector
from ui.main_window import MainWindow
from ui.preferences.earlier_settings import bring_settings_up_to_date
from ui.question import tell
from ui.theme import apply_theme
from ui.window_keeper import WindowKeeper
from ui.window_language import WindowLanguage, chosen_language
from workers.patient_call import PatientCall

OR_ANOTHER = mark("Runs are listed once it is there again; Edit, Preferences… chooses another.")


def run_application(report_start: bool, demo: Recipe | None, runs_directory: Path | None) -> int:
    """Open the window and stay until it is closed; returns the exit code.

    Args:
        report_start: print a line when the wizard is painted, and close: for the start-up benchmark.
        demo: a recipe to run at once.
        runs_directory: None: as the preferences say.
    """
    make_constants_last()
    QApplication.setOrganizationName("Nutshell")
    QApplication.setApplicationName("Nutshell")
    # Linux puts the progress on the icon of the program with this name.
    QApplication.setDesktopFileName("nutshell")
    application = QApplication(sys.argv[:1])
    application.setWindowIcon(QIcon(str(ICON)))
    settings, told = bring_settings_up_to_date(QSettings())
    preferences = read_preferences()
    language = WindowLanguage(application)
    with contextlib.suppress(OSError):
        # A catalogue that cannot be read must not keep the window from opening: it speaks English then.
        language.speak(chosen_language(preferences.value(SpokenLanguage)))
    apply_theme(application, ThemeChoice(preferences.value(ColorTheme)))
    runs_directory = runs_directory or chosen_runs_folder(preferences.value(RunsFolder))
    MainThreadCollector(application)
    with making_what_stays():
        keeper = WindowKeeper(settings, runs_directory, language, application)
    # The desktop went dark or light.
    application.styleHints().colorSchemeChanged.connect(lambda _: keeper.window.apply_theme())
    window = keeper.window
    window.show()
    EarlyLoading(window.wizard, window.cache_upkeep.work)
    if preferences.value(RunsFolder) == runs_directory:
        _tell_if_gone(window, runs_directory)
    if sentences := [sentence for sentence in (told, *preferences.troubles) if sentence]:
        QTimer.singleShot(
            0, window, lambda: tell(window, tr("Settings and preferences"), "\n".join(map(recognised, sentences)))
        )
    if demo is not None:
        QTimer.singleShot(0, lambda: keeper.window.start_run(demo))
    if report_start:
        # The timer fires after the first paint, which `show` has queued before it.
        QTimer.singleShot(0, lambda: _report_painted(window))
    return application.exec()


def _tell_if_gone(window: MainWindow, runs_directory: Path) -> None:
    """Say that the chosen runs folder cannot be used now, such as one on a network; waits for it in a thread."""

    def say(sentence: object) -> None:
        if sentence:
            tell(window, tr("The runs folder cannot be used"), f"{recognised(str(sentence))} {tr(OR_ANOTHER)}")

    look = PatientCall("runs folder", window)  # not shown
    look.succeeded.connect(say)
    late = tr("{folder} does not answer; its disk or network may be gone.", folder=runs_directory)
    look.late.connect(lambda: say(late))
    look.request(lambda: RunsFolder.fault(runs_directory))


def _report_painted(window: MainWindow) -> None:
    window.repaint()
    sys.stdout.write("painted\n")
    sys.stdout.flush()
    window.close()
