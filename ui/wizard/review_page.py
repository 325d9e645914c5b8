"""Page 5: the recipe as text, the time that it will take, and the button that runs it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import (
    QFileDialog,
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
    QWizardPage,
)

from engine.chain.preflight import errors, preflight
from engine.contract.errors import NutshellError
from engine.contract.findings import Finding
from engine.contract.recipe_file import read_recipe, recipe_text
from engine.store.durable_file import write_durably
from engine.store.locations import Locations
from ui.durations import duration_text
from ui.message_bar import MessageBar
from ui.wizard.findings_list import FindingsList
from ui.wizard.plan_view import PlanView
from ui.wizard.recipe_draft import RecipeDraft
from workers.dataset_scan import ScanResult

LARGEST_SEED = 2**31 - 1
SIDE_WIDTH = 430
NAMELESS = "The study has no name; give it one."
FAULTY = "It cannot run yet: see the findings marked ✕."


class ReviewPage(QWizardPage):
    """The last look before the run."""

    recipe_opened = Signal(object)
    """A `Recipe` that was read from a file."""

    def __init__(self, draft: RecipeDraft, runs_directory: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTitle("Review and run")
        self.setSubTitle("Check the recipe, save it if you like, run it. Running it again goes on where it stopped.")
        self.setFinalPage(True)
        self._draft = draft
        self._runs_directory = runs_directory
        self._scanned: ScanResult | None = None
        self._runs_fault = ""
        self._name = QLineEdit(objectName="review.name", maxLength=80, accessibleName="Name of the study")
        self._seed = QSpinBox(objectName="review.seed", maximum=LARGEST_SEED, accessibleName="Seed")
        self._seed.setToolTip("The same recipe, images and seed give the same networks.")
        self._time = QLabel(objectName="review.time", wordWrap=True)
        self._plan = PlanView("review.plan")
        self._text = QPlainTextEdit(objectName="review.text", readOnly=True)
        self._text.setAccessibleName("The recipe as text")
        self._text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self._text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self._findings = FindingsList("review.findings")
        self._save = QPushButton("Save recipe…", objectName="review.save")
        self._open = QPushButton("Open recipe…", objectName="review.open")
        self._message = MessageBar("review.message")
        self._lay_out()
        draft.changed.connect(self._show_draft)
        self._name.textEdited.connect(self._on_edited)
        self._seed.valueChanged.connect(self._on_edited)
        self._save.clicked.connect(self._on_save)
        self._open.clicked.connect(self._on_open)

    def initializePage(self) -> None:
        self._check_runs_directory()
        self._show_draft()

    def isComplete(self) -> bool:
        return not self._fault(self._preflight())

    def set_scanned(self, result: ScanResult | None) -> None:
        """The images that the time is estimated for."""
        self._scanned = result

    def set_runs_directory(self, path: Path) -> None:
        """Where the run will be kept."""
        self._runs_directory = path
        if self._is_current():
            self.initializePage()

    def _lay_out(self) -> None:
        study = QGroupBox("Study")
        form = QFormLayout(study)
        form.addRow("Name", self._name)
        form.addRow("Seed", self._seed)
        stages = QGroupBox("What will be computed")
        inner = QVBoxLayout(stages)
        inner.addWidget(self._plan)
        inner.addWidget(self._time)
        findings = QGroupBox("Pre-flight")
        QVBoxLayout(findings).addWidget(self._findings)
        side = QWidget()
        side.setFixedWidth(SIDE_WIDTH)
        left = QVBoxLayout(side)
        left.setContentsMargins(0, 0, 0, 0)
        left.addWidget(study)
        left.addWidget(stages, 3)
        left.addWidget(findings, 2)
        left.addWidget(self._message)
        text = QGroupBox("The recipe")
        right = QVBoxLayout(text)
        right.addWidget(self._text, 1)
        buttons = QHBoxLayout()
        buttons.addWidget(self._open)
        buttons.addWidget(self._save)
        buttons.addStretch()
        right.addLayout(buttons)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(9, 6, 9, 6)
        layout.addWidget(side)
        layout.addWidget(text, 1)

    def _is_current(self) -> bool:
        return self.wizard() is not None and self.wizard().currentPage() is self

    def _show_draft(self) -> None:
        if not self._is_current():
            return
        recipe = self._draft.recipe
        if self._name.text().strip() != recipe.name:
            self._name.setText(recipe.name)
        self._seed.blockSignals(True)
        self._seed.setValue(recipe.seed)
        self._seed.blockSignals(False)
        self._text.setPlainText(recipe_text(recipe))
        findings = self._preflight()
        self._findings.show_findings(findings, "Everything can run.")
        self._show_plan(faulty=bool(errors(findings)))
        self._show_fault(findings)

    def _show_plan(self, faulty: bool) -> None:
        if faulty or self._scanned is None:
            self._plan.clear()
            self._time.setText("–")
            return
        seconds = self._plan.show_plan(self._draft.recipe, self._scanned)
        self._time.setText(f"about {duration_text(seconds)} on two cores, less where earlier runs did the same")

    def _show_fault(self, findings: tuple[Finding, ...]) -> None:
        self._message.say(self._fault(findings))
        self.completeChanged.emit()

    def _preflight(self) -> tuple[Finding, ...]:
        return preflight(self._draft.recipe, len(self._scanned.classes) if self._scanned else None)

    def _fault(self, findings: tuple[Finding, ...]) -> str:
        """Why it cannot run; empty when it can."""
        if self._runs_fault:
            return self._runs_fault
        if not self._name.text().strip():
            return NAMELESS
        return FAULTY if errors(findings) else ""

    def _check_runs_directory(self) -> None:
        self._runs_fault = ""
        try:
            Locations(self._runs_directory).create()
        except NutshellError as error:
            self._runs_fault = str(error)

    def _on_edited(self, *_: object) -> None:
        name = self._name.text().strip()
        if name:
            self._draft.change(name=name, seed=self._seed.value())
        self._show_fault(self._preflight())

    def _on_save(self) -> None:
        suggested = f"{self._draft.recipe.name}.toml"
        path, _ = QFileDialog.getSaveFileName(self, "Save the recipe", suggested, "Recipes (*.toml)")
        if path:
            try:
                write_durably(Path(path), recipe_text(self._draft.recipe))
                self._message.say(f"Saved as {path}.", "good")
            except OSError as error:
                self._message.say(f"{path} cannot be written ({error.strerror}); choose another folder.")

    def _on_open(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Open a recipe", "", "Recipes (*.toml)")
        if path:
            try:
                self.recipe_opened.emit(read_recipe(Path(path)))
            except NutshellError as error:
                self._message.say(str(error))
