"""No page of the window shows English words or number signs in another language."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.languages.catalogues import CHECKOUT, TRANSLATED


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One study for all languages."""
    return tmp_path_factory.mktemp("pages")


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("code", TRANSLATED)
def test_pages_have_no_english(code: str, out: Path) -> None:
    command = [sys.executable, "-m", "tests.screens", str(out), "--only", "1024x700@1-light", "--language", code]
    drawn = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, encoding="utf-8")
    assert "pictures in" in drawn.stdout, drawn.stderr
    assert re.findall(r"^.*: English: .*$", drawn.stdout, re.MULTILINE) == []
