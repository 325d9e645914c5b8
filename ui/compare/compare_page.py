"""Variants of several runs beside each other: table, plot, recipes, and a test of any two."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSettings, QSignalBlocker, Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from engine.comparison.compared_run import ComparedRun
from engine.comparison.comparison import Comparison, compared
from engine.comparison.comparison_csv import comparison_csv
from engine.comparison.run_selection import Picked, open_runs, picked_variants
from engine.contract.progress import Progress
from engine.language.speech import mark, tr
from engine.store.durable_file import write_durably
from ui.compare.comparison_plot import ComparisonPlot
from ui.compare.comparison_table import ComparisonTable
from ui.compare.pair_test import PairTest
from ui.compare.recipe_differences_table import RecipeDifferencesTable
from ui.compare.variants_tree import VariantsTree
from ui.flow_layout import FlowLayout
from ui.form.calm_fields import CalmComboBox
from ui.message_bar import MessageBar
from ui.screen_fit import scrolling
from ui.side_by_side import SideBySide
from ui.theme import Theme
from ui.wording import in_window_words
from workers.latest_call import LatestCall

READING = mark("Reading the runs…")
NOTHING = mark("Tick the variants to compare.")
TIMING = mark("All files are being timed in turn; this takes a few seconds per file.")
WARNINGS_HEIGHT = 120
TREE_WIDTH = 210


class ComparePage(QWidget):
    """Reads, compares and times beside the event loop."""

    def __init__(self, settings: QSettings | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("compare")
        self.comparison: Comparison | None = None
        """What is shown; None: nothing yet."""
        self._runs: tuple[ComparedRun, ...] = ()
        self._title = QLabel(objectName="compare.title", wordWrap=True)
        self._title.setTextFormat(Qt.TextFormat.PlainText)
        self._title.setProperty("role", "title")
        self._variants = VariantsTree()
        self._baseline = CalmComboBox(objectName="compare.baseline", accessibleName=tr("Baseline"))
        self._baseline.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self._means = QCheckBox(tr("&Means of repetitions"), objectName="compare.means")
        self._means.setToolTip(tr("One row per chain that a run repeats with several seeds or folds"))
        self._warnings = QLabel(objectName="compare.warnings", wordWrap=True)
        self._warnings.setTextFormat(Qt.TextFormat.PlainText)
        self._warnings.setProperty("role", "warning")
        self._warnings.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._message = MessageBar("compare.message")
        self.table = ComparisonTable(settings)
        self.plot = ComparisonPlot()
        self.recipes = RecipeDifferencesTable()
        self.pair = PairTest()
        self.tabs = QTabWidget(objectName="compare.tabs")
        for widget, title in (
            (self.table, tr("Table")),
            (self.plot, tr("Plot")),
            (self.recipes, tr("Recipes")),
            (self.pair, tr("Two files")),
        ):
            self.tabs.addTab(widget, title)
        self._columns = QPushButton(tr("C&olumns"), objectName="compare.columns")
        self._columns.setMenu(self.table.columns_menu)
        self._csv = QPushButton(tr("E&xport CSV…"), objectName="compare.csv")
        self._csv.setToolTip(tr("All figures of these variants; the plot's own menu saves it as a picture"))
        self._time = QPushButton(tr("T&ime in turn"), objectName="compare.time")
        self._time.setToolTip(tr("Time all of these files in turn, on this computer, now"))
        self._lay_out()
        self._reading = LatestCall("compare-runs", self)
        self._reading.succeeded.connect(self._on_read)
        self._reading.failed.connect(self._on_failed)
        self._comparing = LatestCall("compare", self)
        self._comparing.succeeded.connect(self._on_compared)
        self._comparing.failed.connect(self._on_failed)
        self._variants.changed.connect(self._request)
        self._means.toggled.connect(lambda *_: self._variants.show_runs(self._runs, self._means.isChecked()))
        self._baseline.currentIndexChanged.connect(self._request)
        self._csv.clicked.connect(self._on_csv)
        self._time.clicked.connect(self._on_time)
        self.plot.chosen.connect(self._on_chosen)
        self._show(None)

    def compare(self, runs: Sequence[Path], runs_directory: Path) -> None:
        """Read these runs, by their folders, and show them."""
        self._runs = ()
        self._show(None)
        self._title.setText("")
        self._variants.clear()
        self._comparing.call_off()
        self._message.say(tr(READING), "hint")
        folders = tuple(runs)
        self._reading.request(lambda _: open_runs(folders, runs_directory))

    def set_theme(self, theme: Theme) -> None:
        self.plot.set_theme(theme)

    def shut_down(self) -> None:
        """End its threads."""
        for call in (self._reading, self._comparing, self.plot):
            call.shut_down()

    def _lay_out(self) -> None:
        choices = QWidget()
        line = FlowLayout(choices)
        against = QWidget()
        row = QHBoxLayout(against)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(QLabel(tr("Baseline")))
        row.addWidget(self._baseline)
        for widget in (against, self._means, self._columns, self._csv, self._time):
            line.addWidget(widget)
        notes = scrolling(self._warnings)
        notes.setMaximumHeight(WARNINGS_HEIGHT)
        self._notes = notes
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(choices)
        column.addWidget(self.tabs, 1)
        layout = QVBoxLayout(self)
        layout.addWidget(self._title)
        layout.addWidget(self._message)
        layout.addWidget(notes)
        layout.addWidget(SideBySide(self._variants, right, TREE_WIDTH), 1)

    def _on_read(self, runs: tuple[ComparedRun, ...]) -> None:
        self._runs = runs
        self._title.setText(tr("Comparing {names}", names=", ".join(run.title for run in runs)))
        with QSignalBlocker(self._means):
            self._means.setChecked(False)
        self._means.setVisible(any(run.is_repeated for run in runs))
        self._variants.show_runs(runs, means=False)

    def _request(self, *_: object) -> None:
        picked, runs, means = self._variants.picked, self._runs, self._means.isChecked()
        if not picked:
            self._comparing.call_off()
            self._show(None)
            self._message.say(tr(NOTHING) if runs else "", "hint")
            return
        wanted = self._baseline.currentText()
        self._comparing.request(lambda progress: _compared(runs, picked, means, wanted, progress))

    def _on_compared(self, comparison: Comparison) -> None:
        self._message.say("")
        self._show(comparison)

    def _on_failed(self, sentence: str) -> None:
        self._message.say(sentence)
        self._time.setEnabled(self.comparison is not None)

    def _show(self, comparison: Comparison | None) -> None:
        self.comparison = comparison
        if comparison is not None:
            with QSignalBlocker(self._baseline):
                self._baseline.clear()
                self._baseline.addItems([row.name for row in comparison.rows])
                self._baseline.setCurrentText(comparison.baseline.name)
        warnings = comparison.warnings if comparison else ()
        self._warnings.setText("\n".join(map(in_window_words, warnings)))
        self._notes.setVisible(bool(warnings))
        for part in (self.table, self.plot, self.recipes, self.pair):
            part.show_comparison(comparison)
        for button in (self._csv, self._time):
            button.setEnabled(comparison is not None)

    def _on_chosen(self, name: str) -> None:
        self.tabs.setCurrentWidget(self.table)
        self.table.choose_row(name)
        self.table.setFocus()

    def _on_time(self) -> None:
        if (comparison := self.comparison) is not None:
            self._time.setEnabled(False)
            self._message.say(tr(TIMING), "hint")
            self._comparing.request(comparison.timed_in_turn)

    def _on_csv(self) -> None:
        if self.comparison is None:
            return
        path, _ = QFileDialog.getSaveFileName(self, tr("Export the table"), "comparison.csv", tr("CSV (*.csv)"))
        if not path:
            return
        target = Path(path) if Path(path).suffix else Path(path).with_suffix(".csv")
        try:
            write_durably(target, comparison_csv(self.comparison))
        except OSError as error:
            self._message.say(
                tr(
                    "Not saved: {path}: {reason}. Choose another place and try again.",
                    path=target,
                    reason=error.strerror or error,
                )
            )
        else:
            self._message.say(tr("Exported to {path}.", path=target), "good")


def _compared(
    runs: tuple[ComparedRun, ...], picked: tuple[Picked, ...], means: bool, wanted: str, progress: Progress
) -> Comparison:
    """Against the baseline that is wanted, if it is picked; else the first."""
    progress.raise_if_cancelled()
    variants = picked_variants(runs, picked, means)
    progress.raise_if_cancelled()
    comparison = compared(variants, wanted if wanted in {one.name for one in variants} else "")
    # Found here, and not when the window asks for them.
    _ = comparison.warnings, comparison.differences
    return comparison
