"""The window: earlier runs at the left, the wizard or a run at the right."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSettings, Qt, QUrl
from PySide6.QtGui import QAction, QActionGroup, QCloseEvent, QDesktopServices, QKeySequence
from PySide6.QtWidgets import QApplication, QFileDialog, QMainWindow, QMessageBox, QSplitter, QStackedWidget

from engine.contract.errors import NutshellError
from engine.contract.events import EngineEvent, RunStarted
from engine.contract.recipe import Recipe
from engine.contract.recipe_file import read_recipe, recipe_text
from engine.store.durable_file import write_durably
from engine.store.locations import Locations
from engine.store.run_history import RunRecord, RunState
from ui.runs_list.runs_list import RunsList
from ui.theme import ThemeChoice, apply_theme
from ui.wizard.study_wizard import StudyWizard
from workers.process_outcome import ProcessOutcome
from workers.run_controller import RunController

if TYPE_CHECKING:
    from ui.dashboard.dashboard import Dashboard

DOCUMENTATION = Path(__file__).resolve().parents[1] / "resources" / "docs"
SIDEBAR_WIDTH = 210
SMALLEST = (1024, 680)


class MainWindow(QMainWindow):
    """One run at a time; the wizard stays as it is while a run goes on."""

    def __init__(self, settings: QSettings, runs_directory: Path) -> None:
        super().__init__()
        self.setWindowTitle("Nutshell")
        self.setMinimumSize(*SMALLEST)
        self.resize(1280, 720)
        self._settings = settings
        self._locations = Locations(runs_directory)
        self._runs = RunsList()
        self.wizard = StudyWizard(settings, runs_directory)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.wizard)
        self._live: Dashboard | None = None
        self._shown: Dashboard | None = None
        self.controller = RunController(self)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(self._runs)
        split.addWidget(self._stack)
        split.setSizes([SIDEBAR_WIDTH, 10 * SIDEBAR_WIDTH])
        split.setStretchFactor(1, 1)
        self.setCentralWidget(split)
        self._make_menus()
        self.wizard.run_requested.connect(self.start_run)
        self._runs.new_requested.connect(self._show_wizard)
        self._runs.run_chosen.connect(self._on_run_chosen)
        self.controller.events.connect(self._on_events)
        self.controller.ended.connect(self._on_ended)
        if geometry := settings.value("window/geometry"):
            self.restoreGeometry(geometry)
        self._runs.refresh(self._locations)

    @property
    def dashboard(self) -> Dashboard | None:
        """The run that is shown, or None while the wizard is."""
        return self._shown if self._stack.currentWidget() is self._shown else None

    def start_run(self, recipe: Recipe) -> None:
        """Run a recipe in an engine child and show it."""
        if self.controller.is_running():
            QMessageBox.information(self, "A run is going on", "Wait for it, or cancel it, before starting another.")
            return
        self._live = self._new_dashboard()
        self._live.pause_requested.connect(self.controller.pause)
        self._live.resume_requested.connect(self.controller.resume)
        self._live.stop_requested.connect(self.controller.stop_stage)
        self._live.cancel_requested.connect(self.controller.cancel)
        self._live.repeat_requested.connect(lambda: self._edit(recipe))
        self._live.continue_requested.connect(lambda: self.start_run(recipe))
        self._live.begin(recipe.name)
        self.controller.start(recipe, self._locations.root)

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.controller.is_running() and not self._agrees_to_cancel():
            event.ignore()
            return
        self.controller.shut_down()
        self.wizard.shut_down()
        self._settings.setValue("window/geometry", self.saveGeometry())
        event.accept()

    def _agrees_to_cancel(self) -> bool:
        question = "A run is going on. Cancel it and close? Every finished stage is kept."
        return QMessageBox.question(self, "Close Nutshell", question) == QMessageBox.StandardButton.Yes

    def _new_dashboard(self) -> Dashboard:
        # Imported here: pyqtgraph takes most of a second, and the wizard needs none of it.
        from ui.dashboard.dashboard import Dashboard

        dashboard = Dashboard()
        if self._shown is not None and self._shown is not self._live:
            self._stack.removeWidget(self._shown)
            self._shown.deleteLater()
        if self._live is not None and not self.controller.is_running():
            self._stack.removeWidget(self._live)
            self._live.deleteLater()
            self._live = None
        self._shown = dashboard
        self._stack.addWidget(dashboard)
        self._stack.setCurrentWidget(dashboard)
        return dashboard

    def _show_wizard(self) -> None:
        self._stack.setCurrentWidget(self.wizard)

    def _edit(self, recipe: Recipe) -> None:
        self.wizard.set_recipe(recipe)
        self._show_wizard()

    def _on_events(self, events: list[EngineEvent]) -> None:
        if self._live is not None:
            self._live.take(events)
            if any(isinstance(event, RunStarted) for event in events):
                self._runs.refresh(self._locations)

    def _on_ended(self, outcome: ProcessOutcome) -> None:
        if self._live is not None:
            self._live.end(outcome)
        self._runs.refresh(self._locations)

    def _on_run_chosen(self, record: RunRecord) -> None:
        live = self._live.state.started if self._live is not None else None
        if self._live is not None and live is not None and live.run == record.run:
            self._shown = self._live
            self._stack.setCurrentWidget(self._live)
            return
        from ui.dashboard.run_state import read_events

        try:
            recipe = read_recipe(record.directory / "recipe.toml")
            events = read_events(record.directory / "events.jsonl")
        except (NutshellError, OSError) as error:
            QMessageBox.warning(self, "This run cannot be opened", f"{error}")
            return
        dashboard = self._new_dashboard()
        dashboard.repeat_requested.connect(lambda: self._edit(recipe))
        dashboard.continue_requested.connect(lambda: self.start_run(recipe))
        dashboard.take(events)
        if record.state is RunState.INTERRUPTED:
            dashboard.show_interrupted()

    def _make_menus(self) -> None:
        files = self.menuBar().addMenu("&File")
        self._add_action(files, "&New study", self._show_wizard, QKeySequence.StandardKey.New)
        self._add_action(files, "&Open recipe…", self._on_open, QKeySequence.StandardKey.Open)
        self._add_action(files, "&Save recipe…", self._on_save, QKeySequence.StandardKey.Save)
        files.addSeparator()
        self._add_action(files, "Choose the &runs folder…", self._on_runs_folder)
        files.addSeparator()
        self._add_action(files, "&Quit", self.close, QKeySequence.StandardKey.Quit)
        view = self.menuBar().addMenu("&View")
        group = QActionGroup(self)
        chosen = self._settings.value("theme", ThemeChoice.AUTO)
        for choice in ThemeChoice:
            action = self._add_action(view, f"Theme: {choice}", lambda choice=choice: self._on_theme(choice))
            action.setCheckable(True)
            action.setChecked(choice == chosen)
            group.addAction(action)
        about = self.menuBar().addMenu("&Help")
        self._add_action(
            about, "&Documentation", lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(DOCUMENTATION)))
        )
        self._add_action(about, "&About Nutshell", self._on_about)

    def _add_action(
        self, menu: object, text: str, slot: object, keys: QKeySequence.StandardKey | None = None
    ) -> QAction:
        action = QAction(text, self)
        action.triggered.connect(lambda *_: slot())  # type: ignore[operator]
        if keys is not None:
            action.setShortcut(keys)
        menu.addAction(action)  # type: ignore[attr-defined]
        return action

    def _on_open(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Open a recipe", "", "Recipes (*.toml)")
        if path:
            try:
                self._edit(read_recipe(Path(path)))
            except NutshellError as error:
                QMessageBox.warning(self, "This recipe cannot be used", str(error))

    def _on_save(self) -> None:
        recipe = self.wizard.recipe()
        path, _ = QFileDialog.getSaveFileName(self, "Save the recipe", f"{recipe.name}.toml", "Recipes (*.toml)")
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
        self.wizard.set_runs_directory(self._locations.root)
        self._runs.refresh(self._locations)

    def _on_theme(self, choice: ThemeChoice) -> None:
        self._settings.setValue("theme", str(choice))
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        apply_theme(application, choice)
        if self._shown is not None:
            self.statusBar().showMessage("Plots take the new colours when a run is opened next.", 6000)

    def _on_about(self) -> None:
        QMessageBox.about(
            self,
            "Nutshell",
            "<b>Nutshell</b><br>Compresses convolutional networks in a lab: train, prune, quantise, "
            "measure, and leave with .tflite files. MIT licence.",
        )
