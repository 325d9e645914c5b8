"""Runs a study with the example extension in a real engine child, and shows it in a dashboard and the wizard's form.

python -m tests.run_with_extension RECIPE RUNS   prints as JSON what they show then
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QApplication, QCheckBox, QLineEdit

from engine.contract.dataset_settings import DatasetSettings
from engine.contract.recipe_file import read_recipe
from engine.preferences.entries.theme_choice import ThemeChoice
from ui.dashboard.dashboard import Dashboard
from ui.lasting_constants import make_constants_last
from ui.theme import apply_theme
from ui.wizard.dataset.dataset_form import DatasetForm
from ui.wizard.network.augmentation_choice import AugmentationChoice
from workers.engine_process import EngineProcess


def main() -> int:
    make_constants_last()
    application = QApplication([])
    apply_theme(application, ThemeChoice.LIGHT)
    recipe = read_recipe(Path(sys.argv[1]))
    process = EngineProcess(recipe, Path(sys.argv[2]))
    dashboard = Dashboard()
    dashboard.show()
    for batch in process.batches():
        dashboard.take(batch)
    dashboard.end(process.outcome())
    while not dashboard.is_up_to_date():
        application.processEvents()
    panel: Any = dashboard.panels["kernel_norms"]
    form = DatasetForm(recipe.dataset, "dataset")
    noise = form.findChild(QLineEdit, "dataset.noise")
    choice = AugmentationChoice("training.augment")
    box = choice.findChild(QCheckBox, "training.augment.checkerboard")
    described = DatasetSettings.model_json_schema()["properties"]["noise"]
    shown = {
        "box": box.text() if box else None,
        "noise": noise.text() if noise else None,
        "in_schema": {key: described[key] for key in ("source", "unit")},
        "tab": dashboard.tabs.isTabVisible(dashboard.tabs.indexOf(panel)),
        "bars": [float(height) for height in panel.bars.opts["height"]],
        "evidence": {name: [one.kind for one in found.evidence] for name, found in dashboard.state.variants.items()},
        "exit_code": process.outcome().exit_code,
    }
    dashboard.shut_down()
    print(json.dumps(shown))
    return 0


if __name__ == "__main__":
    sys.exit(main())
