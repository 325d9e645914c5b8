"""Page 5, "Find it for me": goals, limits and places become the study's search, and back."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QLabel, QLineEdit, QListWidget

from engine.contract.recipe import ChainSettings, Recipe
from engine.contract.search_settings import SearchRange, SearchSettings
from engine.search.search_space import SearchSpace
from engine.search.suggested_places import suggested_places
from tests.ui.wizard.conftest import OpenWizard
from ui.values_text import typed_values, values_text
from ui.wizard.chains.chain_names import name_of_steps
from ui.wizard.study_wizard import PAGE_OF_SECTION, PAGES

STEPS = (
    {"step": "magnitude_pruning", "sparsity": 0.8},
    {"step": "post_training_quantization", "scheme": "int8"},
)
CHAINS = (ChainSettings(name="PQ", steps=STEPS),)
STUDY = Recipe(chains=CHAINS)


@pytest.fixture
def search_page(open_wizard: OpenWizard) -> OpenWizard:
    """With one chain of two steps."""
    open_wizard.wizard._draft.change(chains=CHAINS)
    open_wizard.next(3)
    open_wizard.click("wizard.step5")
    return open_wizard


def tick(opened: OpenWizard, name: str) -> None:
    """Or take the tick away; a box is as wide as its column, and only its text can be hit."""
    opened.child(QCheckBox, name).click()


def switch_on(opened: OpenWizard) -> None:
    tick(opened, "search.on")


def told(opened: OpenWizard) -> str:
    """What the page says of the search, once it has looked."""
    opened.qtbot.waitUntil(lambda: not opened.wizard.current_page._looks)
    return opened.child(QLabel, "search.says").text()


def test_next_and_back_go_past_it_until_the_study_has_a_search(open_wizard: OpenWizard) -> None:
    open_wizard.next(4)
    assert open_wizard.wizard.page_number == PAGES - 1
    open_wizard.back()
    assert open_wizard.wizard.page_number == PAGE_OF_SECTION["chains"]
    open_wizard.next()
    open_wizard.click("review.search")
    assert open_wizard.wizard.page_number == PAGE_OF_SECTION["search"]
    switch_on(open_wizard)
    told(open_wizard)
    open_wizard.next()
    open_wizard.back()
    assert open_wizard.wizard.page_number == PAGE_OF_SECTION["search"]


def test_what_costs_no_baseline_of_its_own_varies_at_first(search_page: OpenWizard) -> None:
    assert not search_page.child(QLineEdit, "search.minutes").isEnabled()
    switch_on(search_page)
    search = search_page.recipe.search
    assert search is not None
    assert search.objectives == ("validation_accuracy", "zip_bytes")
    assert search.vary == {
        "chains.PQ.0.sparsity": SearchRange(low=0.3, high=0.95),
        "chains.PQ.1.scheme": ("float16", "dynamic_range", "int8"),
    }
    assert told(search_page) == (
        "On: chooses among any number of combinations, for 40 trials. Review says how long a trial takes."
    )


def test_goal_floor_time_and_values_are_those_of_the_page(search_page: OpenWizard) -> None:
    switch_on(search_page)
    tick(search_page, "search.goal.zip_bytes")
    tick(search_page, "search.goal.latency_p50_ms")
    search_page.write("search.floor", "0.85")
    search_page.write("search.minutes", "0.5")
    tick(search_page, "search.stop_weak")
    tick(search_page, "search.place.images.size")
    search_page.write("search.values.images.size", "64, 96")
    tick(search_page, "search.place.chains.PQ.0.sparsity")
    search = search_page.recipe.search
    assert search is not None
    assert search.objectives == ("validation_accuracy", "latency_p50_ms")
    assert search.floors == {"validation_accuracy": 0.85}
    assert (search.minutes, search.trials, search.trial_limit) == (0.5, 0, None)
    assert not search.stop_weak, "the usual is to stop them"
    assert search.vary == {"images.size": (64, 96), "chains.PQ.1.scheme": ("float16", "dynamic_range", "int8")}
    assert told(search_page).startswith("On: chooses among 6 combinations, for 0.5 minutes.")


@pytest.mark.parametrize(
    ("line", "typed", "said"),
    [
        ("search.floor", "much", "least accuracy: "),
        ("search.floor", "80", "80 % is 0.8"),
        ("search.minutes", "soon", "minutes: "),
        ("search.trials", "-3", "trials: "),
        ("search.values.chains.PQ.0.sparsity", "0.5, 1.7", "sparsity"),
        ("search.values.chains.PQ.0.sparsity", "0.9 to 0.5", "low has to be below high"),
        ("search.values.chains.PQ.1.scheme", "int7", "scheme"),
        ("search.values.chains.PQ.1.scheme", "", "no values to choose from"),
    ],
)
def test_a_value_that_cannot_be_keeps_the_study_from_running(
    search_page: OpenWizard, line: str, typed: str, said: str
) -> None:
    switch_on(search_page)
    before = search_page.child(QLineEdit, line).text()
    search_page.child(QLineEdit, line).setFocus()
    search_page.child(QLineEdit, line).selectAll()
    search_page.qtbot.keyClick(search_page.child(QLineEdit, line), Qt.Key.Key_Delete)
    search_page.qtbot.keyClicks(search_page.child(QLineEdit, line), typed)
    message = search_page.child(QLabel, "search.message")
    search_page.qtbot.waitUntil(lambda: said in message.text().lower())
    assert search_page.child(QLineEdit, line).text() == typed
    assert not search_page.can_go_on
    while search_page.child(QLineEdit, line).text() != before:
        assert search_page.wizard.undo_action.isEnabled()
        search_page.wizard.undo_action.trigger()
    told(search_page)
    assert search_page.can_go_on


def test_nothing_ticked_is_told_in_words_of_the_page(search_page: OpenWizard) -> None:
    switch_on(search_page)
    tick(search_page, "search.place.chains.PQ.0.sparsity")
    tick(search_page, "search.place.chains.PQ.1.scheme")
    message = search_page.child(QLabel, "search.message")
    search_page.qtbot.waitUntil(lambda: message.text() == "Nothing may vary; tick a setting.")


def test_a_list_that_is_typed_is_undone_at_once(search_page: OpenWizard) -> None:
    switch_on(search_page)
    tick(search_page, "search.place.images.size")
    line = search_page.child(QLineEdit, "search.values.images.size")
    before = line.text()
    line.selectAll()
    search_page.qtbot.keyClicks(line, "16, 32, 48")
    search_page.wizard.undo_action.trigger()
    assert line.text() == before


def test_a_text_stays_as_it_is_typed(search_page: OpenWizard) -> None:
    switch_on(search_page)
    line = search_page.child(QLineEdit, "search.values.chains.PQ.1.scheme")
    line.setFocus()
    line.selectAll()
    for length, key in enumerate("int8,  float16", start=1):
        search_page.qtbot.keyClicks(line, key)
        assert line.text() == "int8,  float16"[:length]
        assert line.hasFocus()
    search = search_page.recipe.search
    assert search is not None
    assert search.vary["chains.PQ.1.scheme"] == ("int8", "float16")


def test_a_search_is_switched_off_and_on_again_as_it_was(search_page: OpenWizard) -> None:
    known = SearchSettings(vary={"images.size": (32, 64)}, objectives=("accuracy", "macs"), sampler="random")
    search_page.wizard._draft.change(search=known)
    assert search_page.child(QCheckBox, "search.on").isChecked()
    switch_on(search_page)
    assert search_page.recipe.search is None
    assert told(search_page) == "Off: the study is computed as it is written."
    assert search_page.can_go_on
    switch_on(search_page)
    # What the page has no field for stays.
    assert search_page.recipe.search == known
    search_page.qtbot.keyClick(search_page.wizard, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert search_page.recipe.search is None


def test_a_chain_that_goes_is_told_and_keeps_the_study_from_running(search_page: OpenWizard) -> None:
    switch_on(search_page)
    told(search_page)
    search_page.next()
    search_page.wizard._draft.change(chains=(ChainSettings(name="other", steps=STEPS),))
    search_page.qtbot.waitUntil(lambda: not search_page.can_go_on)
    waits = search_page.child(QLabel, "wizard.waits")
    search_page.qtbot.waitUntil(lambda: waits.text() == "The search cannot run yet; the message on its page says why.")
    search_page.click("review.search")
    assert "PQ" in search_page.wait_for_message("search.message")
    tick(search_page, "search.place.chains.PQ.0.sparsity")
    tick(search_page, "search.place.chains.PQ.1.scheme")
    tick(search_page, "search.place.chains.other.0.sparsity")
    told(search_page)
    assert search_page.can_go_on, search_page.child(QLabel, "search.message").text()


def test_another_study_has_no_search_of_the_one_before(search_page: OpenWizard) -> None:
    switch_on(search_page)
    search_page.write("search.minutes", "7")
    search_page.wizard.set_recipe(STUDY.model_copy(update={"dataset": search_page.recipe.dataset, "name": "second"}))
    search_page.next(3)
    search_page.click("wizard.step5")
    assert not search_page.child(QCheckBox, "search.on").isChecked()
    assert search_page.child(QLineEdit, "search.minutes").text() == ""


@pytest.mark.parametrize(
    "values", [(64, 96), ("int8", "float16"), SearchRange(low=0.3, high=0.95), SearchRange(low=8, high=64, step=8)]
)
def test_values_are_read_as_they_are_shown(values: object) -> None:
    read = SearchSettings(vary={"images.size": typed_values(values_text(values))})  # type: ignore[arg-type]
    assert read.vary["images.size"] == values


def test_every_suggestion_fits_its_recipe() -> None:
    for one in suggested_places(STUDY):
        search = SearchSettings(vary={one.place: one.values})
        assert SearchSpace.of(STUDY.model_copy(update={"search": search})).places


def renamed(opened: OpenWizard, name: str) -> None:
    """Page 4's only chain, by hand: F2's editor in the list."""
    listed = opened.child(QListWidget, "chains.list")
    opened.click("chains.rename")
    editor = listed.findChild(QLineEdit)
    assert editor is not None
    editor.selectAll()
    QTest.keyClicks(editor, name)
    QTest.keyClick(editor, Qt.Key.Key_Return)
    opened.qtbot.waitUntil(lambda: opened.recipe.chains[0].name == name)


def test_a_renamed_chain_is_searched_as_before_with_what_was_typed(search_page: OpenWizard) -> None:
    switch_on(search_page)
    line = search_page.child(QLineEdit, "search.values.chains.PQ.0.sparsity")
    line.selectAll()
    QTest.keyClicks(line, "0.5, 0.6")
    before = told(search_page)
    search_page.click("wizard.step4")
    renamed(search_page, "New name")
    search_page.click("wizard.step5")
    assert told(search_page) == before
    kept = search_page.child(QLineEdit, "search.values.chains.New name.0.sparsity")
    assert kept.text() == "0.5, 0.6"
    assert search_page.recipe.search is not None
    assert list(search_page.recipe.search.vary) == ["chains.New name.0.sparsity", "chains.New name.1.scheme"]


def test_steps_that_go_and_chains_that_name_themselves_take_the_places_along(search_page: OpenWizard) -> None:
    chain = ChainSettings(name=name_of_steps(CHAINS[0].steps), steps=CHAINS[0].steps)
    search_page.wizard._draft.change(chains=(chain,))
    switch_on(search_page)
    told(search_page)
    search_page.click("wizard.step4")
    search_page.child(QListWidget, "steps.list").setCurrentRow(0)
    search_page.click("steps.remove")
    left = search_page.recipe.chains[0]
    assert left.name == name_of_steps(chain.steps[1:]) != chain.name
    assert search_page.recipe.search is not None
    assert list(search_page.recipe.search.vary) == [f"chains.{left.name}.0.scheme"]
