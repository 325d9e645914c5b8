"""Page 6: the recipe as text, the time that it will take, and the button that runs it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import (
    QFileDialog,
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from engine.chain.estimate import DEFAULT_MACS_PER_SECOND, StageCost
from engine.chain.planning import measured_speed
from engine.chain.preflight import errors
from engine.chain.target_findings import target_findings, unknown_classes
from engine.contract.errors import NutshellError
from engine.contract.findings import Finding, Severity
from engine.contract.recipe import Recipe
from engine.contract.recipe_file import read_recipe, recipe_text
from engine.contract.repeat_settings import RepeatSettings
from engine.contract.search_settings import SearchSettings
from engine.contract.target_settings import TargetSettings
from engine.datasets.source import Split
from engine.language.speech import mark, tr
from engine.store.durable_file import write_durably
from engine.store.locations import Locations
from ui.byte_sizes import bytes_text
from ui.counts import counted
from ui.durations import duration_text
from ui.form.calm_fields import StudyLine
from ui.form.parameter_form import ParameterForm
from ui.message_bar import MessageBar
from ui.search_text import limits_text
from ui.side_by_side import SideBySide
from ui.wizard.draft_page import DraftPage
from ui.wizard.findings_list import FindingsList
from ui.wizard.images.settings_from_images import advice
from ui.wizard.plan_view import PlanView, work_of
from ui.wizard.recipe_draft import RecipeDraft
from workers.finished_stages import finished_stages
from workers.latest_call import LatestCall

MEASURED, ROUGH = mark("by this computer's measured speed"), mark("first estimate for this computer")

SIDE_WIDTH = 490
NAMELESS = mark("The study has no name; give it one.")
FAULTY = mark("It cannot run yet: see the findings marked ✕.")
UNSEEN = mark("The images are not listed yet: wait, or go back to the first page.")


class ReviewPage(DraftPage):
    """The last look before the run."""

    def __init__(self, draft: RecipeDraft, runs_directory: Path) -> None:
        what_to_do = tr("Check the recipe, save it if you like, run it. Running it again continues where it stopped.")
        super().__init__(draft, what_to_do)
        self._runs_directory = runs_directory
        self._runs_fault = ""
        self._speed: float | None = None
        """Multiply-accumulates per second that earlier runs measured."""
        self._shown_name = draft.recipe.name
        """Of the study, when it was shown last."""
        self._name = StudyLine(objectName="review.name", maxLength=80, accessibleName=tr("Name of the study"))
        self._name.setText(self._shown_name)
        self._repeats = ParameterForm(_repeats(draft.recipe), tuple(RepeatSettings.model_fields), "review")
        self._target = ParameterForm(draft.recipe.target, tuple(TargetSettings.model_fields), "target")
        self._search = QPushButton(tr("Find &it for me"), objectName="review.search")
        self._search.setToolTip(
            tr("Open the page where the program is told to try settings, and to keep the best files.")
        )
        self._search_says = QLabel(objectName="review.search_says", wordWrap=True)
        self._time = QLabel(objectName="review.time", wordWrap=True)
        self._plan = PlanView("review.plan")
        self._text = QPlainTextEdit(objectName="review.text", readOnly=True)
        self._text.setAccessibleName(tr("The recipe as text"))
        self._text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self._text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self._findings = FindingsList("review.findings", tr("A click goes to its page."))
        self._save = QPushButton(tr("&Save recipe…"), objectName="review.save")
        self._open = QPushButton(tr("&Open recipe…"), objectName="review.open")
        self._message = MessageBar("review.message")
        self._finished = LatestCall("finished-stages", self)
        self._finished.succeeded.connect(self._on_finished_known)
        self._lay_out()
        self._name.textEdited.connect(self._on_edited)
        self._repeats.changed.connect(lambda repeats: draft.change(**repeats.model_dump()))
        self._repeats.refused.connect(self._on_refused)
        self._target.changed.connect(lambda target: draft.change(target=target))
        self._target.refused.connect(self._on_refused)
        self._search.clicked.connect(lambda *_: self.section_wanted.emit("search"))
        self._save.clicked.connect(self._on_save)
        self._open.clicked.connect(self._on_open)
        self._findings.repair_chosen.connect(draft.mend)
        self._findings.place_chosen.connect(self.place_chosen)

    def enter(self) -> None:
        self._check_runs_directory()
        super().enter()

    @property
    def refusal(self) -> str:
        return self._repeats.refusal or self._target.refusal

    @property
    def has_refused(self) -> bool:
        return bool(self.refusal) or self._is_nameless

    @property
    def _is_nameless(self) -> bool:
        return not self._name.text().strip()

    def discard_refused(self) -> None:
        self._target.discard_refused()
        self._repeats.discard_refused()
        if self._is_nameless:
            self._name.setText(self._draft.recipe.name)

    def waits_for(self) -> str:
        if self._runs_fault:
            return self._runs_fault
        if self.refusal:
            return tr("A setting of the study is not valid yet; the message says which.")
        if self._is_nameless:
            return tr(NAMELESS)
        if errors((*self._draft.findings, *self._target_findings())):
            return tr(FAULTY)
        return "" if self._draft.scanned else tr(UNSEEN)

    def set_runs_directory(self, path: Path) -> None:
        """Where the run will be kept."""
        self._runs_directory = path
        self._check_runs_directory()
        self._on_draft_changed()

    def _lay_out(self) -> None:
        study = QGroupBox(tr("Study"))
        form = QFormLayout(study)
        form.addRow(tr("Name"), self._name)
        form.addRow(self._repeats)
        form.addRow(self._target)
        form.addRow(self._search, self._search_says)
        stages = QGroupBox(tr("What will be computed"))
        inner = QVBoxLayout(stages)
        inner.addWidget(self._plan)
        inner.addWidget(self._time)
        findings = QGroupBox(tr("Checks"))
        QVBoxLayout(findings).addWidget(self._findings)
        side = QWidget()
        left = QVBoxLayout(side)
        left.setContentsMargins(0, 0, 0, 0)
        left.addWidget(study)
        left.addWidget(self._message)
        left.addWidget(stages, 3)
        left.addWidget(findings, 2)
        text = QGroupBox(tr("The recipe"))
        right = QVBoxLayout(text)
        right.addWidget(self._text, 1)
        buttons = QHBoxLayout()
        buttons.addWidget(self._open)
        buttons.addWidget(self._save)
        buttons.addStretch()
        right.addLayout(buttons)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(9, 6, 9, 6)
        layout.addWidget(SideBySide(side, text, SIDE_WIDTH, left_grows=True))

    def _advice(self) -> tuple[Finding, ...]:
        """Effects of the image settings on these images that a user may not want; page 2 shows them too."""
        scanned = self._draft.scanned
        if scanned is None or not scanned.samples:
            return ()
        said = dict.fromkeys(advice(one, scanned.samples) for one in self._draft.recipe.images.settings)
        return tuple(Finding(severity=Severity.WARNING, where="images", message=text) for text in said if text)

    def show_draft(self) -> None:
        recipe, faulty = self._draft.recipe, bool(errors(self._draft.findings))
        typed = self._name.text().strip()
        # An emptied line stays empty while the study's name is as it was.
        if typed != recipe.name and (typed or recipe.name != self._shown_name):
            self._name.setText(recipe.name)
        self._shown_name = recipe.name
        self._repeats.set_model(_repeats(recipe))
        self._target.set_model(recipe.target)
        # A threshold is between two classes.
        self._target.leave_out(() if self._draft.class_count in (None, 2) else ("sensitivity",))
        self._text.setPlainText(recipe_text(recipe))
        of_target = tuple(self._target_findings())
        faulty = faulty or bool(errors(of_target))
        found = (*self._draft.findings, *self._draft.image_findings, *self._advice(), *of_target)
        self._search_says.setText(_told(recipe.search))
        self._findings.show_findings(found, tr("Everything can run."))
        if faulty or self._draft.scanned is None:
            self._plan.forget()
            self._time.setText("–")
        else:
            work = work_of(self._draft.scanned, self._speed or DEFAULT_MACS_PER_SECOND)
            self._say_cost(self._plan.show_plan(recipe, work))
            runs = self._runs_directory
            self._finished.request(lambda progress: finished_stages(recipe, runs, progress))
        self.say_whether_complete()

    def _target_findings(self) -> Iterator[Finding]:
        scanned, target = self._draft.scanned, self._draft.recipe.target
        if scanned is not None and target.asks_drop:
            yield from unknown_classes(target, scanned.classes)
            groups, of_class = scanned.test_groups, scanned.test_witnesses
            yield from target_findings(target, scanned.images(Split.TEST), groups, of_class)

    def shut_down(self) -> None:
        """End the thread that looks for finished stages."""
        self._finished.shut_down()

    def _on_finished_known(self, finished: tuple[bool, ...]) -> None:
        if (cost := self._plan.mark_finished(finished)) is not None:
            self._say_cost(cost)

    def _say_cost(self, cost: StageCost) -> None:
        if self._draft.recipe.search is not None:
            took = duration_text(self._plan.whole_cost.seconds)
            self._time.setText(tr("A search; a trial that shares no stage with another takes about {took}.", took=took))
            return
        if cost.seconds == 0:
            self._time.setText(tr("All stages exist already: only what is missing is measured."))
            return
        self._time.setText(
            tr(
                "about {duration} ({source}); {disk} on disk; up to {memory} of memory",
                duration=duration_text(cost.seconds),
                source=tr(MEASURED if self._speed else ROUGH),
                disk=bytes_text(cost.disk_bytes),
                memory=bytes_text(cost.memory_bytes),
            )
        )

    def _check_runs_directory(self) -> None:
        self._runs_fault, self._speed = "", None
        try:
            self._speed = measured_speed(Locations(self._runs_directory).create())
        except NutshellError as error:
            self._runs_fault = str(error)

    def _on_edited(self, *_: object) -> None:
        name = self._name.text().strip() or self._draft.recipe.name
        self._draft.change(name=name)
        self.say_whether_complete()

    def _on_refused(self, sentence: str) -> None:
        self._message.say(sentence)
        self.say_whether_complete()

    def _on_save(self) -> None:
        if self.refusal:
            self._message.say(tr("Not saved: {refusal}", refusal=self.refusal))
            return
        suggested = f"{self._draft.recipe.name}.toml"
        path, _ = QFileDialog.getSaveFileName(self, tr("Save the recipe"), suggested, tr("Recipes (*.toml)"))
        if path:
            try:
                write_durably(Path(path), recipe_text(self._draft.recipe))
                self._message.say(tr("Saved as {path}.", path=path), "good")
            except OSError as error:
                self._message.say(
                    tr(
                        "{path} cannot be written ({strerror}); choose another folder.",
                        path=path,
                        strerror=error.strerror,
                    )
                )

    def _on_open(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, tr("Open a recipe"), "", tr("Recipes (*.toml)"))
        if path:
            try:
                self.recipe_opened.emit(read_recipe(Path(path)))
            except NutshellError as error:
                self._message.say(str(error))


def _told(search: SearchSettings | None) -> str:
    if search is None:
        return tr("Off: the study is computed as it is written.")
    settings = counted(len(search.vary), "setting")
    return tr("On: {settings} may vary, for {limits}.", settings=settings, limits=limits_text(search))


def _repeats(recipe: Recipe) -> RepeatSettings:
    return RepeatSettings(**{name: getattr(recipe, name) for name in RepeatSettings.model_fields})
