"""Wordings that readers stumbled over do not come back; `resources/docs/style.md` has the words that we use."""

from __future__ import annotations

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
)
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
