"""What the wizard's pages have in common: they show a draft, and say in one line what to do."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWizardPage

from ui.wizard.recipe_draft import RecipeDraft


class DraftPage(QWizardPage):
    """Shows the draft again whenever it changed; another than the current page waits until the wizard comes to it."""

    recipe_opened = Signal(object)
    """A `Recipe` to begin anew with."""
    place_chosen = Signal(object)
    """The `Finding` that was clicked: its page is wanted."""

    def __init__(self, draft: RecipeDraft, title: str, what_to_do: str) -> None:
        super().__init__()
        self.setTitle(title)
        self.setSubTitle(what_to_do)
        self._draft = draft
        draft.changed.connect(self._on_draft_changed)

    def show_draft(self) -> None:
        """Bring every widget of the page up to the draft; must not change the draft."""
        raise NotImplementedError

    def set_runs_directory(self, path: Path) -> None:
        """Runs, and what they share, are kept there from now on."""

    def shut_down(self) -> None:
        """End the page's threads."""

    def _on_draft_changed(self) -> None:
        wizard = self.wizard()
        if wizard is not None and wizard.currentPage() is self:
            self.show_draft()
