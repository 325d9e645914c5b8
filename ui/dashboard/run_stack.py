"""The window's right side: the start page, the guide, the run in progress, and an earlier run that is read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSettings, QTimer, Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from engine.contract.errors import DataError, NutshellError
from engine.contract.events import CommandName, EngineEvent, Notice, RunStarted
from engine.contract.recipe import Recipe
from engine.contract.recipe_file import parse_recipe
from engine.language.speech import mark, tr
from engine.store.locations import Locations
from engine.store.run_commands import ask
from engine.store.run_format import bring_run_up_to_date
from engine.store.run_hashes import is_damaged
from engine.store.run_history import RunRecord, RunState, list_runs
from engine.store.run_notes import read_notes
from ui.dashboard.handed_run import HandedRun, ToldEvents
from ui.question import tell
from ui.screen_fit import scrolling
from ui.theme import Theme
from workers.process_outcome import ProcessOutcome
from workers.run_controller import RunController

if TYPE_CHECKING:
    from engine.store.event_log import EventLog
    from ui.compare.compare_page import ComparePage
    from ui.dashboard.dashboard import Dashboard

FOLLOW_MS = 500
LONGEST_NAME = 80
BUSY = mark("A run is in progress. Wait for it, or cancel it, before starting another.")


class RunStack(QStackedWidget):
    """One run at a time; the wizard stays as it is while a run is in progress."""

    edit_requested = Signal(object)
    """A `Recipe` to take into the wizard."""
    history_changed = Signal()
    """A run has started or ended, was paused or resumed."""
    shown_run_changed = Signal()
    try_requested = Signal(object)
    """The `Path` of a model that is wanted on the test bench."""
    progressed = Signal(int)
    """How much of the run in progress here is done, in per cent; when it changes."""

    def __init__(
        self,
        start: QWidget,
        wizard: QWidget,
        settings: QSettings,
        runs_directory: Path,
        handed: HandedRun | None = None,
        parent: QWidget | None = None,
    ) -> None:
        """
        Args:
            handed: a run in progress that another window gives away.
        """
        super().__init__(parent)
        self._settings = settings
        self._per_cent = 0
        self._live_recipe: Recipe | None = None
        self._was_held: dict[str, str] = {}
        self.runs_directory = runs_directory
        self.controller = handed.controller if handed else RunController(self)
        self.controller.setParent(self)
        self._told = ToldEvents()
        self._is_given_away = False
        self._start = start
        self._wizard = wizard
        self._live: Dashboard | None = None
        """Of the last run that was started here."""
        self._read: Dashboard | None = None
        """Of the earlier run that was opened last."""
        self._read_run = ""
        """Its id."""
        self._read_record: RunRecord | None = None
        self._compare: ComparePage | None = None
        self._compared: Sequence[Path] = ()
        self._followed: EventLog | None = None
        self._follow_timer = QTimer(self, interval=FOLLOW_MS)
        self._follow_timer.timeout.connect(self._on_follow)
        self.addWidget(start)
        self.addWidget(wizard)
        self.controller.events.connect(self._on_events)
        self.controller.ended.connect(self._on_ended)
        self.currentChanged.connect(self.shown_run_changed)
        if handed:
            self._take_over(handed)

    @property
    def dashboard(self) -> Dashboard | None:
        """The run that is shown, or None while the wizard is."""
        shown = self.currentWidget()
        return next((board for board in (self._live, self._read) if board is not None and board is shown), None)

    @property
    def shown_run(self) -> str | None:
        """The id of the run that is shown."""
        if self.dashboard is None:
            return None
        started = self.dashboard.state.started
        return started.run if started else self._read_run if self.dashboard is self._read else None

    @property
    def live_name(self) -> str:
        """Of the run that was started last."""
        return self._live.state.started.name if self._live is not None and self._live.state.started else ""

    @property
    def live_run(self) -> str | None:
        """The id of the run in progress here."""
        started = self._live.state.started if self._live is not None and self.controller.is_running() else None
        return started.run if started else None

    @property
    def held_runs(self) -> dict[str, str]:
        """The ids of the runs in progress that are held, or about to be, as far as they are followed here → how."""
        states = [board.state for board in (self._live, self._read) if board is not None]
        return {
            state.started.run: tr("paused") if state.paused else tr("pausing…")
            for state in states
            if state.started and (state.paused or state.pausing)
        }

    @property
    def live_is_hidden(self) -> bool:
        """Whether a run is in progress that is not shown."""
        return self.controller.is_running() and self.dashboard is not self._live

    def show_start(self) -> None:
        self.setCurrentWidget(self._start)

    def show_wizard(self) -> None:
        self.setCurrentWidget(self._wizard)

    def show_live(self) -> None:
        """Back to the run that was started last."""
        if self._live is not None:
            self.setCurrentWidget(self._live)

    def show_as(self, other: RunStack) -> None:
        """Show what another window shows: the wizard, a run, a comparison, the same tab."""
        if other.shows_comparison:
            self.compare_folders(other._compared)
        elif other.currentWidget() is other._wizard:
            self.show_wizard()
        elif (board := other.dashboard) is not None:
            if self.dashboard is None and board is other._read and other._read_record is not None:
                self.open(other._read_record)
            elif self.dashboard is None and board.state.directory is not None:
                self.open_directory(board.state.directory)
            if self.dashboard is not None:
                self.dashboard.tabs.setCurrentIndex(board.tabs.currentIndex())

    def start(self, recipe: Recipe, resumed_run: str = "") -> None:
        """Run a recipe in an engine child and show it; says so where a run is in progress already.

        Args:
            resumed_run: the id of an earlier run of it to resume; empty: a new one.
        """
        if self.controller.is_running():
            tell(self, tr("A run is in progress"), tr(BUSY))
            return
        self._told = ToldEvents()
        self.setCurrentWidget(self._show_live(recipe, recipe.name))
        self.controller.start(recipe, self.runs_directory, resumed_run)

    def give_away(self) -> HandedRun | None:
        """The run in progress, for another window; this one hears of it no more. None: there is none."""
        live = self._live
        recipe = self._live_recipe
        if live is None or recipe is None or not self.controller.is_running():
            return None
        self._is_given_away = True
        self.controller.events.disconnect(self._on_events)
        self.controller.ended.disconnect(self._on_ended)
        self.controller.setParent(None)
        is_shown = self.dashboard is live
        return HandedRun(self.controller, recipe, live.header.name, self._told, live.state.pausing, is_shown)

    def _take_over(self, handed: HandedRun) -> None:
        board = self._show_live(handed.recipe, handed.name)
        self._told = handed.told
        board.take(handed.told.events)
        if handed.is_pausing:
            board.wait_for_pause(True)
        if handed.is_shown:
            self.setCurrentWidget(board)

    def _show_live(self, recipe: Recipe, name: str) -> Dashboard:
        self._drop(self._live)
        self._live_recipe = recipe
        self._live = board = self._new_dashboard(recipe, live=True)
        board.pause_requested.connect(self.controller.pause)
        board.resume_requested.connect(self.controller.resume)
        board.stop_requested.connect(self.controller.stop_stage)
        board.cancel_requested.connect(self.controller.cancel)
        board.begin(name)
        return board

    def open(self, record: RunRecord) -> None:
        """Show an earlier run from its event log; one in progress elsewhere is followed."""
        if record.run == self.shown_run:
            return
        if self._live is not None and self._live.state.started and self._live.state.started.run == record.run:
            self.show_live()
            return
        from engine.store.event_log import EventLog

        log = EventLog(record.directory / "events.jsonl")
        elsewhere = record.state is RunState.RUNNING
        try:
            untold = "" if elsewhere else bring_run_up_to_date(record.directory)
            events = log.read_new()
            file = record.directory / "recipe.toml"
            if is_damaged(record.directory, file):
                raise DataError(tr("The recipe of this run, {file}, is damaged.", file=file))
            recipe = parse_recipe(file.read_text(encoding="utf-8"), tr("this run's recipe"))
        except (NutshellError, OSError) as error:
            tell(self, tr("This run cannot be opened"), _reason(error, record))
            return
        self._drop(self._read)
        self._read = board = self._new_dashboard(recipe, record.directory, record.run)
        self._read_record = record
        board.header.name = record.title
        board.take([*events, *_warning(untold, events)])
        if elsewhere:
            self._connect_elsewhere(board, record.directory)
        board.show_read(elsewhere)
        self._followed = log if elsewhere else None
        self._follow_timer.start() if elsewhere else self._follow_timer.stop()
        self.setCurrentWidget(board)

    def _connect_elsewhere(self, board: Dashboard, directory: Path) -> None:
        """The buttons of a run that another window or a terminal has started ask its engine through its folder."""

        def asking(command: CommandName) -> None:
            try:
                ask(directory, command)
            except OSError as error:
                board.wait_for_pause(False)
                self._tell_of_pauses()
                tell(
                    self,
                    tr("The command did not reach the run"),
                    tr("{directory} cannot be written ({strerror}).", directory=directory, strerror=error.strerror),
                )

        board.pause_requested.connect(lambda: asking("pause"))
        board.resume_requested.connect(lambda: asking("resume"))
        board.stop_requested.connect(lambda: asking("stop"))
        board.cancel_requested.connect(lambda: asking("cancel"))

    def open_directory(self, directory: Path) -> None:
        """Show a run that lies anywhere, such as one of another machine."""
        state = RunState.INTERRUPTED
        self.open(RunRecord(directory.name, directory.name, 0.0, state, directory, "", None, 0, read_notes(directory)))

    def show_devices(self, directory: Path) -> None:
        """Show a run with what other devices measured."""
        if self.dashboard is None or self.dashboard.state.directory != directory:
            self.open_directory(directory)
        if self.dashboard is not None:
            self.dashboard.load_devices(to_front=True)

    def compare(self, records: Sequence[RunRecord]) -> None:
        """Show variants of these runs beside each other."""
        self.compare_folders([record.directory for record in records])

    def compare_folders(self, folders: Sequence[Path]) -> ComparePage:
        """The same of runs that lie anywhere; the page is made when it is wanted first."""
        if self._compare is None:
            from ui.compare.compare_page import ComparePage

            self._compare = ComparePage(self._settings)
            self._compare_area = scrolling(self._compare)
            self.addWidget(self._compare_area)
        self._compared = tuple(folders)
        self._compare.compare(folders, self.runs_directory)
        self.setCurrentWidget(self._compare_area)
        return self._compare

    @property
    def shows_comparison(self) -> bool:
        return self._compare is not None and self._compare.isVisible()

    def forget(self, run: str) -> None:
        """A run was deleted: it is shown no more."""
        if self._read is not None and self._read_run == run:
            self._follow_timer.stop()
            self._drop(self._read)
            self._read = None
            self.show_start()

    def show_titles(self, titles: dict[str, str]) -> None:
        """What the user calls the runs: id → title."""
        for board in (self._live, self._read):
            started = board.state.started if board is not None else None
            if board is not None and started is not None and started.run in titles:
                board.show_title(titles[started.run])

    def set_theme(self, theme: Theme) -> None:
        if self._compare is not None:
            self._compare.set_theme(theme)
        for board in (self._live, self._read):
            if board is not None:
                board.set_theme(theme)

    def shut_down(self) -> None:
        """End a run in progress, and its thread."""
        self._follow_timer.stop()
        if not self._is_given_away:
            self.controller.shut_down()
        if self._compare is not None:
            self._compare.shut_down()
        for board in (self._live, self._read):
            if board is not None:
                board.shut_down()

    def _new_dashboard(
        self, recipe: Recipe, directory: Path | None = None, run: str = "", live: bool = False
    ) -> Dashboard:
        # Imported here: pyqtgraph takes most of a second, and the wizard needs none of it.
        from ui.dashboard.dashboard import Dashboard

        board = Dashboard(directory, self._settings)
        if not live:
            self._read_run = run
        board.duplicate_requested.connect(lambda: self.edit_requested.emit(_named(recipe, board.header.name)))
        board.resume_run_requested.connect(lambda: self.start(recipe, self._resumable(board, run)))
        board.try_requested.connect(self.try_requested)
        for asked in (board.pause_requested, board.resume_requested):
            asked.connect(self._tell_of_pauses)
        self.addWidget(board)
        return board

    def _resumable(self, board: Dashboard, run: str) -> str:
        """The run of a dashboard, where it lies in this runs folder; empty: a new run is started."""
        started = board.state.started
        run = run or (started.run if started else "")
        return run if (self.runs_directory / "runs" / run).is_dir() else ""

    def _drop(self, board: Dashboard | None) -> None:
        if board is not None:
            board.shut_down()
            self.removeWidget(board)
            board.deleteLater()

    def _on_events(self, events: list[EngineEvent]) -> None:
        if self._live is not None:
            self._told.add(events)
            self._live.take(events)
            per_cent = int(100 * self._live.state.done_fraction)
            if per_cent != self._per_cent:
                self._per_cent = per_cent
                self.progressed.emit(per_cent)
            if any(isinstance(event, RunStarted) for event in events):
                self.history_changed.emit()
            self._tell_of_pauses()

    def _tell_of_pauses(self) -> None:
        if self.held_runs != self._was_held:
            self._was_held = self.held_runs
            self.history_changed.emit()

    def _on_ended(self, outcome: ProcessOutcome) -> None:
        if self._live is not None:
            self._live.end(outcome)
        self.history_changed.emit()

    def _is_alive(self, run: str) -> bool:
        """Whether some process still works on the run."""
        records = list_runs(Locations(self.runs_directory))
        return any(record.run == run and record.state is RunState.RUNNING for record in records)

    def _on_follow(self) -> None:
        if self._followed is None or self._read is None:
            return
        try:
            self._read.take(self._followed.read_new())
            self._tell_of_pauses()
        except OSError:
            self._follow_timer.stop()
        if self._read.state.closed or not self._is_alive(self._read_run):
            self._follow_timer.stop()
            self._read.show_read()
            self.history_changed.emit()


def _named(recipe: Recipe, name: str) -> Recipe:
    """With the name that the user has given its run, where there is one that a study may have."""
    return recipe.model_copy(update={"name": name[:LONGEST_NAME]}) if name else recipe


def _warning(message: str, events: Sequence[EngineEvent]) -> list[EngineEvent]:
    """As told by the last of the events; none where the message is empty."""
    at = {"time": events[-1].time} if events else {}
    return [Notice(severity="warning", message=message, **at)] if message else []


def _reason(error: Exception, record: RunRecord) -> str:
    if isinstance(error, OSError):
        return tr(
            "{filename} cannot be read ({strerror}); its folder {directory} may have been moved.",
            filename=error.filename,
            strerror=error.strerror,
            directory=record.directory,
        )
    return str(error)
