"""Page 5, which may be left out: "Find it for me" tries settings of the study, and keeps the best files."""

from __future__ import annotations

from pydantic import ValidationError
from PySide6.QtWidgets import QCheckBox, QLabel, QVBoxLayout

from engine.contract.recipe import Recipe
from engine.contract.search_settings import SearchSettings
from engine.language.sentence_recognition import recognised
from engine.language.speech import mark, tr
from engine.search.search_space import NOTHING_VARIES, SearchSpace
from ui.counts import counted
from ui.message_bar import MessageBar
from ui.search_text import limits_text
from ui.wizard.draft_page import DraftPage
from ui.wizard.recipe_draft import RecipeDraft
from ui.wizard.search.search_form import SearchForm
from workers.latest_call import LatestCall

EXPLAINED = mark(
    "Each trial trains and compresses with other values; beginnings that trials share are trained once. It finds the "
    "files that no other beats in all that is ticked. Accuracy is judged by the validation images, so that the test "
    "images stay unseen."
)
LOOKS = mark("What may vary is being looked at.")
OFF = mark("Off: the study is computed as it is written.")


class SearchPage(DraftPage):
    """A switch, and behind it the goals, the limits and what may vary."""

    guide = "search.md"

    def __init__(self, draft: RecipeDraft) -> None:
        what_to_do = tr(
            "Optional: let the program try settings and keep the best files. Say what matters and what may vary."
        )
        super().__init__(draft, what_to_do)
        self._kept: SearchSettings | None = None
        """The last search, for when it is switched on again."""
        self._refusal = self._fault = ""
        """Why what is typed is no search; and why the study has not what the search varies."""
        self._looks = False
        self._on = QCheckBox(tr("&Find it for me: try settings, and keep the best files"), objectName="search.on")
        self._form = SearchForm()
        self._says = QLabel(tr(OFF), objectName="search.says", wordWrap=True)
        self._message = MessageBar("search.message")
        self._space = LatestCall("search-space", self)
        explained = QLabel(tr(EXPLAINED), wordWrap=True)
        explained.setProperty("role", "hint")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(9, 6, 9, 6)
        for widget in (self._on, explained, self._form, self._says, self._message):
            layout.addWidget(widget)
        layout.addStretch()
        draft.begun.connect(self._on_begun)
        self._on.clicked.connect(self._on_switched)
        self._form.edited.connect(self._on_edited)
        self._space.succeeded.connect(self._on_counted)
        self._space.failed.connect(self._on_faulty)

    @property
    def is_passed_over(self) -> bool:
        return self._draft.recipe.search is None and not self._refusal

    @property
    def refusal(self) -> str:
        return self._refusal

    def discard_refused(self) -> None:
        self._refusal = ""
        self.show_draft()

    def waits_for(self) -> str:
        if self._refusal or self._fault:
            return tr("The search cannot run yet; the message on its page says why.")
        return tr(LOOKS) if self._looks else ""

    def show_draft(self) -> None:
        recipe = self._draft.recipe
        self._kept = recipe.search or self._kept
        self._on.setChecked(recipe.search is not None or bool(self._refusal))
        self._form.setEnabled(self._on.isChecked())
        if not self._refusal:
            self._form.show_search(recipe.model_copy(update={"search": self._kept}))
        self._look()
        self._say()

    def shut_down(self) -> None:
        """End the thread that looks at what may vary."""
        self._space.shut_down()

    def _on_begun(self) -> None:
        self._kept, self._refusal = None, ""

    def _on_draft_changed(self) -> None:
        super()._on_draft_changed()
        if not self._is_current:
            # A chain that the search varies may have gone.
            self._look()

    def _on_switched(self, on: bool) -> None:
        self._refusal = ""
        if on:
            self._on_edited()
        else:
            self._draft.change(search=None)
            self.show_draft()

    def _on_edited(self) -> None:
        try:
            search = self._form.search()
        except ValidationError as error:
            self._refusal = self._form.sentence(error)
            self.show_draft()
            return
        was_refused, self._refusal = self._refusal, ""
        if search != self._draft.recipe.search:
            self._draft.change(search=search)
        elif was_refused:
            self.show_draft()

    def _look(self) -> None:
        """Beside the event loop: the orders of a chain's steps may be many."""
        recipe = self._draft.recipe
        self._looks, self._fault = recipe.search is not None, ""
        if self._looks:
            if self._says.text() == tr(OFF):
                self._says.setText("")
            self._space.request(lambda _: _told(recipe))
        else:
            self._space.call_off()
            self._says.setText(tr(OFF))

    def _on_counted(self, told: str) -> None:
        self._looks = False
        self._says.setText(told)
        self._say()

    def _on_faulty(self, sentence: str) -> None:
        self._looks, self._fault = False, _in_words_of_the_page(sentence)
        self._says.setText("")
        self._say()

    def _say(self) -> None:
        self._message.say(self._refusal or self._fault)
        self.say_whether_complete()


def _in_words_of_the_page(sentence: str) -> str:
    """Without the recipe's own key: the places stand on the page."""
    if sentence.startswith(NOTHING_VARIES):
        return tr("Nothing may vary; tick a setting.")
    return recognised(sentence).replace('search.vary."', '"').replace("search.vary: ", "")


def _told(recipe: Recipe) -> str:
    assert recipe.search is not None
    points = SearchSpace.of(recipe).points
    return tr(
        "On: chooses among {among}, for {limits}. Review says how long a trial takes.",
        among=tr("any number of combinations") if points is None else counted(points, "combination"),
        limits=limits_text(recipe.search),
    )
