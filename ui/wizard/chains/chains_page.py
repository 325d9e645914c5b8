"""Page 4: the chains of compression steps, with the pre-flight's findings beside them."""

from __future__ import annotations

import re

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGroupBox, QVBoxLayout, QWidget

from engine.chain.preflight import errors
from engine.contract.carried_places import with_chain, without_chain
from engine.contract.errors import NutshellError
from engine.contract.findings import Finding, Severity
from engine.contract.recipe import ChainSettings
from engine.contract.step_parameters import StepParameters
from engine.language.speech import mark, tr
from ui.message_bar import MessageBar
from ui.side_by_side import SideBySide
from ui.wizard.chains.chain_list import ChainList
from ui.wizard.chains.chain_names import is_automatic, name_of_steps
from ui.wizard.chains.preset_dialog import PresetDialog
from ui.wizard.chains.presets import Preset, free_name
from ui.wizard.chains.steps_editor import StepsEditor
from ui.wizard.draft_page import DraftPage, not_kept
from ui.wizard.findings_list import FindingsList
from ui.wizard.recipe_draft import RecipeDraft

LIST_WIDTH = 230
NO_CHAINS = Finding(
    severity=Severity.NOTE,
    where="",
    message=mark("Without a chain only the float32 network is trained and measured; add a chain, or a preset."),
)
PLACE = re.compile(r"chains\[(\d+)\](?:\.steps\[(\d+)\])?")
"""Where a finding belongs: its chain, and its step."""


class ChainsPage(DraftPage):
    """A list of chains; the chosen one's steps can be added, ordered and set."""

    guide = "steps.md"

    def __init__(self, draft: RecipeDraft) -> None:
        what_to_do = tr(
            "Each chain is an order of steps that starts from the trained baseline; add several to compare."
        )
        super().__init__(draft, what_to_do)
        self._chains = ChainList()
        self._steps = StepsEditor()
        self._findings = FindingsList("chains.findings", tr("Click to select its step."))
        self._message = MessageBar("chains.message")
        self._lay_out()
        self._chains.chosen.connect(self._show_steps)
        self._chains.added.connect(lambda chain: draft.change(chains=(*draft.recipe.chains, chain)))
        self._chains.renamed.connect(self._on_renamed)
        self._chains.removed.connect(self._on_removed)
        self._chains.refused.connect(self._message.say)
        self._chains.presets_wanted.connect(self._on_presets_wanted)
        self._steps.changed.connect(self._on_steps_changed)
        self._steps.validity_changed.connect(self.say_whether_complete)
        self._steps.lost.connect(lambda refusal: self._message.say(not_kept(refusal), "warning"))
        self._findings.place_chosen.connect(self._on_place_chosen)
        self._findings.repair_chosen.connect(draft.mend)

    @property
    def refusal(self) -> str:
        return self._steps.refusal

    def discard_refused(self) -> None:
        self._steps.discard_refused()

    def waits_for(self) -> str:
        if self.refusal:
            return tr("A setting of this step is not valid yet.")
        return tr("A chain cannot run: see the findings marked ✕.") if errors(self._draft.findings) else ""

    def _lay_out(self) -> None:
        findings = QGroupBox(tr("Checks"))
        QVBoxLayout(findings).addWidget(self._findings)
        side = QWidget()
        right = QVBoxLayout(side)
        right.setContentsMargins(0, 0, 0, 0)
        right.addWidget(self._steps, 3)
        right.addWidget(findings, 1)
        right.addWidget(self._message)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(9, 6, 9, 6)
        layout.addWidget(SideBySide(self._chains, side, LIST_WIDTH))

    def show_draft(self) -> None:
        self._message.say("")
        self._chains.set_chains(self._draft.recipe.chains)
        self._show_steps()
        self._show_findings()

    def _show_steps(self, *_: object) -> None:
        chain = self._chosen()
        self._steps.set_steps(chain.steps if chain else (), chain_row=self._chains.row())

    def _show_findings(self) -> None:
        findings = self._draft.findings
        if not self._draft.recipe.chains:
            findings = (*findings, NO_CHAINS)
        self._findings.show_findings(findings, tr("These chains can run."), self._chain_of)
        self._chains.mark_faulty({place[0] for finding in errors(findings) if (place := _place(finding))})
        self.say_whether_complete()

    def _chain_of(self, finding: Finding) -> str:
        """Its chain's name, where there are several."""
        chains, place = self._draft.recipe.chains, _place(finding)
        return chains[place[0]].name if place and len(chains) > 1 and place[0] < len(chains) else ""

    def _chosen(self) -> ChainSettings | None:
        row = self._chains.row()
        return self._draft.recipe.chains[row] if 0 <= row < len(self._draft.recipe.chains) else None

    def _on_renamed(self, row: int, name: str) -> None:
        steps = self._draft.recipe.chains[row].steps
        chain = ChainSettings(name=name, steps=steps)
        self._draft.replace(with_chain(self._draft.recipe, row, chain, range(len(steps))))

    def _on_removed(self, row: int) -> None:
        self._steps.forget_step()
        self._draft.replace(without_chain(self._draft.recipe, row))

    def _on_steps_changed(self, steps: tuple[StepParameters, ...], steps_from: tuple[int | None, ...]) -> None:
        row = self._chains.row()
        chains = self._draft.recipe.chains
        name = chains[row].name
        if is_automatic(chains[row]):
            name = free_name(name_of_steps(steps), [chain for place, chain in enumerate(chains) if place != row])
        chain = ChainSettings(name=name, steps=steps)
        self._draft.replace(with_chain(self._draft.recipe, row, chain, steps_from))

    def _on_presets_wanted(self) -> None:
        dialog = PresetDialog(self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted_preset.connect(self._on_preset)
        dialog.open()

    def _on_preset(self, preset: Preset, replace: bool) -> None:
        before = 0 if replace else len(self._draft.recipe.chains)
        same = {} if replace else preset.there_already(self._draft.recipe)
        try:
            recipe = preset.put_into(self._draft.recipe, replace)
        except NutshellError as error:
            self._message.say(str(error))
            return
        if replace:
            self._steps.forget_step()
        self._draft.replace(recipe)
        if len(self._draft.recipe.chains) > before:
            self._chains.choose(before)
        if same:
            named = ", ".join(tr('{chain} as "{other}"', chain=chain, other=other) for chain, other in same.items())
            self._message.say(tr("The study already has some of these chains: {named}.", named=named), "hint")

    def _on_place_chosen(self, finding: Finding) -> None:
        if place := _place(finding):
            self._chains.choose(place[0])
            self._steps.choose(place[1])


def _place(finding: Finding) -> tuple[int, int] | None:
    """(chain, step) that a finding is about; the step is 0 where it is about the whole chain."""
    found = PLACE.match(finding.where)
    return (int(found[1]), int(found[2] or 0)) if found else None
