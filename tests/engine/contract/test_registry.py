"""Registries: new entries are found by their file alone, unknown ones are refused with the nearest name."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from engine.backbones.backbone import BACKBONES
from engine.contract.errors import RecipeError
from engine.contract.registry import Registry
from engine.contract.step_parameters import STEP_PARAMETERS
from engine.workbench.step import STEPS, Step


class Plugin:
    """Base of the entries that the tests write."""


def _package(folder: Path, name: str, **files: str) -> str:
    package = folder / name
    package.mkdir()
    (package / "__init__.py").touch()
    for file, text in files.items():
        (package / f"{file}.py").write_text(f"from {__name__} import Plugin\n{text}")
    return name


@pytest.fixture
def importable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(sys.modules, __name__, sys.modules[__name__])
    return tmp_path


def test_a_new_file_is_a_new_entry(importable: Path) -> None:
    name = _package(importable, "found_plugins", one="class One(Plugin):\n    key = 'one'")
    assert Registry(name, Plugin, "plugin").keys() == ["one"]


def test_two_entries_of_one_key_are_refused(importable: Path) -> None:
    text = "class Entry(Plugin):\n    key = 'same'"
    name = _package(importable, "twice_plugins", one=text, two=text)
    with pytest.raises(ValueError, match=r'twice_plugins.one and twice_plugins.two name the plugin "same"'):
        Registry(name, Plugin, "plugin").keys()


def test_an_unknown_key_names_the_nearest() -> None:
    with pytest.raises(RecipeError, match=r'no backbone "resnet_18". Did you mean "resnet18"'):
        _ = BACKBONES["resnet_18"]


def test_every_step_declares_its_parameters_under_its_own_key() -> None:
    assert STEPS.keys() == STEP_PARAMETERS.keys()
    for key in STEPS:
        step: type[Step] = STEPS[key]
        assert step.Parameters is STEP_PARAMETERS[key]
        assert step.title
        assert step.summary
        for name, field in step.Parameters.model_fields.items():
            assert field.title or name == "step", f"{key}.{name} has no title for the form"
