"""Loads what the window will need next, while a new user still reads the first page."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from engine.contract.augmentation import AUGMENTATIONS
from engine.contract.backbone_options import BACKBONE_OPTIONS
from engine.contract.declared_properties import declared_properties
from engine.contract.errors import NutshellError
from engine.contract.recipe import Recipe
from engine.contract.section import Section
from engine.contract.step_parameters import STEP_PARAMETERS
from ui.wizard.study_wizard import StudyWizard

QUIET_MS = 200
"""After the first paint."""


class EarlyLoading(QObject):
    """Imports beside the event loop, where it would stop the window for a second; then makes one page at a time, and
    keeps the cache of images within its limit."""

    _imported = Signal()

    def __init__(self, wizard: StudyWizard, tidy: Callable[[], None] = lambda: None) -> None:
        """`tidy`: done in the same thread, after all is imported."""
        super().__init__(wizard)
        self._tidy = tidy
        self._wizard = wizard
        self._imported.connect(self._make_page)
        QTimer.singleShot(QUIET_MS, self, self._start)

    def _start(self) -> None:
        threading.Thread(target=self._import, args=(self._wizard.recipe(),), name="early-loading", daemon=True).start()

    def _import(self, recipe: Recipe) -> None:
        # These are slow to import themselves.
        import ui.about.about_dialog
        import ui.bench.bench_page
        import ui.dashboard.dashboard
        import ui.doctor_dialog
        import ui.guide.guide_texts
        import ui.help_window
        import ui.preferences.preferences_dialog
        import ui.wizard.later_pages
        from engine.backbones.backbone import BACKBONES
        from engine.workbench.step import STEPS

        for registry in (BACKBONES, BACKBONE_OPTIONS, STEPS, STEP_PARAMETERS, AUGMENTATIONS):
            registry.keys()
        for name in Recipe.model_fields:
            if isinstance(section := getattr(recipe, name), Section):
                declared_properties(type(section))
        # Not before all are imported: a page that is made beside an import waits for the interpreter at every call.
        self._imported.emit()
        with contextlib.suppress(OSError):
            ui.guide.guide_texts.read_ahead()
        with contextlib.suppress(NutshellError, OSError):
            self._tidy()

    def _make_page(self) -> None:
        if self._wizard.make_next_page():
            QTimer.singleShot(0, self, self._make_page)
