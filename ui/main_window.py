"""The window: earlier runs at the left, the wizard or a run at the right, and the menus."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSettings, Qt, QUrl
from PySide6.QtGui import QAction, QActionGroup, QCloseEvent, QDesktopServices, QKeySequence
from PySide6.QtWidgets import QApplication, QFileDialog, QMainWindow, QMenu, QMessageBox, QSplitter

from engine.contract.errors import NutshellError
from engine.contract.recipe import Recipe
from engine.contract.recipe_file import read_recipe, recipe_text
from engine.store.durable_file import write_durably
from engine.store.locations import Locations
from ui.dashboard.run_stack import RunStack
from ui.runs_list.runs_list import RunsList
from ui.theme import ThemeChoice, apply_theme
from ui.wizard.remembered_keys import WEIGHTS_DIRECTORY
from ui.wizard.study_wizard import StudyWizard
from ui.wording import in_window_words

if TYPE_CHECKING:
    from ui.dashboard.dashboard import Dashboard
    from workers.run_controller import RunController

DOCUMENTATION = Path(__file__).resolve().parents[1] / "resources" / "docs"
SIDEBAR_WIDTH = 210
SMALLEST = (1024, 680)
USUAL = (1280, 720)
RECIPES = "Recipes (*.toml)"
CLOSING_QUESTION = (
    "A run is going on, and it cannot go on without this window. Cancel it and close?\n\n"
    "Every finished stage is kept, and running the recipe again goes on from there."
)
ABOUT = (
    "<b>Nutshell</b><br>Compresses convolutional networks in a lab: train, prune, quantise, measure, and leave with "
    ".tflite files.<br>MIT licence."
)


class MainWindow(QMainWindow):
    """Puts the sidebar, the wizard and the runs together."""

    def __init__(self, settings: QSettings, runs_directory: Path) -> None:
        super().__init__()
        self.setWindowTitle("Nutshell")
        self.setMinimumSize(*SMALLEST)
        self.resize(*USUAL)
        self._settings = settings
        self._locations = Locations(runs_directory)
        self._runs = RunsList()
        self.wizard = StudyWizard(settings, runs_directory)
        self._stack = RunStack(self.wizard, runs_directory)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(self._runs)
        split.addWidget(self._stack)
        split.setSizes([SIDEBAR_WIDTH, 10 * SIDEBAR_WIDTH])
        split.setStretchFactor(1, 1)
        split.setCollapsible(1, False)
        self.setCentralWidget(split)
        self._make_menus()
        self.wizard.run_requested.connect(self.start_run)
        self._runs.new_requested.connect(self._stack.show_wizard)
        self._runs.live_requested.connect(self._stack.show_live)
        self._runs.run_chosen.connect(self._stack.open)
        self._stack.edit_requested.connect(self._edit)
        self._stack.history_changed.connect(self._refresh_runs)
        self._stack.shown_run_changed.connect(self._mark_shown_run)
        if geometry := settings.value("window/geometry"):
            self.restoreGeometry(geometry)
        self._refresh_runs()

    @property
    def dashboard(self) -> Dashboard | None:
        """The run that is shown, or None while the wizard is."""
        return self._stack.dashboard

    @property
    def controller(self) -> RunController:
        """Of the run that goes on."""
        return self._stack.controller

    def start_run(self, recipe: Recipe) -> None:
        """Run a recipe in an engine child and show it."""
        self._stack.start(recipe)

    def set_theme(self, choice: ThemeChoice) -> None:
        """Give the whole application a theme, the plots that are drawn already too."""
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        self._stack.set_theme(apply_theme(application, choice))

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.controller.is_running() and not self._agrees_to_cancel():
            event.ignore()
            return
        self._stack.shut_down()
        self.wizard.shut_down()
        self._settings.setValue("window/geometry", self.saveGeometry())
        event.accept()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        # Runs may have been started, or have ended, in a terminal meanwhile.
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow():
            self._refresh_runs()

    def _agrees_to_cancel(self) -> bool:
        return QMessageBox.question(self, "Close Nutshell", CLOSING_QUESTION) == QMessageBox.StandardButton.Yes

    def _edit(self, recipe: Recipe) -> None:
        self.wizard.set_recipe(recipe)
        self._stack.show_wizard()

    def _refresh_runs(self) -> None:
        self._runs.refresh(self._locations)
        self._mark_shown_run()

    def _mark_shown_run(self) -> None:
        self._runs.choose(self._stack.shown_run)
        self._runs.offer_live(self._stack.live_is_hidden)

    def _make_menus(self) -> None:
        keys = QKeySequence.StandardKey
        files = self.menuBar().addMenu("&File")
        self._add_action(files, "&New study", self._stack.show_wizard, keys.New)
        self._add_action(files, "&Open recipe…", self._on_open, keys.Open)
        self._add_action(files, "&Save recipe…", self._on_save, keys.Save)
        files.addSeparator()
        self._add_action(files, "Choose the &runs folder…", self._on_runs_folder)
        self._add_action(files, "Choose the &weights folder…", self._on_weights_folder)
        files.addSeparator()
        self._add_action(files, "&Quit", self.close, keys.Quit)
        themes = self.menuBar().addMenu("&View").addMenu("&Theme")
        group = QActionGroup(self)
        chosen = self._settings.value("theme", ThemeChoice.AUTO)
        for choice in ThemeChoice:
            action = self._add_action(themes, choice.capitalize(), partial(self._on_theme, choice))
            action.setCheckable(True)
            action.setChecked(choice == chosen)
            group.addAction(action)
        about = self.menuBar().addMenu("&Help")
        self._add_action(about, "&Documentation", self._on_documentation, keys.HelpContents)
        self._add_action(about, "&About Nutshell", lambda: QMessageBox.about(self, "Nutshell", ABOUT))

    def _add_action(
        self, menu: QMenu, text: str, slot: Callable[[], object], keys: QKeySequence.StandardKey | None = None
    ) -> QAction:
        action = QAction(text, self)
        # Without the "checked" that `triggered` carries.
        action.triggered.connect(lambda *_: slot())
        if keys is not None:
            action.setShortcut(keys)
        menu.addAction(action)
        return action

    def _on_open(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Open a recipe", "", RECIPES)
        if path:
            try:
                self._edit(read_recipe(Path(path)))
            except NutshellError as error:
                QMessageBox.warning(self, "This recipe cannot be used", in_window_words(str(error)))

    def _on_save(self) -> None:
        recipe = self.wizard.recipe()
        path, _ = QFileDialog.getSaveFileName(self, "Save the recipe", f"{recipe.name}.toml", RECIPES)
        if path:
            try:
                write_durably(Path(path), recipe_text(recipe))
            except OSError as error:
                QMessageBox.warning(self, "Not saved", f"{path} cannot be written ({error.strerror}).")

    def _on_runs_folder(self) -> None:
        path = QFileDialog.getExistingDirectory(self, "Folder for runs", str(self._locations.root))
        if not path:
            return
        if self.controller.is_running():
            QMessageBox.information(self, "A run is going on", "Wait for it, or cancel it, before changing the folder.")
            return
        self._locations = Locations(Path(path))
        self._settings.setValue("runs_directory", path)
        self._stack.runs_directory = self._locations.root
        self.wizard.set_runs_directory(self._locations.root)
        self._refresh_runs()

    def _on_weights_folder(self) -> None:
        before = str(self._settings.value(WEIGHTS_DIRECTORY, ""))
        if path := QFileDialog.getExistingDirectory(self, "Folder with weights files of Keras", before):
            self._settings.setValue(WEIGHTS_DIRECTORY, path)
            self.wizard.refresh()

    def _on_theme(self, choice: ThemeChoice) -> None:
        self._settings.setValue("theme", str(choice))
        self.set_theme(choice)

    def _on_documentation(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(DOCUMENTATION)))
