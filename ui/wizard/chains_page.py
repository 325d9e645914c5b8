"""Page 4: the chains of compression steps, with the pre-flight's findings beside them."""

from __future__ import annotations

from functools import partial

from pydantic import ValidationError
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QGroupBox,
    QHBoxLayout,
    QInputDialog,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
    QWizardPage,
)

from engine.chain.preflight import errors, preflight
from engine.contract.recipe import ChainSettings
from ui.message_bar import MessageBar
from ui.wizard.findings_list import FindingsList
from ui.wizard.presets import PRESETS, Preset
from ui.wizard.recipe_draft import RecipeDraft
from ui.wizard.steps_editor import StepsEditor
from workers.dataset_scan import ScanResult

LIST_WIDTH = 240


class ChainsPage(QWizardPage):
    """A list of chains; the chosen one's steps can be added, ordered and set."""

    def __init__(self, draft: RecipeDraft, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTitle("Compression chains")
        self.setSubTitle(
            "Each chain is an order of steps that starts from the trained baseline; add several to compare."
        )
        self._draft = draft
        self._classes: int | None = None
        self._chains = QListWidget(objectName="chains.list")
        self._chains.setAccessibleName("Chains")
        self._add = QPushButton("Add", objectName="chains.add")
        self._rename = QPushButton("Rename…", objectName="chains.rename")
        self._duplicate = QPushButton("Duplicate", objectName="chains.duplicate")
        self._remove = QPushButton("Remove", objectName="chains.remove")
        self._preset = QPushButton("Presets", objectName="chains.presets")
        self._steps = StepsEditor()
        self._findings = FindingsList("chains.findings")
        self._message = MessageBar("chains.message")
        self._lay_out()
        self._show_draft()
        draft.changed.connect(self._show_draft)
        self._chains.currentRowChanged.connect(self._show_steps)
        self._chains.itemChanged.connect(self._on_renamed_in_place)
        self._steps.changed.connect(self._on_steps_changed)
        self._add.clicked.connect(self._on_add)
        self._rename.clicked.connect(self._on_rename)
        self._duplicate.clicked.connect(self._on_duplicate)
        self._remove.clicked.connect(self._on_remove)

    def isComplete(self) -> bool:
        return not errors(preflight(self._draft.recipe, self._classes))

    def set_scanned(self, result: ScanResult | None) -> None:
        """The images that the findings are about."""
        if result is not None:
            self._classes = len(result.classes)
            self._show_findings()

    def _lay_out(self) -> None:
        menu = QMenu(self)
        for preset in PRESETS:
            menu.addAction(preset.title, partial(self._on_preset, preset)).setToolTip(preset.summary)
        menu.setToolTipsVisible(True)
        self._preset.setMenu(menu)
        chains = QGroupBox("Chains")
        left = QVBoxLayout(chains)
        left.addWidget(self._chains)
        for pair in ((self._add, self._preset), (self._rename, self._duplicate), (self._remove,)):
            row = QHBoxLayout()
            for button in pair:
                row.addWidget(button)
            left.addLayout(row)
        chains.setFixedWidth(LIST_WIDTH)
        findings = QGroupBox("Pre-flight")
        inner = QVBoxLayout(findings)
        inner.addWidget(self._findings)
        right = QVBoxLayout()
        right.addWidget(self._steps, 3)
        right.addWidget(findings, 1)
        right.addWidget(self._message)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(9, 6, 9, 6)
        layout.addWidget(chains)
        layout.addLayout(right, 1)

    def _show_draft(self) -> None:
        row = max(self._chains.currentRow(), 0)
        names = [chain.name for chain in self._draft.recipe.chains]
        self._chains.blockSignals(True)
        if names != [self._chains.item(place).text() for place in range(self._chains.count())]:
            self._chains.clear()
            for name in names:
                item = QListWidgetItem(name, self._chains)
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
        self._chains.setCurrentRow(min(row, len(names) - 1))
        self._chains.blockSignals(False)
        self._show_steps()
        self._show_findings()

    def _show_steps(self, *_: object) -> None:
        chain = self._chosen()
        self._steps.set_steps(chain.steps if chain else (), enabled=chain is not None)
        for button in (self._rename, self._duplicate, self._remove):
            button.setEnabled(chain is not None)

    def _show_findings(self) -> None:
        findings = preflight(self._draft.recipe, self._classes)
        self._findings.show_findings(findings, "Nothing speaks against these chains.")
        self.completeChanged.emit()

    def _chosen(self) -> ChainSettings | None:
        row = self._chains.currentRow()
        return self._draft.recipe.chains[row] if 0 <= row < len(self._draft.recipe.chains) else None

    def _on_steps_changed(self, steps: tuple[object, ...]) -> None:
        row = self._chains.currentRow()
        chains = list(self._draft.recipe.chains)
        chains[row] = ChainSettings(name=chains[row].name, steps=steps)
        self._draft.change(chains=tuple(chains))

    def _on_add(self) -> None:
        self._append((ChainSettings(name=self._free_name("chain")),))

    def _on_preset(self, preset: Preset) -> None:
        self._append(
            tuple(ChainSettings(name=self._free_name(chain.name), steps=chain.steps) for chain in preset.chains())
        )

    def _on_duplicate(self) -> None:
        if chain := self._chosen():
            self._append((ChainSettings(name=self._free_name(chain.name), steps=chain.steps),))

    def _on_remove(self) -> None:
        row = self._chains.currentRow()
        self._draft.change(chains=tuple(c for place, c in enumerate(self._draft.recipe.chains) if place != row))

    def _on_rename(self) -> None:
        chain = self._chosen()
        if chain is None:
            return
        name, agreed = QInputDialog.getText(self, "Rename the chain", "Name", text=chain.name)
        if agreed:
            self._rename_to(self._chains.currentRow(), name)

    def _on_renamed_in_place(self, item: QListWidgetItem) -> None:
        self._rename_to(self._chains.row(item), item.text())

    def _rename_to(self, row: int, name: str) -> None:
        chains = list(self._draft.recipe.chains)
        try:
            chains[row] = ChainSettings(name=name.strip(), steps=chains[row].steps)
            self._draft.change(chains=tuple(chains))
            self._message.say("")
        except ValidationError as error:
            self._message.say(error.errors(include_url=False)[0]["msg"].removeprefix("Value error, "))
            self._show_draft()

    def _append(self, chains: tuple[ChainSettings, ...]) -> None:
        self._draft.change(chains=(*self._draft.recipe.chains, *chains))
        self._chains.setCurrentRow(self._chains.count() - 1)

    def _free_name(self, wanted: str) -> str:
        taken = {chain.name.lower() for chain in self._draft.recipe.chains}
        candidates = [wanted, *(f"{wanted} {number}" for number in range(2, len(taken) + 3))]
        return next(name for name in candidates if name.lower() not in taken)
