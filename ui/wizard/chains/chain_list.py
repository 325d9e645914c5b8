"""The chains of a study as a list: added, by preset too, renamed, duplicated and removed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from pydantic import ValidationError
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QBrush, QColor
from PySide6.QtWidgets import QGroupBox, QHBoxLayout, QListWidget, QListWidgetItem, QPushButton, QVBoxLayout

from engine.contract.recipe import ChainSettings
from engine.language.sentence_recognition import recognised
from engine.language.speech import tr
from ui.list_keys import act_on_key
from ui.theme import current_theme
from ui.wizard.chains.presets import free_name

ROW_SPACING = 2


class ChainList(QGroupBox):
    """Shows what it is given and asks for changes; it holds no recipe."""

    added = Signal(ChainSettings)
    """A chain is to follow the others."""
    renamed = Signal(int, str)
    """The row of a chain, and a name that it can take."""
    removed = Signal(int)
    """The row of a chain that is to go."""
    refused = Signal(str)
    """Why a name cannot be taken."""
    presets_wanted = Signal()
    """The presets are to be shown."""
    chosen = Signal(int)
    """The row of the chain whose steps are to be shown; -1 for none."""

    def __init__(self) -> None:
        super().__init__(tr("Chains"))
        self._chains: tuple[ChainSettings, ...] = ()
        self._list = QListWidget(objectName="chains.list")
        self._list.setAccessibleName(tr("Chains"))
        self._list.setSpacing(ROW_SPACING)
        self._add = QPushButton(tr("&Add"), objectName="chains.add")
        self._presets = QPushButton(tr("&Presets…"), objectName="chains.presets")
        self._rename = QPushButton(tr("Rena&me"), objectName="chains.rename")
        self._duplicate = QPushButton(tr("Dup&licate"), objectName="chains.duplicate")
        self._remove = QPushButton(tr("Rem&ove"), objectName="chains.remove")
        self._presets.setToolTip(tr("Chains from the papers, with their cost and what to expect."))
        layout = QVBoxLayout(self)
        layout.addWidget(self._list)
        for pair in ((self._add, self._presets), (self._rename, self._duplicate), (self._remove,)):
            row = QHBoxLayout()
            for button in pair:
                row.addWidget(button)
            layout.addLayout(row)
        self._list.currentRowChanged.connect(self._on_row_changed)
        self._list.itemChanged.connect(self._on_item_changed)
        self._add.clicked.connect(self._on_add)
        self._presets.clicked.connect(self.presets_wanted)
        self._rename.clicked.connect(lambda: self._list.editItem(self._list.currentItem()))
        self._duplicate.clicked.connect(self._on_duplicate)
        self._remove.clicked.connect(self._on_remove)
        act_on_key("Del", self._list, self._on_remove)

    def row(self) -> int:
        """Of the chosen chain; -1 for none."""
        return self._list.currentRow()

    def choose(self, row: int) -> None:
        """Choose a chain."""
        self._list.setCurrentRow(row)

    def set_chains(self, chains: Sequence[ChainSettings]) -> None:
        """Show these chains; keeps the chosen row."""
        row = max(self.row(), 0)
        self._chains = tuple(chains)
        self._list.blockSignals(True)
        if [chain.name for chain in chains] != self._names():
            self._list.clear()
            for chain in chains:
                item = QListWidgetItem(chain.name, self._list)
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
        for place, chain in enumerate(chains):
            steps = " → ".join(recognised(step.label()) for step in chain.steps) or tr("no steps yet")
            self._list.item(place).setToolTip(tr("{steps} (double click to rename)", steps=steps))
        self._list.setCurrentRow(min(row, len(chains) - 1))
        self._list.blockSignals(False)
        self._show_buttons()

    def mark_faulty(self, rows: set[int]) -> None:
        """Colour the chains that cannot run."""
        self._list.blockSignals(True)
        for row in range(self._list.count()):
            brush = QBrush(QColor(current_theme().error)) if row in rows else QBrush()
            self._list.item(row).setForeground(brush)
        self._list.blockSignals(False)

    def _names(self) -> list[str]:
        return [self._list.item(row).text() for row in range(self._list.count())]

    def _show_buttons(self) -> None:
        for button in (self._rename, self._duplicate, self._remove):
            button.setEnabled(self.row() >= 0)

    def _on_row_changed(self, row: int) -> None:
        self._show_buttons()
        self.chosen.emit(row)

    def _on_add(self) -> None:
        self._append(ChainSettings(name=free_name("chain", self._chains)))

    def _on_duplicate(self) -> None:
        chain = self._chains[self.row()]
        self._append(chain.model_copy(update={"name": free_name(chain.name, self._chains)}))

    def _on_remove(self) -> None:
        if (row := self.row()) >= 0:
            self.removed.emit(row)

    def _on_item_changed(self, item: QListWidgetItem) -> None:
        # Once the item's editor has closed: what answers may rebuild the list.
        QTimer.singleShot(0, partial(self._rename_to, self._list.row(item), item.text().strip()))

    def _rename_to(self, row: int, name: str) -> None:
        if row >= len(self._chains) or name == self._chains[row].name:
            return
        if any(chain.name.lower() == name.lower() for place, chain in enumerate(self._chains) if place != row):
            self._refuse(tr('There is a chain "{name}" already; give each its own name.', name=name))
            return
        try:
            ChainSettings(name=name, steps=self._chains[row].steps)
        except ValidationError as error:
            reason = error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
            self._refuse(f"{reason[:1].upper()}{reason[1:]}.")
            return
        self.renamed.emit(row, name)

    def _refuse(self, sentence: str) -> None:
        self.set_chains(self._chains)
        self.refused.emit(sentence)

    def _append(self, chain: ChainSettings) -> None:
        self.added.emit(chain)
        self.choose(self._list.count() - 1)
