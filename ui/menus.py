"""The menus of the window: what stands in them, and which keys call it."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, SignalInstance
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar

from engine.language.speech import tr
from ui.language_menu import LanguageMenu
from ui.menu_actions import added_action


class Menus(QObject):
    """Fills a menu bar; each entry is a signal, so that no menu knows what it does."""

    new_requested = Signal()
    open_requested = Signal()
    save_requested = Signal()
    start_requested = Signal()
    bench_requested = Signal()
    preferences_requested = Signal()
    language_requested = Signal(object)
    """The `Language` that was chosen."""
    quit_requested = Signal()
    help_requested = Signal()
    doctor_requested = Signal()
    about_requested = Signal()

    def __init__(self, bar: QMenuBar, undo: QAction, redo: QAction) -> None:
        super().__init__(bar)
        keys = QKeySequence.StandardKey
        files = bar.addMenu(tr("&File"))
        _add(files, tr("&New study"), self.new_requested, keys.New)
        _add(files, tr("&Open recipe…"), self.open_requested, keys.Open)
        _add(files, tr("&Save recipe…"), self.save_requested, keys.Save)
        files.addSeparator()
        _add(files, tr("S&tart page"), self.start_requested)
        _add(files, tr("Test &bench"), self.bench_requested, "Ctrl+B")
        files.addSeparator()
        _add(files, tr("&Quit"), self.quit_requested, keys.Quit)
        edit = bar.addMenu(tr("&Edit"))
        edit.addAction(undo)
        edit.addAction(redo)
        edit.addSeparator()
        _add(edit, tr("&Preferences…"), self.preferences_requested, "Ctrl+,")  # not shown
        view = bar.addMenu(tr("&View"))
        self.show_runs = QAction(tr("&Runs and drafts"), view, checkable=True, checked=True, shortcut="F9")
        view.addAction(self.show_runs)
        view.addMenu(LanguageMenu(self.language_requested.emit, view))
        about = bar.addMenu(tr("&Help"))
        _add(about, tr("&Help on this page"), self.help_requested, keys.HelpContents)
        _add(about, tr("&Doctor…"), self.doctor_requested)
        _add(about, tr("&About Nutshell"), self.about_requested)


def _add(menu: QMenu, text: str, requested: SignalInstance, keys: QKeySequence.StandardKey | str | None = None) -> None:
    action = added_action(menu, text, requested.emit)
    if keys is not None:
        action.setShortcut(keys)
