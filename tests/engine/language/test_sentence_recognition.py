"""Sentences of the engine are found again by their templates; what users have written stays."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from engine.contract.dataset_settings import DatasetSettings
from engine.contract.errors import RecipeError
from engine.contract.recipe import Recipe
from engine.contract.recipe_file import read_recipe
from engine.language.catalogue import Catalogue
from engine.language.sentence_recognition import Recognition, recognised
from tests.engine.language.spoken import spoken
from tests.languages.catalogues import CHECKOUT, TRANSLATED
from tests.languages.pseudo import CLOSE, OPEN, pseudo_catalogue
from tests.languages.sentences import looks_like_a_sentence, sentences_of, sources
from ui.wording import in_window_words

MOST_MS = 5.0
"""For a sentence of the engine the first time; a window's turn has 50."""


@pytest.fixture(scope="module")
def bracketed(tmp_path_factory: pytest.TempPathFactory) -> Recognition:
    """Of a language that puts every text in brackets, with all texts of the engine."""
    return Recognition(pseudo_catalogue(tmp_path_factory.mktemp("pseudo")))


def test_an_error_of_a_real_recipe_is_told_in_french(tmp_path: Path) -> None:
    file = tmp_path / "study.toml"
    file.write_text('schema = 1\nname = "a"\n[training]\nepoch = 3\n', encoding="utf-8")
    with pytest.raises(RecipeError) as caught:
        read_recipe(file)
    english = str(caught.value)
    assert 'there is no key "epoch"' in english
    with spoken("fr"):
        said = recognised(english)
        assert 'il n\'y a pas de clé "epoch" dans [training] ; vouliez-vous dire "epochs"' in said
        assert "there is" not in said
    assert recognised(english) == english


def test_the_values_are_kept_and_numbers_take_the_signs_of_the_language(tmp_path: Path) -> None:
    missing = tmp_path / "Not saved.toml"
    with pytest.raises(RecipeError) as caught:
        read_recipe(missing)
    with spoken("ru"):
        # The file is called as a text of the program, and is not translated for that.
        assert recognised(str(caught.value)) == f"По пути {missing} нет рецепта; проверьте путь."
        assert recognised("+0.5 (-8.0 to +8.0)") == "+0,5 (от -8,0 до +8,0)"


def test_keys_of_a_recipe_become_titles_of_that_language() -> None:
    with spoken("sr"):
        said = in_window_words("group_by = csv needs a labels_csv with a column group")
        assert said == 'за "Држати заједно" = csv потребан је "Датотека ознака" с колоном group'


def test_sentences_are_told_one_by_one(bracketed: Recognition) -> None:
    said = bracketed.said("There is no recipe at a.toml; check the path. Something nobody wrote.")
    assert said == f"{OPEN}There is no recipe at a.toml; check the path.{CLOSE} Something nobody wrote."


def test_a_few_words_are_not_put_around_a_strange_sentence() -> None:
    """The unit alone would be translated, and make nonsense of the rest."""
    with spoken("ru"):
        assert recognised("7 epochs") == "эпох: 7"
        assert recognised("Nobody wrote this for 60 epochs") == "Nobody wrote this for 60 epochs"


@pytest.mark.parametrize("text", ["", "sick", "0.5", "my study", "/home/a/Images"])
def test_what_the_program_did_not_say_stays(bracketed: Recognition, text: str) -> None:
    assert bracketed.said(text) == text


def test_most_templates_are_found_again(bracketed: Recognition) -> None:
    """Filled with plain values; some of a few words fit others better, or are joined from parts."""
    tried = found = 0
    for file in sources(CHECKOUT):
        where = file.relative_to(CHECKOUT).as_posix()
        if where.startswith("engine/"):
            for one in sentences_of(file, CHECKOUT).translated:
                if "{" in one.english and looks_like_a_sentence(one.english) and not one.several:
                    tried += 1
                    found += OPEN in bracketed.said(_filled(one.english))
    assert tried > 700
    assert found / tried > 0.97


def test_it_takes_no_time_that_a_window_would_notice() -> None:
    recognition = Recognition(Catalogue(CHECKOUT / "resources" / "languages" / f"{TRANSLATED[0]}.mo"))
    sentences = [f"training.epochs = {number} cannot be used: it has to be below {number}." for number in range(50)]
    begun = time.perf_counter()
    for sentence in sentences:
        recognition.said(sentence)
    assert (time.perf_counter() - begun) / len(sentences) * 1000 < MOST_MS


def test_nothing_of_it_is_written(heart_folder: Path, tmp_path: Path) -> None:
    """Recipes stay as they are in every language: the engine does not know which one is spoken."""
    from engine.contract.recipe_file import recipe_text

    recipe = Recipe(name="a", dataset=DatasetSettings(kind="image_folder", path=str(heart_folder)))
    english = recipe_text(recipe)
    with spoken("ko"):
        assert recipe_text(recipe) == english


def _filled(template: str) -> str:
    from engine.language.sentence_recognition import FIELD, NUMBER_SPEC

    return FIELD.sub(lambda field: "7" if NUMBER_SPEC.fullmatch(field[2] or "") else "zebra", template)
