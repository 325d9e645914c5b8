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
from ui.wizard.backbone_page import BackbonePage
from ui.wizard.chains_page import ChainsPage
from ui.wizard.dataset_page import DatasetPage
from ui.wizard.draft_page import DraftPage
from ui.wizard.images_page import ImagesPage
from ui.wizard.recipe_draft import RecipeDraft
from ui.wizard.review_page import ReviewPage

LAST_RECIPE = "wizard/last_recipe"


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
        self._draft = RecipeDraft(_remembered(settings), self)
        self._dataset = DatasetPage(self._draft, runs_directory)
        self._images = ImagesPage(self._draft)
        self._backbone = BackbonePage(self._draft, settings, runs_directory)
        self._chains = ChainsPage(self._draft)
        self._review = ReviewPage(self._draft, runs_directory)
        self._page_of_section: dict[str, DraftPage] = {
            "dataset": self._dataset,
            "images": self._images,
            "backbone": self._backbone,
            "training": self._backbone,
            "chains": self._chains,
        }
        pages = (self._dataset, self._images, self._backbone, self._chains, self._review)
        for number, page in enumerate(pages, start=1):
            page.setTitle(f"{number} of {len(pages)}:  {page.title()}")
            self.addPage(page)
        self.currentIdChanged.connect(self._on_page_changed)
        self._review.recipe_opened.connect(self.set_recipe)
        self._review.place_chosen.connect(self._go_to)
        QShortcut(QKeySequence("Ctrl+Z"), self, self._draft.undo)
        for keys in ("Ctrl+Shift+Z", "Ctrl+Y"):
            QShortcut(QKeySequence(keys), self, self._draft.redo)

    def recipe(self) -> Recipe:
        """What the pages say now."""
        return self._draft.recipe

    def set_recipe(self, recipe: Recipe) -> None:
        """Fill all pages, and begin at the first."""
        self._draft.replace(recipe)
        self.restart()

    def set_runs_directory(self, path: Path) -> None:
        """Where the next run will be kept."""
        self._dataset.set_runs_directory(path)
        self._backbone.set_runs_directory(path)
        self._review.set_runs_directory(path)

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
        self._dataset.shut_down()
        self._images.shut_down()
        self._backbone.shut_down()

    def _on_page_changed(self, number: int) -> None:
        page = self.page(number)
        if isinstance(page, DraftPage):
            page.show_draft()

    def _go_to(self, finding: Finding) -> None:
        """Back to the page that the finding speaks of."""
        section = re.split(r"[.\[]", finding.where)[0]
        page = self._page_of_section.get(section)
        # One by one: the wizard counts the pages that lie behind.
        while page is not None and self.currentPage() is not page and self.currentId() > 0:
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
