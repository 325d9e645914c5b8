"""What the wizard's pages have in common: they show a draft, and say in one line what to do."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QApplication, QWizardPage

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
        self._said_complete: bool | None = None
        """What the wizard's buttons know of this page; None: nothing yet."""
        draft.changed.connect(self._on_draft_changed)

    def show_draft(self) -> None:
        """Bring every widget of the page up to the draft; must not change the draft."""
        raise NotImplementedError

    def set_runs_directory(self, path: Path) -> None:
        """Runs, and what they share, are kept there from now on."""

    def shut_down(self) -> None:
        """End the page's threads."""

    def initializePage(self) -> None:
        super().initializePage()
        self._said_complete = None

    def say_whether_complete(self, *_: object) -> None:
        """Let the wizard's buttons follow `isComplete`.

        `QWizard` hides the page while it updates them, and what was typed in loses the focus: so it is told only where
        something has changed, and the focus is put back.
        """
        complete = self.isComplete()
        if complete == self._said_complete:
            return
        self._said_complete = complete
        focus = QApplication.focusWidget()
        self.completeChanged.emit()
        if focus is not None and focus is not QApplication.focusWidget() and self.isAncestorOf(focus):
            focus.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_draft_changed(self) -> None:
        wizard = self.wizard()
        if wizard is not None and wizard.currentPage() is self:
            self.show_draft()
