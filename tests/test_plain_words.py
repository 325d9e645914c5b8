"""Wordings that readers stumbled over do not come back; `resources/docs/style.md` has the words that we use."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

STUMBLED_OVER = (
    "A run is going on",
    "Going on.",
    "Nothing speaks against",
    "speaks against their figures",
    "One a folder",
    "draw others",
    "Images a class at most",
    "Made again from",
    "counts the more",
    "beside the gradient",
    "and they are told",
    "last words",
    "gained it",
    "Where from",
    "none of its own",
    "Look again",
    "Look at every image",
    "no image that Pillow can read",
    "hold accuracies against",
    "of 64 bits apart",
    "leave the copies out with",
    "Fed as ticked",
    "space gain; as it came",
    "A model file of Keras",
    "found that fit",
    "as no run has measured this machine yet",
    "checking the promise",
    "Stop and keep",
    "the study's)",
    "what the integers reach",
    "Repeat this study",
    "Edit recipe",
    "unable to parse string",
    "decisions of the network",
    "Softens the decisions",
    "softened decisions",
    "One a round",
    "Distinct values a kernel",
    "labels an image",
    "values an image",
    "a scheme a layer",
    "a scale a channel",
    "Four bits a weight",
    "One label a line",
    "Images a second",
    "It falls as a cosine",
    "÷10 twice",
    "ave it anew",
    "save the model anew",
    "run its recipe anew",
    "begins anew",
    "so that nobody knows",
    "tells two classes apart",
    "has nothing left of such an image",
    "gone on with",
    "going on after epoch",
    "recipe again to go on.",
    "take the pattern out",
    "goes over to",
    "read rightly",
    "is no finite number",
    "is no saved model",
    "is no value;",
    "is no key with",
    "is no image file by its name",
    "lies in no class folder",
    "in no class, and will",
    "is there twice; join",
    "stands in brackets",
    "text stands in quotes",
    "shared out as they would be",
    "two are needed at least",
    "There is one class only",
    "names one class only",
    "Training with int8's rounding",
    "while it computes as int8 will",
    "Lets each kernel have few",
    "to carry to other images; put",
    "Feed and read floats",
    "Take back by the biases",
    "Of sgd, as Nesterov",
    "for so many epochs",
    "What this backbone alone can be told",
    "has no say",
    "is finished; online",
    "as far as the student is",
    "Delete for good",
    "cannot be brought back",
    "Progress of the look at",
    "Keeps the run from",
    "it may not give what you want",
    "Images that are there twice",
    "Click shows both",
    "words, with commas",
    "Not taken out of",
    "with its unit in its name",
    "What can be done with this plot",
    "a double click resets",
    "that it is indented below",
    "Epochs and batches that are done",
    "what some of its lines told",
    "what they told is missing",
    "is shown as it goes",
    "was there from earlier runs",
    "What was not used for the longest time",
    "this Pillow was built",
    "For those who carry on",
    "as it comes out of one recipe",
    "A figure is worth what",
    "asked what it was told",
    "stretched by its own extremes",
    "where yours are",
    "For deep trees: mark",
    "tell apart; mark",
    "these two stay",
    "undone by no undo",
    "by which it is believed",
    "decide the same",
    "of nobody known",
)
A_FOR_PER = re.compile(
    r"\b(values|labels|updates|bits|bytes|steps|chains|images|scales) an? "
    r"(class|image|kernel|channel|weight|layer|round|setting|epoch|stage|batch|second|line)\b"
)
"""As in "images a second"; a verb may look the same, as in "scales a layer"."""
SAME_NAMES = frozenset({"__init__", "main", "parameters", "step", "evidence"})
"""Of files: what registries ask for, and the two programs."""
PLACES = ("engine", "ui", "workers", "resources", "main.py", "README.md", "CONTRIBUTING.md")


@pytest.fixture(scope="module")
def texts(checkout: Path) -> dict[Path, str]:
    files = [
        file
        for place in PLACES
        for file in ([checkout / place] if (checkout / place).is_file() else (checkout / place).rglob("*"))
        if file.suffix in (".py", ".md", ".toml")
    ]
    assert len(files) > 300
    return {file: file.read_text(encoding="utf-8") for file in files}


@pytest.mark.parametrize("wording", STUMBLED_OVER)
def test_it_is_gone(texts: dict[Path, str], checkout: Path, wording: str) -> None:
    assert [str(file.relative_to(checkout)) for file, text in texts.items() if wording in text] == []


def test_it_is_per_and_not_a(texts: dict[Path, str], checkout: Path) -> None:
    found = [
        f"{file.relative_to(checkout)}: {one[0]}" for file, text in texts.items() for one in A_FOR_PER.finditer(text)
    ]
    assert found == []


def test_no_two_classes_and_no_two_files_have_one_name(texts: dict[Path, str]) -> None:
    sources = {file: text for file, text in texts.items() if file.suffix == ".py" and "resources" not in file.parts}
    classes = Counter(
        node.name for text in sources.values() for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ClassDef)
    )
    files = Counter(file.stem for file in sources if file.stem not in SAME_NAMES)
    assert [name for name, count in (classes + files).items() if count > 1] == []
    assert not classes.keys() & {"Border", "Bench", "Twins", "Turn"}
