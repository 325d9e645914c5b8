"""What the engine really says is told in each language: no English words stay but names, whatever stands beside."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.language.languages import ENGLISH, language_of
from engine.language.sentence_recognition import PLAIN_WORD, recognised
from engine.language.speech import SPEECH
from tests.engine.language.spoken import spoken
from tests.languages.catalogues import TRANSLATED
from tests.languages.real_sentences import advice, doctor, errors
from ui.counts import counted

NAMES = re.compile(r"\"[^\"]*\"|\[[^\]]*\]|~?/\S+(?: \w+)*|Known: .*|known: .*|\S+ et al\.|Its runs: .*")
RUN = 3
"""So many English words beside each other are no name."""

ERROR = "a.toml: training.epochs = -3 cannot be used: it has to be at least 1."
CHOICES = 'scheme = "int9" cannot be used: use "int8" or "mixed".'
TABLE = {
    "fr": {
        'there is no key "sise" in [images]; did you mean "size"?': (
            'il n\'y a pas de clé "sise" dans [images] ; vouliez-vous dire "size" ?'
        ),
        "dataset.path: there is no folder or archive /a/or archive; check the path.": (
            "dataset.path : rien de tel (dossier ou archive) à /a/or archive ; vérifiez le chemin."
        ),
        ERROR: "a.toml : training.epochs = -3 ne peut pas servir : doit être au moins 1.",
        CHOICES: 'scheme = "int9" ne peut pas servir : utilisez "int8" ou "mixed".',
        "int8 has the highest accuracy 0.500 (0.290–0.710)": "int8 a la plus haute exactitude 0,500 (0,290–0,710)",
        'There is no variant "nope". Known: training, int8.': 'Inconnu (variante) : "nope". Connus : training, int8.',
        "AVX yes, AVX2 no": "AVX oui, AVX2 non",
    },
    "ru": {
        'there is no key "sise" in [images]; did you mean "size"?': 'ключа "sise" в [images] нет; может быть, "size"?',
        "dataset.path: there is no folder or archive /a/or archive; check the path.": (
            "dataset.path: не найдено: папка или архив /a/or archive; проверьте путь."
        ),
        ERROR: "a.toml: training.epochs = -3 не подходит: должно быть не меньше 1.",
        CHOICES: 'scheme = "int9" не подходит: используйте "int8" или "mixed".',
        "int8 has the highest accuracy 0.500 (0.290–0.710)": "int8 имеет наибольшую точность 0,500 (0,290–0,710)",
        "a.toml: seeds: the seed 1 is named twice; the same seed gives the same networks.": (
            "a.toml: seeds: зерно 1 названо дважды; одно зерно даёт одинаковые сети."
        ),
    },
    "ko": {
        'there is no key "sise" in [images]; did you mean "size"?': (
            '[images] 안에 "sise" 키가 없습니다; 혹시 "size"입니까?'
        ),
        ERROR: "a.toml: training.epochs = -3은(는) 사용할 수 없습니다: 1 이상이어야 합니다.",
        CHOICES: 'scheme = "int9"은(는) 사용할 수 없습니다: "int8" 또는 "mixed" 중에서 쓰십시오.',
    },
    "sr": {
        'there is no key "sise" in [images]; did you mean "size"?': (
            'нема кључа "sise" у [images]; да ли сте мислили "size"?'
        ),
        ERROR: "a.toml: training.epochs = -3 не може да се користи: мора бити најмање 1.",
        CHOICES: 'scheme = "int9" не може да се користи: користите "int8" или "mixed".',
    },
}


@pytest.fixture(params=TRANSLATED)
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    chosen = language_of(request.param)
    assert chosen is not None
    SPEECH.speak(chosen)
    yield request.param
    SPEECH.speak(ENGLISH)


def runs_of_words(english: str) -> set[str]:
    """Words beside each other in it that are no names."""
    found = set()
    for part in re.split(r"[^\w\s'’-]", NAMES.sub("|", english)):
        words = [word for word in part.split() if PLAIN_WORD.fullmatch(word)]
        found |= {" ".join(words[at : at + RUN]) for at in range(len(words) - RUN + 1)}
    return found


@pytest.mark.parametrize("code", TRANSLATED)
def test_sentences_of_every_kind_are_told_as_they_should_be(code: str) -> None:
    with spoken(code):
        for english, said in TABLE[code].items():
            assert recognised(english) == said


def test_no_english_stays_in_errors_advice_and_facts(language: str, tmp_path: Path) -> None:
    sentences = dict.fromkeys([*errors(tmp_path), *advice(), *doctor(tmp_path)])
    assert len(sentences) > 100
    left = {
        english: said
        for english in sentences
        for said in [recognised(english)]
        if any(run in said for run in runs_of_words(english))
    }
    assert left == {}


def test_a_line_is_told_the_same_whatever_stands_beside_it(language: str, tmp_path: Path) -> None:
    lines = list(dict.fromkeys(line for one in errors(tmp_path) for line in one.split("\n")))
    alone = [recognised(line) for line in lines]
    for beside in ("Something nobody wrote.", ERROR):
        for line, said in zip(lines, alone, strict=True):
            assert recognised(f"{beside}\n{line}").split("\n")[1:] == [said]
            assert recognised(f"{line}\n{beside}").split("\n")[:-1] == [said]


def test_numbers_have_the_signs_of_the_language(language: str) -> None:
    separator = SPEECH.catalogue.script.decimal
    for english in advice():
        if separator != ".":
            assert not re.search(r"\d\.\d{1,2}\b", recognised(english))


def test_a_count_takes_its_own_plural_in_russian() -> None:
    with spoken("ru"):
        assert [counted(count, "image") for count in (1, 32, 35)] == [
            "1 изображение",
            "32 изображения",
            "35 изображений",
        ]
