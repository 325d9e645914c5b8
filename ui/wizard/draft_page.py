"""The base of the wizard's pages: they show a draft, and say in one line what to do."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from engine.language.speech import tr
from ui.wizard.recipe_draft import RecipeDraft


class DraftPage(QWidget):
    """Shows the draft again whenever it changed; another than the current page waits until the wizard comes to it."""

    guide: ClassVar[str] = "recipe.md"
    """The page of the guide that explains it."""
    completeness_changed = Signal()
    """What the page waits for may be another now."""
    recipe_opened = Signal(object)
    """A `Recipe` to start a new study with."""
    place_chosen = Signal(object)
    """The `Finding` that was clicked: its page is wanted."""
    section_wanted = Signal(str)
    """The page of this section of the recipe is wanted, such as "search"."""

    def __init__(self, draft: RecipeDraft, what_to_do: str) -> None:
        super().__init__()
        self.what_to_do = what_to_do
        self._draft = draft
        self._is_current = False
        draft.changed.connect(self._on_draft_changed)

    def show_draft(self) -> None:
        """Bring every widget of the page up to the draft; must not change the draft."""
        raise NotImplementedError

    def waits_for(self) -> str:
        """Why the next page cannot be opened yet, as a sentence; empty when it can."""
        return ""

    @property
    def is_passed_over(self) -> bool:
        """Whether Next and Back go past the page: the study can do without it, and does."""
        return False

    @property
    def refusal(self) -> str:
        """Why the draft has not what was typed here, as it can have none such; empty where it has."""
        return ""

    @property
    def has_refused(self) -> bool:
        """Whether the page shows a value that the draft has not."""
        return bool(self.refusal)

    def discard_refused(self) -> None:
        """Show the draft instead of the values that it cannot have."""

    def set_runs_directory(self, path: Path) -> None:
        """Runs, and what they share, are kept there from now on."""

    def shut_down(self) -> None:
        """End the page's threads."""

    def enter(self) -> None:
        """The user comes to this page."""
        self._is_current = True
        self.show_draft()

    def leave(self) -> None:
        """The user goes to another page."""
        self._is_current = False

    def say_whether_complete(self, *_: object) -> None:
        """Let the wizard's buttons follow `waits_for`."""
        self.completeness_changed.emit()

    def _on_draft_changed(self) -> None:
        if self._is_current:
            self.show_draft()


def not_kept(refusal: str) -> str:
    """Says that a text is gone which the study could not have, and why it could not; empty where there was none."""
    return tr("What you typed was not kept. {refusal}", refusal=refusal) if refusal else ""
