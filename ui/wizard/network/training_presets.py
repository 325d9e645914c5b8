"""Training settings to choose as a whole; read from `resources/training_presets.toml`."""

from __future__ import annotations

import tomllib
from functools import lru_cache

from PySide6.QtCore import Qt, Signal

from engine.contract.section import Section
from engine.contract.training_settings import TrainingSettings
from engine.language.speech import mark, tr
from engine.launch.resources import RESOURCES
from ui.form.calm_fields import CalmComboBox

PRESETS_FILE = RESOURCES / "training_presets.toml"
OWN = mark("Own choice")


class TrainingPreset(Section):
    """All settings of a training, and where they come from."""

    title: str
    source: str
    assumes: str
    training: TrainingSettings


@lru_cache(maxsize=1)
def training_presets() -> tuple[TrainingPreset, ...]:
    """All presets, in the order of the file."""
    document = tomllib.loads(PRESETS_FILE.read_text(encoding="utf-8"))
    return tuple(TrainingPreset.model_validate(preset) for preset in document["presets"])


class TrainingPresetChoice(CalmComboBox):
    """The presets in a list; it shows which one the settings are, or that they are the user's own."""

    chosen = Signal(object)
    """The `TrainingSettings` of a preset that the user chose."""

    def __init__(self) -> None:
        super().__init__(objectName="training.preset", accessibleName=tr("Preset"))
        for preset in training_presets():
            self.addItem(tr(preset.title), preset)
            self.setItemData(
                self.count() - 1,
                f"{tr(preset.source)}. {tr(preset.assumes)}",
                Qt.ItemDataRole.ToolTipRole,
            )
        self.addItem(tr(OWN))
        self.activated.connect(self._on_activated)

    def show_settings(self, training: TrainingSettings) -> None:
        """Show the preset that these settings are."""
        place = next(
            (place for place, preset in enumerate(training_presets()) if preset.training == training), self.count() - 1
        )
        self.setCurrentIndex(place)
        self.setToolTip(str(self.itemData(place, Qt.ItemDataRole.ToolTipRole) or tr("Changed by hand.")))

    def _on_activated(self, place: int) -> None:
        preset = self.itemData(place)
        if isinstance(preset, TrainingPreset):
            self.chosen.emit(preset.training)
