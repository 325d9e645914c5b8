"""Chooses a preset: what it does, what it costs and what its paper found, before anything changes."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFrame,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from engine.language.sentence_recognition import recognised
from engine.language.speech import tr
from ui.screen_fit import open_at
from ui.side_by_side import SideBySide
from ui.wizard.chains.presets import Preset, presets

LIST_WIDTH = 330
MIN_TEXT_WIDTH = 260
SIZE = (860, 470)
ROW_SPACING = 2


class PresetDialog(QDialog):
    """All presets in a list; the chosen one is added to the chains, or put in their place."""

    accepted_preset = Signal(object, bool)
    """The `Preset`, and whether it replaces the chains."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Presets of the papers"))
        self.setObjectName("presets")
        open_at(self, *SIZE)
        self._list = QListWidget(objectName="presets.list", accessibleName=tr("Presets"))
        self._list.setSpacing(ROW_SPACING)
        self._list.setWordWrap(True)
        self._text = QLabel(objectName="presets.text", wordWrap=True, textFormat=Qt.TextFormat.RichText)
        self._text.setAlignment(Qt.AlignmentFlag.AlignTop)
        for preset in presets():
            item = QListWidgetItem(f"{tr(preset.title)}\n{preset.paper}", self._list)
            item.setData(Qt.ItemDataRole.UserRole, preset)
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self._add = self._buttons.addButton(tr("&Add to the chains"), QDialogButtonBox.ButtonRole.AcceptRole)
        self._replace = self._buttons.addButton(tr("&Replace the chains"), QDialogButtonBox.ButtonRole.AcceptRole)
        self._add.setObjectName("presets.add")
        self._replace.setObjectName("presets.replace")
        self._add.setDefault(True)
        for button in (self._add, self._replace):
            button.setToolTip(tr("Changes the recipe; Ctrl+Z takes it back."))
        self._lay_out()
        self._list.currentItemChanged.connect(self._show)
        self._list.itemDoubleClicked.connect(lambda *_: self._take(replace=False))
        self._add.clicked.connect(lambda: self._take(replace=False))
        self._replace.clicked.connect(lambda: self._take(replace=True))
        self._buttons.rejected.connect(self.reject)
        self._list.setCurrentRow(0)

    def _lay_out(self) -> None:
        scroll = QScrollArea(widgetResizable=True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidget(self._text)
        scroll.setMinimumWidth(MIN_TEXT_WIDTH)
        layout = QVBoxLayout(self)
        layout.addWidget(SideBySide(self._list, scroll, LIST_WIDTH), 1)
        layout.addWidget(self._buttons)

    def _show(self, item: QListWidgetItem) -> None:
        self._text.setText(_page(item.data(Qt.ItemDataRole.UserRole)))

    def _take(self, replace: bool) -> None:
        preset: Preset = self._list.currentItem().data(Qt.ItemDataRole.UserRole)
        self.accept()
        self.accepted_preset.emit(preset, replace)


def _page(preset: Preset) -> str:
    """What is known of a preset, as rich text."""
    parts = [f"<h3>{escape(tr(preset.title))}</h3><p>{escape(preset.paper)}</p>"]
    trained = tr("{epochs} epochs of training in addition to the baseline's.", epochs=preset.epochs)
    epochs = trained if preset.epochs else tr("Nothing is trained.")
    sentences = {
        tr("What it does"): tr(preset.does),
        tr("Cost"): f"{epochs} {tr(preset.costs)}",
        tr("What to expect"): tr(preset.expect),
    }
    for title, sentence in sentences.items():
        parts.append(f"<p><b>{title}</b><br>{escape(sentence)}</p>")
    chains = (
        f"<li><b>{escape(chain.name)}</b>: {escape(' → '.join(recognised(step.label()) for step in chain.steps))}</li>"
        for chain in preset.chains
    )
    parts.append(f"<p><b>{tr('Chains')}</b></p><ul>{''.join(chains)}</ul>")
    if preset.images:
        keys = ", ".join(preset.images)
        parts.append(tr("<p>It also sets {escape} of the images.</p>", escape=escape(keys)))
    return "".join(parts)
