"""The wizard: from images to a recipe that runs."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError
from PySide6.QtCore import QSettings, Signal
from PySide6.QtGui import QAction, QHideEvent, QKeySequence, QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from engine.contract.backbone_settings import BackboneSettings
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.errors import NutshellError
from engine.contract.findings import Finding
from engine.contract.image_settings import DwtSettings, ImageSettings
from engine.contract.recipe import ChainSettings, Recipe
from engine.contract.recipe_file import parse_recipe, recipe_text
from engine.contract.training_settings import TrainingSettings
from ui.message_bar import MessageBar
from ui.wizard.dataset_page import DatasetPage
from ui.wizard.draft_page import DraftPage
from ui.wizard.recipe_draft import RecipeDraft
from ui.wizard.remembered_keys import LAST_RECIPE
from ui.wizard.step_row import StepRow

TITLES = ("Images", "Image compression", "Network", "Chains", "Review")
PAGES = len(TITLES)
PAGE_OF_SECTION = {"dataset": 0, "images": 1, "backbone": 2, "training": 2, "chains": 3}
MARGIN = 9


class StudyWizard(QWidget):
    """Five pages over one draft; remembers the last recipe."""

    run_requested = Signal(object)
    """The `Recipe` to run."""
    draft_changed = Signal()
    """The recipe is another."""

    def __init__(self, settings: QSettings, runs_directory: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("wizard")
        self._settings = settings
        self._runs_directory = runs_directory
        self._draft = RecipeDraft(_remembered(settings), self)
        self._pages: list[DraftPage] = []
        """Those that were made; the wizard comes to none before."""
        self._number = 0
        self.undo_action = self._action("&Undo", self._draft.undo, [QKeySequence("Ctrl+Z")])
        self.redo_action = self._action(
            "&Redo", self._draft.redo, [QKeySequence("Ctrl+Shift+Z"), QKeySequence("Ctrl+Y")]
        )
        self._row = StepRow(TITLES)
        self._what_to_do = QLabel(objectName="wizard.what_to_do", wordWrap=True)
        self._what_to_do.setProperty("role", "hint")
        self._stack = QStackedWidget()
        self._waits = MessageBar("wizard.waits")
        self._back = QPushButton("&Back", objectName="wizard.back")
        self._next = QPushButton("&Next", objectName="wizard.next")
        self._run = QPushButton("&Run", objectName="wizard.run")
        self._lay_out()
        self._row.chosen.connect(self.go_to)
        self._back.clicked.connect(self.back)
        self._next.clicked.connect(self.next)
        self._run.clicked.connect(self._on_run)
        self._draft.changed.connect(self._on_draft_changed)
        self._add(DatasetPage(self._draft, runs_directory))
        self._enter(0)

    def recipe(self) -> Recipe:
        """What the pages say now."""
        return self._draft.recipe

    @property
    def page_number(self) -> int:
        """Of the current page, counted from 0."""
        return self._number

    @property
    def current_page(self) -> DraftPage:
        return self._pages[self._number]

    @property
    def pages(self) -> tuple[DraftPage, ...]:
        """Those that were made."""
        return tuple(self._pages)

    def next(self) -> None:
        """Go on to the next page, where this one is complete."""
        self.go_to(self._number + 1)

    def back(self) -> None:
        """Go back to the page before."""
        self.go_to(self._number - 1)

    def go_to(self, number: int) -> None:
        """Open a page, or the first one before it that waits for something."""
        number = min(max(number, 0), PAGES - 1)
        for before in range(self._number, number):
            self._make_pages(before)
            if self._pages[before].waits_for():
                number = before
                break
        self._make_pages(number)
        if number != self._number:
            self.current_page.leave()
            self._enter(number)

    def make_next_page(self) -> bool:
        """Make one of the pages that are still missing, ahead of its time; whether any is missing then."""
        self._make_pages(min(len(self._pages), PAGES - 1))
        return len(self._pages) < PAGES

    def set_recipe(self, recipe: Recipe) -> None:
        """Fill all pages, and begin at the first."""
        self._draft.replace(recipe)
        self.go_to(0)

    def set_runs_directory(self, path: Path) -> None:
        """Where the next run will be kept."""
        self._runs_directory = path
        for page in self._pages:
            page.set_runs_directory(path)

    def refresh(self) -> None:
        """Show the current page anew, since a preference changed."""
        self.current_page.show_draft()

    def shut_down(self) -> None:
        """Keep the recipe for the next start, and end the scan and preview threads."""
        self._remember()
        for page in self._pages:
            page.shut_down()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show_undo()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._show_undo()

    def _action(self, text: str, slot: Callable[[], None], keys: list[QKeySequence]) -> QAction:
        action = QAction(text, self)
        action.setShortcuts(keys)
        action.triggered.connect(lambda *_: slot())
        self.addAction(action)
        return action

    def _lay_out(self) -> None:
        foot = QHBoxLayout()
        foot.addWidget(self._waits, 1)
        foot.addStretch()
        for button in (self._back, self._next, self._run):
            foot.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        layout.addWidget(self._row)
        layout.addWidget(self._what_to_do)
        layout.addWidget(self._stack, 1)
        layout.addLayout(foot)

    def _make_pages(self, up_to: int) -> None:
        """Make the pages that are still missing, up to that one counted from 0."""
        while len(self._pages) <= up_to:
            from ui.wizard.later_pages import later_page

            self._add(later_page(len(self._pages), self._draft, self._settings, self._runs_directory))

    def _add(self, page: DraftPage) -> None:
        self._pages.append(page)
        page.recipe_opened.connect(self.set_recipe)
        page.place_chosen.connect(self._on_place_chosen)
        page.completeness_changed.connect(self._show_way_on)
        scroll = QScrollArea(widgetResizable=True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidget(page)
        self._stack.addWidget(scroll)

    def _enter(self, number: int) -> None:
        self._number = number
        self._stack.setCurrentIndex(number)
        self._what_to_do.setText(self.current_page.what_to_do)
        self._back.setVisible(number > 0)
        self._next.setVisible(number < PAGES - 1)
        self._run.setVisible(number == PAGES - 1)
        self.current_page.enter()
        self._show_way_on()

    def _show_way_on(self) -> None:
        """Which pages can be opened, and what the others wait for."""
        waits_for = self.current_page.waits_for()
        last_open = next((place for place, page in enumerate(self._pages) if page.waits_for()), PAGES - 1)
        why = self._pages[last_open].waits_for() if last_open < len(self._pages) else ""
        self._row.show_steps(self._number, max(last_open, self._number), why)
        for button in (self._next, self._run):
            button.setEnabled(not waits_for)
            button.setToolTip(waits_for)
        self._waits.say(waits_for, "hint")

    def _show_undo(self) -> None:
        self.undo_action.setEnabled(self.isVisible() and self._draft.can_undo)
        self.redo_action.setEnabled(self.isVisible() and self._draft.can_redo)

    def _on_draft_changed(self) -> None:
        self._show_undo()
        self._show_way_on()
        self.draft_changed.emit()

    def _on_place_chosen(self, finding: Finding) -> None:
        """Back to the page that the finding speaks of."""
        section = re.split(r"[.\[]", finding.where)[0]
        self.go_to(PAGE_OF_SECTION.get(section, self._number))

    def _on_run(self) -> None:
        """The wizard stays as it is, for the next study."""
        self._remember()
        self.run_requested.emit(self._draft.recipe)

    def _remember(self) -> None:
        self._settings.setValue(LAST_RECIPE, recipe_text(self._draft.recipe))


def _remembered(settings: QSettings) -> Recipe:
    text = settings.value(LAST_RECIPE, "")
    try:
        return parse_recipe(str(text)) if text else first_recipe()
    except (NutshellError, ValidationError):
        return first_recipe()


DYNAMIC_RANGE = {"step": "post_training_quantization", "scheme": "dynamic_range"}
FIRST_CHAINS = (
    ChainSettings(name="dynamic range", steps=(DYNAMIC_RANGE,)),
    ChainSettings(name="int8", steps=(DYNAMIC_RANGE | {"scheme": "int8"},)),
    ChainSettings(name="pruned + dynamic range", steps=({"step": "magnitude_pruning"}, DYNAMIC_RANGE)),
)


def first_recipe() -> Recipe:
    """What a new user finds: the drawn images, a small network, and some chains to compare."""
    return Recipe(
        name="my-study",
        dataset=DatasetSettings(kind="phantom"),
        images=ImageSettings(size=128, color="grayscale", dwt=DwtSettings()),
        backbone=BackboneSettings(kind="resnet18", width=0.25),
        training=TrainingSettings(
            epochs=12, learning_rate=2e-3, schedule="cosine", augment=("hflip", "vflip", "rotate")
        ),
        chains=FIRST_CHAINS,
    )
