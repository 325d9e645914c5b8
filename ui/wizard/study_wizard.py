"""The wizard: from images to a recipe that runs."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import ValidationError
from PySide6.QtCore import QSettings, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget, QWizard

from engine.contract.backbone_settings import BackboneSettings
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.errors import NutshellError
from engine.contract.findings import Finding
from engine.contract.image_settings import DwtSettings, ImageSettings
from engine.contract.recipe import ChainSettings, Recipe
from engine.contract.recipe_file import parse_recipe, recipe_text
from engine.contract.training_settings import TrainingSettings
from ui.wizard.dataset_page import DatasetPage
from ui.wizard.draft_page import DraftPage
from ui.wizard.recipe_draft import RecipeDraft
from ui.wizard.remembered_keys import LAST_RECIPE

PAGES = 5
PAGE_OF_SECTION = {"dataset": 0, "images": 1, "backbone": 2, "training": 2, "chains": 3}


class StudyWizard(QWizard):
    """Five pages over one draft; remembers the last recipe."""

    run_requested = Signal(object)
    """The `Recipe` to run."""

    def __init__(self, settings: QSettings, runs_directory: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("wizard")
        # A page of the window, not a window of its own.
        self.setWindowFlags(Qt.WindowType.Widget)
        self.setWizardStyle(QWizard.WizardStyle.ModernStyle)
        self.setOptions(
            QWizard.WizardOption.NoBackButtonOnStartPage
            | QWizard.WizardOption.NoCancelButton
            | QWizard.WizardOption.NoDefaultButton
        )
        self.setButtonText(QWizard.WizardButton.FinishButton, "Run")
        self._settings = settings
        self._runs_directory = runs_directory
        self._draft = RecipeDraft(_remembered(settings), self)
        self._pages: list[DraftPage] = []
        """Those that were made; the wizard comes to none before."""
        self.currentIdChanged.connect(self._on_page_changed)
        self._add(DatasetPage(self._draft, runs_directory))
        QShortcut(QKeySequence("Ctrl+Z"), self, self._draft.undo)
        for keys in ("Ctrl+Shift+Z", "Ctrl+Y"):
            QShortcut(QKeySequence(keys), self, self._draft.redo)

    def recipe(self) -> Recipe:
        """What the pages say now."""
        return self._draft.recipe

    def nextId(self) -> int:
        """Also of a page that is still to be made."""
        return self.currentId() + 1 if 0 <= self.currentId() < PAGES - 1 else -1

    def validateCurrentPage(self) -> bool:
        self._make_pages(self.nextId())
        return super().validateCurrentPage()

    def make_next_page(self) -> bool:
        """Make one of the pages that are still missing, ahead of its time; whether any is missing then."""
        self._make_pages(min(len(self._pages), PAGES - 1))
        return len(self._pages) < PAGES

    def set_recipe(self, recipe: Recipe) -> None:
        """Fill all pages, and begin at the first."""
        self._draft.replace(recipe)
        self.restart()

    def set_runs_directory(self, path: Path) -> None:
        """Where the next run will be kept."""
        self._runs_directory = path
        for page in self._pages:
            page.set_runs_directory(path)

    def refresh(self) -> None:
        """Show the current page anew, since a preference changed."""
        self._on_page_changed(self.currentId())

    def accept(self) -> None:
        """Run: the wizard stays as it is, for the next study."""
        self._remember()
        self.run_requested.emit(self._draft.recipe)

    def reject(self) -> None:
        """Escape closes nothing: the wizard is part of the window."""

    def shut_down(self) -> None:
        """Keep the recipe for the next start, and end the scan and preview threads."""
        self._remember()
        for page in self._pages:
            page.shut_down()

    def _make_pages(self, up_to: int) -> None:
        """Make the pages that are still missing, up to that one counted from 0."""
        while len(self._pages) <= up_to:
            from ui.wizard.later_pages import later_page

            self._add(later_page(len(self._pages), self._draft, self._settings, self._runs_directory))

    def _add(self, page: DraftPage) -> None:
        self._pages.append(page)
        page.setTitle(f"{len(self._pages)} of {PAGES}:  {page.title()}")
        page.recipe_opened.connect(self.set_recipe)
        page.place_chosen.connect(self._go_to)
        self.addPage(page)

    def _on_page_changed(self, number: int) -> None:
        page = self.page(number)
        if isinstance(page, DraftPage):
            page.show_draft()

    def _go_to(self, finding: Finding) -> None:
        """Back to the page that the finding speaks of."""
        section = re.split(r"[.\[]", finding.where)[0]
        # One by one: the wizard counts the pages that lie behind.
        while self.currentId() > PAGE_OF_SECTION.get(section, self.currentId()):
            self.back()

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
