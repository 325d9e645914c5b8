"""The pages after the first. What they import is most of the window's, and it opens without them."""

from __future__ import annotations

from pathlib import Path

from ui.wizard.chains.chains_page import ChainsPage
from ui.wizard.draft_page import DraftPage
from ui.wizard.images.images_page import ImagesPage
from ui.wizard.network.backbone_page import BackbonePage
from ui.wizard.recipe_draft import RecipeDraft
from ui.wizard.review.review_page import ReviewPage
from ui.wizard.search.search_page import SearchPage


def later_page(number: int, draft: RecipeDraft, runs_directory: Path) -> DraftPage:
    """Page `number`, counted from 0, which is the one that is not here."""
    make = (
        lambda: ImagesPage(draft),
        lambda: BackbonePage(draft, runs_directory),
        lambda: ChainsPage(draft),
        lambda: SearchPage(draft),
        lambda: ReviewPage(draft, runs_directory),
    )
    return make[number - 1]()
