"""The window: drafts and earlier runs at the left, the guide or a run at the right."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSettings, Qt, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QResizeEvent
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QMainWindow, QSplitter

from engine.contract.errors import NutshellError
from engine.contract.recipe import Recipe
from engine.contract.recipe_file import read_recipe, recipe_text
from engine.language.languages import Language
from engine.language.speech import mark, tr
from engine.preferences.entries.runs_folder import RunsFolder, chosen_runs_folder
from engine.preferences.entries.spoken_language import SpokenLanguage
from engine.preferences.entries.theme_choice import ColorTheme, ThemeChoice
from engine.preferences.entries.weights_folder import WeightsFolder
from engine.preferences.preference import Preference
from engine.preferences.preferences_file import change_preferences
from engine.store.draft_store import Draft, DraftStore
from engine.store.durable_file import write_durably
from engine.store.locations import Locations
from engine.store.run_history import RunRecord
from ui.dashboard.run_stack import RunStack
from ui.device_import import DeviceImport
from ui.dropped_thing import Thing, bench_paths, dropped_thing, source_of
from ui.menus import Menus
from ui.preferences.cache_upkeep import CacheUpkeep
from ui.preferences.preference_keeper import PreferenceKeeper
from ui.question import chosen_of, tell
from ui.run_notice import RunNotice
from ui.runs_list.run_actions import RunActions
from ui.runs_list.runs_list import RunsList
from ui.screen_fit import open_at, scrolling
from ui.start_page import StartPage
from ui.terminal.demo import demo_recipe
from ui.theme import apply_theme
from ui.window_language import chosen_language
from ui.wizard.study_wizard import StudyWizard
from ui.wording import in_window_words

if TYPE_CHECKING:
    from ui.bench.bench_page import BenchPage
    from ui.dashboard.dashboard import Dashboard
    from ui.dashboard.handed_run import HandedRun
    from ui.help_window import HelpWindow
    from workers.process_outcome import ProcessOutcome
    from workers.run_controller import RunController

SIDEBAR_WIDTH = 210
NARROW_PIXELS = 800
"""Below this width the list of runs is hidden; the View menu shows it."""
TOLD_MS = 20_000
SMALLEST = (480, 320)
USUAL = (1280, 760)
RUN_HOLDS_FOLDER = mark("A run is in progress. Wait for it, or cancel it, before changing the folder.")
RECIPES = mark("Recipes (*.toml)")
CLOSING_QUESTION = mark("A run is in progress. Whatever you choose, every finished stage is kept.")
CANCEL_AND_CLOSE, KEEP_RUNNING = mark("Cancel the run and close"), mark("Keep running without the window")


class MainWindow(QMainWindow):
    """Puts the sidebar, the start page, the guide and the runs together."""

    language_chosen = Signal(object)
    """The `Language` that the window is to speak."""

    def __init__(self, settings: QSettings, runs_directory: Path, before: MainWindow | None = None) -> None:
        """
        Args:
            before: a window that this one takes the place of, with its run in progress and all that it shows.
        """
        super().__init__()
        handed = before.give_away() if before else None
        self.setWindowTitle("Nutshell")
        self.setMinimumSize(*SMALLEST)
        open_at(self, *USUAL)
        self.setAcceptDrops(True)
        self._settings = settings
        self._locations = Locations(runs_directory)
        self.preferences = PreferenceKeeper(self)
        self._follows_folder = runs_directory == chosen_runs_folder(self.preferences.value(RunsFolder))
        self.cache_upkeep = CacheUpkeep(lambda: self._locations.root, self)
        self._help: HelpWindow | None = None
        self._bench: BenchPage | None = None
        self._is_narrow = False
        self._runs = RunsList()
        self._start = StartPage()
        self.wizard = StudyWizard(settings, runs_directory)
        self._stack = RunStack(scrolling(self._start), self.wizard, settings, runs_directory, handed)
        self._actions = RunActions(self, self._locations)
        self._notice = RunNotice(self)
        self._device_import = DeviceImport(self)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(self._runs)
        split.addWidget(self._stack)
        split.setSizes([SIDEBAR_WIDTH, 10 * SIDEBAR_WIDTH])
        split.setStretchFactor(1, 1)
        split.setCollapsible(1, False)
        self._split = split
        self.setCentralWidget(split)
        self._make_menus()
        self._connect()
        if before is not None:
            self._continue_from(before)
        if geometry := settings.value("window/geometry"):
            self.restoreGeometry(geometry)
        self._refresh_runs()

    @property
    def dashboard(self) -> Dashboard | None:
        """The run that is shown, or None while none is."""
        return self._stack.dashboard

    @property
    def controller(self) -> RunController:
        """Of the run in progress."""
        return self._stack.controller

    @property
    def runs_directory(self) -> Path:
        """Where runs are kept."""
        return self._locations.root

    def start_run(self, recipe: Recipe) -> None:
        """Run a recipe in an engine child and show it."""
        self._stack.start(recipe)

    def show_bench(self) -> BenchPage:
        """The test bench, made when it is wanted first."""
        if self._bench is None:
            from ui.bench.bench_page import BenchPage

            self._bench = BenchPage(self._settings, self._locations)
            self._bench_area = scrolling(self._bench)
            self._stack.addWidget(self._bench_area)
        self._stack.setCurrentWidget(self._bench_area)
        return self._bench

    def give_away(self) -> HandedRun | None:
        """Shut down, but for the run in progress, which is returned: another window takes this one's place."""
        handed = self._stack.give_away()
        self._shut_down()
        return handed

    def _continue_from(self, before: MainWindow) -> None:
        self.wizard.continue_from(before.wizard)
        self._show_runs.setChecked(before._show_runs.isChecked())
        self._stack.show_as(before._stack)
        if before._shows_bench():
            self.show_bench()

    def _shut_down(self) -> None:
        self._stack.shut_down()
        if self._bench is not None:
            self._bench.shut_down()
        if self._help is not None:
            self._help.shut_down()
        self._actions.shut_down()
        self._device_import.shut_down()
        self.wizard.shut_down()
        self._settings.setValue("window/geometry", self.saveGeometry())

    def apply_theme(self) -> None:
        """Give the whole application the chosen theme, the plots that are drawn already too."""
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        self._stack.set_theme(apply_theme(application, ThemeChoice(self.preferences.value(ColorTheme))))

    def use_runs_directory(self, directory: Path) -> None:
        """List the runs of another folder, and run there from now on; not while a run is in progress."""
        self._locations = self._actions.locations = Locations(directory)
        self._stack.runs_directory = directory
        self.wizard.set_runs_directory(directory)
        if self._bench is not None:
            self._bench.locations = self._locations
        self._refresh_runs()

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.controller.is_running() and not self._may_close():
            event.ignore()
            return
        self._shut_down()
        event.accept()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.width() < NARROW_PIXELS
        if narrow != self._is_narrow:
            self._is_narrow = narrow
            self._show_runs.setChecked(not narrow)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        # Runs may have been started, or have ended, in a terminal meanwhile.
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow():
            self.preferences.read_again()
            self._refresh_runs()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped_thing(event) is not None or bench_paths(event, self._shows_bench()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        if on_bench := bench_paths(event, self._shows_bench()):
            self.show_bench().take(on_bench)
            return
        dropped = dropped_thing(event)
        if dropped is None:
            return
        match dropped.thing:
            case Thing.RECIPE:
                self._open_recipe(dropped.path)
            case Thing.RUN:
                self._stack.open_directory(dropped.path)
            case Thing.DEVICE_RESULTS:
                shown = self.dashboard.state.directory if self.dashboard else None
                self._device_import.take(dropped.path, self._locations, shown)
            case Thing.MODEL:
                self.wizard.open_model(dropped.path)
                self._stack.show_wizard()
            case Thing.IMAGES:
                self.wizard.open_images(dropped.source, dropped.path)
                self._stack.show_wizard()

    def _connect(self) -> None:
        self.wizard.run_requested.connect(self.start_run)
        self.wizard.drafts_changed.connect(self._refresh_runs)
        self.wizard.help_requested.connect(self._on_help)
        self._start.images_chosen.connect(self._on_images_chosen)
        self._start.demo_requested.connect(lambda: self.start_run(demo_recipe()))
        self._start.bench_requested.connect(self.show_bench)
        self._stack.try_requested.connect(self._on_try)
        self._start.new_requested.connect(self._on_new)
        self._start.open_requested.connect(self._on_open)
        for listed in (self._start, self._runs):
            listed.run_chosen.connect(self._stack.open)
            listed.draft_chosen.connect(self._on_draft_chosen)
        self._runs.new_requested.connect(self._on_new)
        self._runs.live_requested.connect(self._stack.show_live)
        self._runs.notes_requested.connect(self._actions.write_notes)
        self._runs.folder_requested.connect(self._actions.open_folder)
        self._runs.report_requested.connect(self._actions.write_report)
        self._runs.recipe_requested.connect(self._actions.show_recipe)
        self._runs.duplicate_requested.connect(self._on_duplicate)
        self._runs.verify_requested.connect(self._actions.verify)
        self._runs.delete_requested.connect(self._actions.delete)
        self._runs.compare_requested.connect(self._actions.compare)
        self._actions.comparison_chosen.connect(self._stack.compare)
        self._actions.changed.connect(self._refresh_runs)
        self._actions.removed.connect(self._on_removed)
        self._stack.edit_requested.connect(self._edit)
        self._device_import.imported.connect(self._stack.show_devices)
        self.controller.ended.connect(self._on_run_ended)
        self._stack.progressed.connect(self._notice.show_progress)
        self._notice.activated.connect(self._on_noticed)
        self._stack.history_changed.connect(self._refresh_runs)
        self._stack.shown_run_changed.connect(self._mark_shown_run)
        self.preferences.changed.connect(self._on_preference)
        self.cache_upkeep.freed.connect(lambda sentence: self.statusBar().showMessage(sentence, TOLD_MS))
        self.statusBar().messageChanged.connect(lambda text: self.statusBar().setVisible(bool(text)))
        self.statusBar().hide()
        self.preferences.hold(RunsFolder, lambda: RUN_HOLDS_FOLDER if self.controller.is_running() else "")

    def _shows_bench(self) -> bool:
        return self._bench is not None and self._bench.isVisible()

    def _on_try(self, model: Path) -> None:
        titles = (record.title for record in self._runs.records if model.is_relative_to(record.directory))
        self.show_bench().add_files([model], next(titles, ""))

    def _may_close(self) -> bool:
        """Whether to cancel the run and close; else the window stays, or goes until the run has ended."""
        ways = (tr(CANCEL_AND_CLOSE), tr(KEEP_RUNNING))
        chosen = chosen_of(self, tr("Close Nutshell"), tr(CLOSING_QUESTION), ways, tr("Stay here"))
        if chosen == tr(KEEP_RUNNING) and self.controller.is_running():
            # A paused run would never end, and the user would not see it.
            self.controller.resume()
            self._notice.stay_in_tray()
            self.hide()
            return False
        # It may have ended while the question stood: then nothing is left to wait for.
        return chosen in ways

    def _on_run_ended(self, outcome: ProcessOutcome) -> None:
        self._notice.tell(self._stack.live_name, outcome)
        self.cache_upkeep.start()
        if self.isHidden():
            self.close()
            QApplication.quit()

    def _on_noticed(self) -> None:
        self._notice.hide()
        self.showNormal()
        self.raise_()
        self.activateWindow()

    def _edit(self, recipe: Recipe) -> None:
        self.wizard.set_recipe(recipe)
        self._stack.show_wizard()

    def _on_new(self) -> None:
        self.wizard.new_study()
        self._stack.show_wizard()
        self._mark_shown_run()

    def _on_images_chosen(self, folder: Path) -> None:
        self.wizard.open_images(source_of(folder) or "image_folder", folder)
        self._stack.show_wizard()

    def _on_draft_chosen(self, draft: Draft) -> None:
        try:
            self.wizard.open_draft(draft.draft)
        except NutshellError as error:
            tell(self, tr("This draft cannot be opened"), in_window_words(str(error)))
        self._stack.show_wizard()

    def _on_duplicate(self, record: RunRecord) -> None:
        self._open_recipe(record.directory / "recipe.toml")

    def _on_removed(self, removed: str) -> None:
        self._stack.forget(removed)
        self.wizard.forget_draft(removed)

    def _refresh_runs(self) -> None:
        self._runs.refresh(self._locations, self._stack.live_run, self._stack.held_runs)
        self._stack.show_titles({record.run: record.title for record in self._runs.records})
        drafts = DraftStore(self._locations).list()
        self._start.show_recent(drafts[0] if drafts else None, self._runs.records)
        self._mark_shown_run()

    def _mark_shown_run(self) -> None:
        wizard = self._stack.currentWidget() is self.wizard
        self._runs.choose((self.wizard.draft or None) if wizard else self._stack.shown_run)
        self._runs.offer_live(self._stack.live_is_hidden)

    def _make_menus(self) -> None:
        wizard = self.wizard
        menus = Menus(self.menuBar(), wizard.undo_action, wizard.redo_action)
        self._show_runs = menus.show_runs
        self._show_runs.toggled.connect(self._runs.setVisible)
        menus.new_requested.connect(self._on_new)
        menus.open_requested.connect(self._on_open)
        menus.save_requested.connect(self._on_save)
        menus.start_requested.connect(self._stack.show_start)
        menus.bench_requested.connect(self.show_bench)
        menus.preferences_requested.connect(self._on_preferences)
        menus.language_requested.connect(self._on_language)
        menus.quit_requested.connect(self.close)
        menus.help_requested.connect(self._on_help)
        menus.doctor_requested.connect(self._on_doctor)
        menus.about_requested.connect(self._on_about)

    def _on_open(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, tr("Open a recipe"), "", tr(RECIPES))
        if path:
            self._open_recipe(Path(path))

    def _open_recipe(self, path: Path) -> None:
        try:
            self._edit(read_recipe(path))
        except NutshellError as error:
            tell(self, tr("This recipe cannot be used"), in_window_words(str(error)))

    def _on_save(self) -> None:
        recipe = self.wizard.recipe()
        if refusal := self.wizard.refusal:
            tell(self, tr("Not saved"), tr("What is typed in the wizard is no recipe yet. {refusal}", refusal=refusal))
            return
        path, _ = QFileDialog.getSaveFileName(self, tr("Save the recipe"), f"{recipe.name}.toml", tr(RECIPES))
        if path:
            try:
                write_durably(Path(path), recipe_text(recipe))
            except OSError as error:
                tell(
                    self,
                    tr("Not saved"),
                    tr("{path} cannot be written ({strerror}).", path=path, strerror=error.strerror),
                )

    def _on_preferences(self) -> None:
        from ui.preferences.preferences_dialog import PreferencesDialog

        dialog = PreferencesDialog(self.preferences, self._locations.root, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _on_language(self, language: Language) -> None:
        try:
            self.preferences.take(change_preferences({SpokenLanguage: language.code}))
        except NutshellError as error:
            tell(self, tr("Language"), in_window_words(str(error)))

    def _on_preference(self, preference: type[Preference]) -> None:
        """What the window itself does with a preference; who runs something reads the others when it starts."""
        if preference is ColorTheme:
            self.apply_theme()
        elif preference is RunsFolder:
            chooses_here = self.findChild(QDialog, "preferences") is not None
            # One that was started with a folder of its own, or runs something in it, stays there.
            if (self._follows_folder or chooses_here) and not self.controller.is_running():
                self.use_runs_directory(chosen_runs_folder(self.preferences.value(RunsFolder)))
                self._follows_folder = True
        elif preference is SpokenLanguage:
            self.language_chosen.emit(chosen_language(self.preferences.value(SpokenLanguage)))
        elif preference is WeightsFolder:
            self.wizard.refresh()

    def _on_doctor(self) -> None:
        from engine.doctor.usual_folders import usual_folders
        from ui.doctor_dialog import DoctorDialog

        weights = self.preferences.value(WeightsFolder)
        folders = usual_folders(self._locations.root, Path(self._settings.fileName()).parent, weights)
        dialog = DoctorDialog(folders, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _on_about(self) -> None:
        from ui.about.about_dialog import AboutDialog

        # Not modal: its links open the help beside it.
        dialog = self.findChild(AboutDialog) or AboutDialog(self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.page_requested.connect(self._on_page, Qt.ConnectionType.UniqueConnection)
        dialog.show()
        dialog.raise_()
        dialog.activateWindow()

    def _on_page(self, name: str) -> None:
        self._help_window().show_topic(name)

    def _on_help(self) -> None:
        """Open the page of the docs that fits what is shown."""
        shown = self._stack.currentWidget()
        topic = "run" if self.dashboard else self.wizard.current_page.guide if shown is self.wizard else "start"
        topic = "bench" if self._shows_bench() else "compare" if self._stack.shows_comparison else topic
        self._help_window().show_topic(topic)

    def _help_window(self) -> HelpWindow:
        from ui.help_window import HelpWindow

        if self._help is None:
            self._help = HelpWindow(self)
        return self._help
