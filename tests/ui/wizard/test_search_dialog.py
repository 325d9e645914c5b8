"""Find it for me: goals, limits and places become a search of the recipe, and back."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QCheckBox, QDialogButtonBox, QLabel, QLineEdit, QPushButton, QSpinBox
from pytestqt.qtbot import QtBot

from engine.contract.recipe import ChainSettings, Recipe
from engine.contract.search_settings import SearchRange, SearchSettings
from engine.search.suggested_places import suggested_places
from ui.values_text import typed_values, values_text
from ui.wizard.review.search_dialog import SearchDialog

STUDY = Recipe(
    chains=(
        ChainSettings(
            name="PQ",
            steps=(
                {"step": "magnitude_pruning", "sparsity": 0.8},
                {"step": "post_training_quantization", "scheme": "int8"},
            ),
        ),
    )
)


def opened(qtbot: QtBot, recipe: Recipe) -> SearchDialog:
    dialog = SearchDialog(recipe)
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def taken(qtbot: QtBot, dialog: SearchDialog) -> SearchSettings:
    with qtbot.waitSignal(dialog.accepted_search) as accepted:
        dialog.findChild(QPushButton, "search.take").click()
    return accepted.args[0]


def test_what_costs_no_baseline_of_its_own_varies_at_first(qtbot: QtBot) -> None:
    search = taken(qtbot, opened(qtbot, STUDY))
    assert search.objectives == ("validation_accuracy", "zip_bytes")
    assert search.vary == {
        "chains.PQ.0.sparsity": SearchRange(low=0.3, high=0.95),
        "chains.PQ.1.scheme": ("float16", "dynamic_range", "int8"),
    }


def test_goal_floor_time_and_values_are_those_of_the_dialog(qtbot: QtBot) -> None:
    dialog = opened(qtbot, STUDY)
    dialog.findChild(QCheckBox, "search.goal.zip_bytes").setChecked(False)
    dialog.findChild(QCheckBox, "search.goal.latency_p50_ms").setChecked(True)
    dialog.findChild(QLineEdit, "search.floor").setText("0.85")
    dialog.findChild(QSpinBox, "search.minutes").setValue(90)
    dialog.findChild(QCheckBox, "search.place.images.size").setChecked(True)
    dialog.findChild(QLineEdit, "search.values.images.size").setText("64, 96")
    search = taken(qtbot, dialog)
    assert search.objectives == ("validation_accuracy", "latency_p50_ms")
    assert search.floors == {"validation_accuracy": 0.85}
    assert (search.minutes, search.trials, search.trial_limit) == (90, 0, None)
    assert search.vary["images.size"] == (64, 96)
    again = taken(qtbot, opened(qtbot, STUDY.model_copy(update={"search": search})))
    assert again == search


@pytest.mark.parametrize(
    ("line", "typed", "said"),
    [
        ("search.floor", "much", "floors"),
        ("search.values.chains.PQ.0.sparsity", "0.5, 1.7", "sparsity"),
        ("search.values.chains.PQ.0.sparsity", "0.9 to 0.5", "low has to be below high"),
        ("search.values.chains.PQ.1.scheme", "int7", "scheme"),
        ("search.values.chains.PQ.1.scheme", "", "no values to choose from"),
    ],
)
def test_a_value_that_cannot_be_keeps_the_dialog_open(qtbot: QtBot, line: str, typed: str, said: str) -> None:
    dialog = opened(qtbot, STUDY)
    dialog.findChild(QLineEdit, line).setText(typed)
    dialog.findChild(QPushButton, "search.take").click()
    assert dialog.isVisible()
    assert said in dialog.findChild(QLabel, "search.message").text().lower()


def test_a_search_can_be_taken_out_again(qtbot: QtBot) -> None:
    assert not opened(qtbot, STUDY).findChild(QPushButton, "search.none").isEnabled()
    search = SearchSettings(vary={"images.size": (32, 64)}, objectives=("accuracy", "macs"))
    dialog = opened(qtbot, STUDY.model_copy(update={"search": search}))
    # What the dialog has no box for stays.
    assert set(taken(qtbot, dialog).objectives) == {"accuracy", "macs"}
    dialog = opened(qtbot, STUDY.model_copy(update={"search": search}))
    with qtbot.waitSignal(dialog.accepted_search) as accepted:
        dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Cancel).isEnabled()
        dialog.findChild(QPushButton, "search.none").click()
    assert accepted.args == [None]


@pytest.mark.parametrize(
    "values", [(64, 96), ("int8", "float16"), SearchRange(low=0.3, high=0.95), SearchRange(low=8, high=64, step=8)]
)
def test_values_are_read_as_they_are_shown(values: object) -> None:
    read = SearchSettings(vary={"images.size": typed_values(values_text(values))})  # type: ignore[arg-type]
    assert read.vary["images.size"] == values


def test_every_suggestion_fits_its_recipe() -> None:
    from engine.search.search_space import SearchSpace

    for one in suggested_places(STUDY):
        search = SearchSettings(vary={one.place: one.values})
        assert SearchSpace.of(STUDY.model_copy(update={"search": search})).places
