"""The wizard: from images to a recipe that runs."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError
from PySide6.QtCore import QSettings, QTimer, Signal
from PySide6.QtGui import QAction, QHideEvent, QKeySequence, QShowEvent
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStackedWidget,
    QToolButton,
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
from engine.contract.repeat_settings import RepeatSettings
from engine.language.speech import mark, tr
from engine.store.draft_store import DraftStore, OpenDraft
from engine.store.locations import Locations
from ui.form.calm_fields import CalmSpinBox
from ui.form.tab_order import last_in_focus_chain, set_tab_order
from ui.message_bar import MessageBar
from ui.screen_fit import scrolling
from ui.wizard.dataset.dataset_page import DatasetPage
from ui.wizard.draft_page import DraftPage, not_kept
from ui.wizard.recipe_draft import RecipeDraft
from ui.wizard.remembered_keys import LAST_DRAFT, LAST_RECIPE
from ui.wizard.step_row import StepRow
from ui.wording import in_window_words
from workers.latest_call import LatestCall

TITLES = (
    mark("Images"),
    mark("Image compression"),
    mark("Network"),
    mark("Chains"),
    mark("Find it for me"),
    mark("Review"),
)
PAGES = len(TITLES)
PAGE_OF_SECTION = {"dataset": 0, "images": 1, "backbone": 2, "training": 2, "chains": 3, "search": 4} | dict.fromkeys(
    ("target", *RepeatSettings.model_fields), 5
)
MARGIN = 9
UNNAMED = "my-study"
"""Until the user names it, or its images do."""
LONGEST_NAME = 60
KEEPING_PAUSE_MS = 700
"""After the last change, before the draft is written."""


class StudyWizard(QWidget):
    """Six pages over one draft; remembers the last recipe."""

    run_requested = Signal(object)
    """The `Recipe` to run."""
    help_requested = Signal()
    drafts_changed = Signal()
    """A draft was kept, or became a run."""

    def __init__(self, settings: QSettings, runs_directory: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("wizard")
        self._settings = settings
        self._runs_directory = runs_directory
        last = str(settings.value(LAST_DRAFT, ""))
        # The draft's file counts: another window, or a program that was killed, has written it last.
        remembered = self._drafts.found(last) or _remembered(settings)
        self._draft = RecipeDraft(remembered, self)
        self._began_with = remembered
        self._open = self._drafts.opened(last, remembered)
        if remembered == first_recipe():
            self._draft.begin(remembered, fresh=True)
        self._keeping = LatestCall("draft-keeping", self)
        self._keeping.succeeded.connect(self._on_kept)
        self._pause = QTimer(self, singleShot=True, interval=KEEPING_PAUSE_MS)
        self._pause.timeout.connect(self._keep)
        self._pages: list[DraftPage] = []
        """Those that were made; the wizard comes to none before."""
        self._number = 0
        self.undo_action = self._action(tr("&Undo"), self._on_undo, [QKeySequence("Ctrl+Z")])
        self.redo_action = self._action(
            tr("&Redo"), self._on_redo, [QKeySequence("Ctrl+Shift+Z"), QKeySequence("Ctrl+Y")]
        )
        self._row = StepRow([tr(title) for title in TITLES])
        self._what_to_do = QLabel(objectName="wizard.what_to_do", wordWrap=True)
        self._what_to_do.setProperty("role", "hint")
        self._stack = QStackedWidget()
        self._lost = MessageBar("wizard.lost")
        self._waits = MessageBar("wizard.waits")
        self._help = QToolButton(text="?", objectName="wizard.help", accessibleName=tr("Help on this page"))
        self._help.setToolTip(tr("Help on this page (F1)"))
        self._back = QPushButton(tr("&Back"), objectName="wizard.back")
        self._next = QPushButton(tr("&Next"), objectName="wizard.next")
        self._run = QPushButton(tr("&Run"), objectName="wizard.run")
        self._lay_out()
        self._row.chosen.connect(self.go_to)
        self._help.clicked.connect(self.help_requested)
        self._back.clicked.connect(self.back)
        self._next.clicked.connect(self.next)
        self._run.clicked.connect(self._on_run)
        self._draft.changed.connect(self._on_draft_changed)
        self._keeping.failed.connect(
            lambda sentence: self._waits.say(tr("The draft is not saved: {sentence}", sentence=sentence), "warning")
        )
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
        self._go_past(1)

    def back(self) -> None:
        """Go back to the page before."""
        self._go_past(-1)

    def _go_past(self, direction: int) -> None:
        """To the next page that way which the study needs."""
        number = self._number + direction
        self._make_pages(min(number, PAGES - 1))
        while 0 < number < PAGES - 1 and self._pages[number].is_passed_over:
            number += direction
        self.go_to(number)

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

    @property
    def draft(self) -> str:
        """The id of the draft that is edited; empty while nothing was changed."""
        return self._open.draft

    @property
    def refusal(self) -> str:
        """Why the recipe has not all that is typed on the pages; empty where it has."""
        return " ".join(filter(None, (page.refusal for page in self._pages)))

    def new_study(self) -> None:
        """Begin a study with fresh defaults."""
        self._begin(first_recipe(), "", fresh=True)

    def open_images(self, kind: str, path: Path) -> None:
        """Take these images: into a study that has no images of its own yet, else into a new one."""
        if self._draft.recipe.dataset.path:
            self.new_study()
        # The images are the new study's first change, and not the next after it.
        lost = self._lost.text()
        dataset = DatasetSettings(kind=kind, path=str(path))
        unnamed = self._draft.recipe.name == UNNAMED
        name = path.name.split(".")[0][:LONGEST_NAME].strip() if unnamed else ""
        self._draft.change(dataset=dataset, **({"name": name} if name else {}))
        self.go_to(0)
        self._lost.say(lost, "warning")

    def open_model(self, path: Path) -> None:
        """Take a Keras model file as the network of the study."""
        self._draft.change(backbone=BackboneSettings(kind="keras_file", weights=str(path)))
        self.go_to(PAGE_OF_SECTION["backbone"])

    def set_recipe(self, recipe: Recipe) -> None:
        """Begin a study with a recipe, at the first page; the one that was edited stays among the drafts."""
        self._begin(recipe, "", fresh=False)

    def open_draft(self, draft: str) -> None:
        """Go on with a draft.

        Raises:
            NutshellError: it cannot be read.
        """
        if draft != self._open.draft:
            self._keep_now()
            self._begin(self._drafts.read(draft), draft, fresh=False)

    def continue_from(self, other: StudyWizard) -> None:
        """Show what another wizard shows, which is shut down."""
        self._open, self._began_with = other._open, other._began_with
        self._draft.continue_from(other._draft)
        self.go_to(other.page_number)

    def forget_draft(self, draft: str) -> None:
        """A draft was deleted."""
        if draft == self._open.draft:
            self._pause.stop()
            self._open = OpenDraft(self._drafts, "")
            self.new_study()

    def set_runs_directory(self, path: Path) -> None:
        """Where the next run will be kept."""
        self._runs_directory = path
        for page in self._pages:
            page.set_runs_directory(path)

    def refresh(self) -> None:
        """Refresh the current page, since a preference changed."""
        self.current_page.show_draft()

    def shut_down(self) -> None:
        """Keep the recipe for the next start, and end the scan and preview threads."""
        self._keep_now()
        self._remember()
        self._keeping.shut_down()
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
        for button in (self._help, self._back, self._next, self._run):
            foot.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        layout.addWidget(self._row)
        layout.addWidget(self._what_to_do)
        layout.addWidget(self._lost)
        layout.addWidget(self._stack, 1)
        layout.addLayout(foot)

    def _make_pages(self, up_to: int) -> None:
        """Make the pages that are still missing, up to that one counted from 0."""
        while len(self._pages) <= up_to:
            from ui.wizard.later_pages import later_page

            self._add(later_page(len(self._pages), self._draft, self._runs_directory))

    def _add(self, page: DraftPage) -> None:
        self._pages.append(page)
        page.recipe_opened.connect(self.set_recipe)
        page.place_chosen.connect(self._on_place_chosen)
        page.section_wanted.connect(lambda section: self.go_to(PAGE_OF_SECTION[section]))
        page.completeness_changed.connect(self._show_way_on)
        self._stack.addWidget(scrolling(page))

    def _enter(self, number: int) -> None:
        self._lost.say("")
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
        # What a page has made meanwhile stands behind the buttons for Qt, which orders by the time of making.
        set_tab_order([last_in_focus_chain(self._stack), self._help, self._back, self._next, self._run])
        last_open = next((place for place, page in enumerate(self._pages) if page.waits_for()), PAGES - 1)
        why = self._pages[last_open].waits_for() if last_open < len(self._pages) else ""
        # What a page before waits for keeps the study from running, too.
        waits_for = self.current_page.waits_for() or (why if self._number == PAGES - 1 else "")
        self._row.show_steps(self._number, max(last_open, self._number), why)
        for button in (self._next, self._run):
            button.setEnabled(not waits_for)
            button.setToolTip(in_window_words(waits_for))
        self._waits.say(waits_for, "hint")
        self._show_undo()

    def _on_undo(self) -> None:
        """Of what only the page holds first: the study never had it."""
        field = QApplication.focusWidget()
        if isinstance(field, CalmSpinBox) and field.take_back():
            return
        if self.current_page.has_refused:
            self.current_page.discard_refused()
            self._show_way_on()
        else:
            self._step(self._draft.undo)

    def _on_redo(self) -> None:
        self._step(self._draft.redo)

    def _step(self, step: Callable[[], None]) -> None:
        """Undo or redo, on the page whose settings change by it."""
        before = self._draft.recipe
        step()
        changed = [name for name in PAGE_OF_SECTION if getattr(before, name) != getattr(self._draft.recipe, name)]
        pages = {PAGE_OF_SECTION[name] for name in changed}
        if pages and self._number not in {*pages, PAGES - 1}:
            self.go_to(min(pages))

    def _show_undo(self) -> None:
        can_undo = self._draft.can_undo or self.current_page.has_refused
        self.undo_action.setEnabled(self.isVisible() and can_undo)
        self.redo_action.setEnabled(self.isVisible() and self._draft.can_redo)

    def _on_draft_changed(self) -> None:
        self._show_way_on()
        if not self._draft.is_untouched:
            self._lost.say("")
        if not self._open.draft and self._draft.recipe != self._began_with and not self._draft.is_untouched:
            self._open = OpenDraft(self._drafts, DraftStore.new_id())
        if self._open.draft:
            self._pause.start()

    @property
    def _drafts(self) -> DraftStore:
        return DraftStore(Locations(self._runs_directory))

    def _begin(self, recipe: Recipe, draft: str, fresh: bool) -> None:
        self._keep_now()
        refused = self.refusal
        for page in self._pages:
            page.discard_refused()
        self._open, self._began_with = self._drafts.opened(draft, recipe), recipe
        self._draft.begin(recipe, fresh)
        self.go_to(0)
        self._lost.say(not_kept(refused), "warning")
        # Another draft than before is the one that is edited.
        self.drafts_changed.emit()

    def _keep(self) -> None:
        """Beside the event loop: a disk may be slow."""
        draft, recipe = self._open, self._draft.recipe
        self._keeping.request(lambda _: draft.write(recipe))

    def _on_kept(self, *_: object) -> None:
        if self._open.has_moved:
            self._open.has_moved = False
            self._waits.say(
                tr("Another window changed this draft too; your version is kept as a separate draft."), "warning"
            )
        self.drafts_changed.emit()

    def _keep_now(self) -> None:
        if self._pause.isActive():
            self._pause.stop()
            with contextlib.suppress(OSError):
                self._open.write(self._draft.recipe)
            self._on_kept()

    def _on_place_chosen(self, finding: Finding) -> None:
        """Back to the page that the finding speaks of."""
        section = re.split(r"[.\[]", finding.where)[0]
        self.go_to(PAGE_OF_SECTION.get(section, self._number))

    def _on_run(self) -> None:
        """The draft has become a run; the wizard stays as it is, for the next study."""
        self._pause.stop()
        self._keeping.call_off()
        if self._open.draft:
            self._drafts.file(self._open.draft).unlink(missing_ok=True)
        self._open, self._began_with = OpenDraft(self._drafts, ""), self._draft.recipe
        self._remember()
        self.drafts_changed.emit()
        self.run_requested.emit(self._draft.recipe)

    def _remember(self) -> None:
        self._settings.setValue(LAST_RECIPE, recipe_text(self._draft.recipe))
        self._settings.setValue(LAST_DRAFT, self._open.draft)


def _remembered(settings: QSettings) -> Recipe:
    text = settings.value(LAST_RECIPE, "")
    try:
        return parse_recipe(str(text)) if text else first_recipe()
    except (NutshellError, ValidationError):
        return first_recipe()


DYNAMIC_RANGE = {"step": "post_training_quantization", "scheme": "dynamic_range"}
FIRST_CHAINS = (
    ChainSettings(name="dynamic range", steps=(DYNAMIC_RANGE,)),  # not shown
    ChainSettings(name="int8", steps=(DYNAMIC_RANGE | {"scheme": "int8"},)),
    ChainSettings(
        name="pruning 80 % + dynamic range",  # not shown
        steps=({"step": "magnitude_pruning"}, DYNAMIC_RANGE),
    ),
)


def first_recipe() -> Recipe:
    """What a new user finds: the drawn images, a small network, and some chains to compare."""
    return Recipe(
        name=UNNAMED,
        dataset=DatasetSettings(kind="phantom"),
        images=ImageSettings(size=128, color="grayscale", dwt=DwtSettings()),
        backbone=BackboneSettings(kind="resnet18", width=0.25),
        chains=FIRST_CHAINS,
    )
