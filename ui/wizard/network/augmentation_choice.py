"""Which augmentations a training uses: a preset by what it assumes of the images, or boxes to tick."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QLabel, QVBoxLayout, QWidget

from engine.contract.augmentation import AUGMENTATIONS, Augmentation, Family, usual_order
from engine.language.speech import mark, tr
from ui.form.calm_fields import CalmComboBox
from ui.wizard.network.augmentation_presets import augmentation_presets

FAMILY_TITLES = {
    Family.GEOMETRY: mark("Place, size and direction"),
    Family.POLICY: mark("Policies: one at most"),
    Family.PIXELS: mark("Brightness, colour and grain"),
    Family.ERASING: mark("Hidden parts"),
    Family.MIXING: mark("Mixed images and labels"),
}
COLUMNS = 2
OWN_CHOICE = mark("Own choice")


class AugmentationChoice(QWidget):
    """The value is a tuple of keys in the order in which they are applied.

    Those that are there keep their order; one that is ticked joins them at its usual place.
    """

    changed = Signal(tuple)
    """The user chose these keys."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        """
        Args:
            name: of the field, that the boxes' object names begin with, such as "training.augment".
        """
        super().__init__(parent)
        self._names: tuple[str, ...] = ()
        self._colour = True
        self._preset = CalmComboBox(objectName=f"{name}.preset", accessibleName=tr("Kind of images"))
        for preset in augmentation_presets():
            self._preset.addItem(tr(preset.title))
        self._preset.addItem(tr(OWN_CHOICE))
        # Its longest title would make the page wider than a small window.
        self._preset.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._preset.setMinimumContentsLength(24)
        self._assumes = QLabel(objectName=f"{name}.assumes", wordWrap=True)
        self._assumes.setProperty("role", "hint")
        self._order = QLabel(objectName=f"{name}.order", wordWrap=True)
        self._order.setProperty("role", "hint")
        self._boxes: dict[str, QCheckBox] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._preset)
        layout.addLayout(self._grid(name))
        # Below the boxes, which would else move under the mouse.
        layout.addWidget(self._assumes)
        layout.addWidget(self._order)
        layout.addStretch()
        self._preset.activated.connect(self._on_preset)

    def editors(self) -> list[QWidget]:
        """The editors, in their order, for the Tab key."""
        return [self._preset, *self._boxes.values()]

    def show_names(self, names: tuple[str, ...], colour: bool) -> None:
        """Show these augmentations; does not count as a change.

        Args:
            colour: whether the images have colours.
        """
        self._names, self._colour = names, colour
        for key, box in self._boxes.items():
            box.blockSignals(True)
            box.setChecked(key in names)
            box.blockSignals(False)
        presets = augmentation_presets()
        chosen = next((place for place, one in enumerate(presets) if one.names(colour) == names), len(presets))
        self._preset.setCurrentIndex(chosen)
        self._preset.setToolTip(self._preset.currentText())
        own = chosen == len(presets)
        self._assumes.setText("" if own else tr("Assumes: {assumes}", assumes=tr(presets[chosen].assumes)))
        self._assumes.setVisible(not own)
        self._order.setText(
            tr("Applied in this order: {titles}.", titles=", ".join(tr(AUGMENTATIONS[key].title) for key in names))
        )
        self._order.setVisible(len(names) > 1)

    def _grid(self, name: str) -> QGridLayout:
        grid = QGridLayout()
        grid.setColumnStretch(COLUMNS, 1)
        keys = usual_order(AUGMENTATIONS)
        row = 0
        for family in Family:
            if members := [key for key in keys if AUGMENTATIONS[key].family is family]:
                grid.addWidget(QLabel(tr(FAMILY_TITLES[family])), row, 0, 1, COLUMNS)
                for place, key in enumerate(members):
                    self._boxes[key] = box = _box(AUGMENTATIONS[key], f"{name}.{key}")
                    box.toggled.connect(self._on_ticked)
                    grid.addWidget(box, row + 1 + place // COLUMNS, place % COLUMNS)
                row += 1 - (-len(members) // COLUMNS)
        return grid

    def _on_preset(self, place: int) -> None:
        presets = augmentation_presets()
        if place < len(presets):
            self._choose(presets[place].names(self._colour))
        else:
            # What is ticked is a preset, or the user's own: a name alone changes nothing.
            self.show_names(self._names, self._colour)

    def _on_ticked(self) -> None:
        ticked = [key for key, box in self._boxes.items() if box.isChecked()]
        kept = [key for key in self._names if key in ticked]
        for key in ticked:
            if key not in kept:
                kept.insert(_usual_place(key, kept), key)
        self._choose(tuple(kept))

    def _choose(self, names: tuple[str, ...]) -> None:
        self.show_names(names, self._colour)
        self.changed.emit(names)


def _usual_place(key: str, others: Sequence[str]) -> int:
    """Before the first that usually comes later."""
    order = usual_order(AUGMENTATIONS)
    return next((place for place, other in enumerate(others) if order.index(other) > order.index(key)), len(others))


def _box(kind: type[Augmentation], name: str) -> QCheckBox:
    box = QCheckBox(tr(kind.title), objectName=name)
    box.setAccessibleName(tr(kind.title))
    box.setToolTip(f"<p>{tr(kind.summary)}</p><p><b>{tr('Assumes:')}</b> {tr(kind.assumes)}</p><p>{tr(kind.paper)}</p>")
    return box
