"""`check` of any recipe at all ends with 0 or 2 and a sentence, in two seconds."""

from __future__ import annotations

import copy
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.contract.backbone_options import BACKBONE_OPTIONS
from engine.contract.backbone_settings import BackboneSettings
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.image_settings import DwtSettings, ImageGrid
from engine.contract.recipe import Recipe
from engine.contract.step_parameters import STEP_PARAMETERS
from engine.contract.training_settings import TrainingSettings
from engine.datasets.source import DATASETS
from ui.terminal.command_line import command_line

MAX_S = 2.0
EXAMPLES, SLOW_EXAMPLES = 60, 2000
LINES_A_FAULT = 2
TABLES = {
    "dataset": DatasetSettings,
    "images": ImageGrid,
    "backbone": BackboneSettings,
    "training": TrainingSettings,
}
BASE: dict[str, Any] = {
    "schema": 1,
    "name": "fuzzed",
    "dataset": {"kind": "phantom", "limit_per_class": 8},
    "images": {"size": 32, "color": "grayscale", "dwt": {"wavelet": "haar", "subbands": ["LL"]}},
    "backbone": {"kind": "resnet8", "width": 0.25},
    "training": {"epochs": 1},
    "chains": [
        {
            "name": "all",
            "steps": [
                {"step": "magnitude_pruning", "sparsity": 0.5},
                {"step": "post_training_quantization", "scheme": "int8"},
            ],
        }
    ],
}

NAMES = [
    *STEP_PARAMETERS.keys(),
    *DATASETS.keys(),
    "resnet18",
    "vgg16",
    "keras_file",
    "haar",
    "db2",
    "LL",
    "int8",
    "unit",
]
texts = st.one_of(
    st.sampled_from(NAMES), st.text(max_size=12), st.sampled_from(["", "~", "/", "\x00", "a" * 5000, "~x/y"])
)
numbers = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.sampled_from([0, 1, -1, 2, 8, 32, 10**9]),
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from([0.5, 1.0, -0.0, 1e-300, 1e300]),
)
plain = st.one_of(texts, numbers, st.booleans())


def keys_of(model: Any) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


KEYS = sorted(
    {
        *keys_of(Recipe),
        *keys_of(DwtSettings),
        *(key for model in TABLES.values() for key in keys_of(model)),
        *(key for step in STEP_PARAMETERS for key in keys_of(STEP_PARAMETERS[step])),
        *(key for kind in BACKBONE_OPTIONS for key in keys_of(BACKBONE_OPTIONS[kind])),
    }
)
keys = st.one_of(st.sampled_from(KEYS), st.text(min_size=1, max_size=6))
values = st.recursive(
    plain,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=3)),
    max_leaves=6,
)


def places(value: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """All places in a document, the whole of it left out."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [one for key, part in inner for one in ((*place, key), *places(part, (*place, key)))]


@st.composite
def recipes(draw: st.DrawFn) -> dict[str, Any]:
    """A recipe that can be run, with one to three faults or changes."""
    document = copy.deepcopy(BASE)
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.sampled_from(places(document)))
        table: Any = document
        for key in place[:-1]:
            table = table[key]
        change = draw(st.sampled_from(["value", "value", "key", "step", "known key", "remove"]))
        if change == "value":
            table[place[-1]] = draw(values)
        elif change == "remove":
            del table[place[-1]]
        elif change == "step" and isinstance(document.get("chains"), list):
            step = draw(st.sampled_from(STEP_PARAMETERS.keys()))
            more = draw(st.dictionaries(st.sampled_from(keys_of(STEP_PARAMETERS[step])), values, max_size=2))
            document["chains"].append({"name": draw(texts), "steps": [more | {"step": step}]})
        elif change == "known key":
            name = draw(st.sampled_from(list(TABLES)))
            if isinstance(document.get(name), dict):
                document[name][draw(st.sampled_from(keys_of(TABLES[name])))] = draw(values)
        elif isinstance(table, dict):
            table[draw(keys)] = draw(values)
    return document


def checked(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    began = time.perf_counter()
    code = command_line(["check", str(path), "--runs", str(path.parent / "runs")], lambda *_: 1)
    took = time.perf_counter() - began
    out, err = capsys.readouterr()
    assert code in (0, 2), path.read_text()
    assert "Traceback" not in out + err
    assert took < MAX_S, path.read_text()
    if code == 2:
        said = (out + err).strip()
        assert said.endswith((".", "?", "]", '"')) or "Repair" in said or "schema = 1" in said, said
        assert "Error" not in said.split(":")[0]


def fuzz(document: dict[str, Any], folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "recipe.toml"
    try:
        path.write_text(tomli_w.dumps(document), encoding="utf-8")
    except (UnicodeEncodeError, ValueError):
        return  # No text file can hold it.
    checked(path, capsys)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("fuzzed")
    (found / "recipe.toml").write_text(tomli_w.dumps(BASE), encoding="utf-8")
    command_line(["check", str(found / "recipe.toml"), "--runs", str(found / "runs")], lambda *_: 1)  # All is imported.
    return found


USUAL = {"deadline": None, "derandomize": True, "database": None, "suppress_health_check": list(HealthCheck)}


@settings(max_examples=EXAMPLES, **USUAL)
@given(document=recipes())
def test_any_recipe_ends_with_a_sentence(
    document: dict[str, Any], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fuzz(document, folder, capsys)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@settings(max_examples=SLOW_EXAMPLES, **USUAL)
@given(document=recipes())
def test_thousands_of_recipes_end_with_a_sentence(
    document: dict[str, Any], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fuzz(document, folder, capsys)


TEXTS = {
    "a number for a kind": (
        "schema = 1\n[dataset]\nkind = 3\n",
        "dataset.kind = 3 cannot be used: a text in quotes is needed.",
    ),
    "a list for a step": (
        'schema = 1\n[[chains]]\nname = "a"\nsteps = [{ step = [1], x = 2 }]\n',
        "chains[0].steps[0].step: a text in quotes is needed.",
    ),
    "no value": ("schema = 1\nname =\n", 'line 2: a value is missing after "name ="; write for example name = "text".'),
    "no quotes": ("schema = 1\nname = study\n", '"study" is not a value; write text in quotes: name = "study".'),
    "no end": ('schema = 1\nname = "study\n', "line 2: a text is not closed; put a quote at the end"),
    "twice": ("schema = 1\n[dataset]\n[dataset]\n", 'line 3: the table "[dataset]" occurs twice; merge the two.'),
    "again": ("schema = 1\nseed = 1\nseed = 2\n", 'line 3: "seed" already has a value; remove one of the two lines.'),
    "a backslash": ('schema = 1\n[dataset]\npath = "C:\\data"\n', "line 3: text contains a backslash"),
    "no list": ("schema = 1\n[images]\nsize = [1, 2\n", "a list or table is not closed"),
    "words": ("hello there", 'line 1: "hello there" is not a key with a value'),
    "deep": ("schema = 1\nname = " + "[" * 5000, "is nested too deeply to be a recipe."),
    "empty": ("", "does not say its format version; add the line: schema = 1"),
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_that_is_no_recipe_is_told_plainly(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, sentence = TEXTS[name]
    path = tmp_path / "recipe.toml"
    path.write_text(text, encoding="utf-8")
    assert command_line(["check", str(path), "--runs", str(tmp_path / "runs")], lambda *_: 1) == 2
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize("content", [b"\xff\xfe\x00name", b"\x00" * 100, None])
def test_a_file_that_is_no_text_is_told(content: bytes | None, tmp_path: Path, checkout: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.mkdir() if content is None else path.write_bytes(content)
    command = [sys.executable, str(checkout / "main.py"), "check", str(path), "--runs", str(tmp_path / "runs")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "Traceback" not in done.stderr
