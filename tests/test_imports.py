"""The window's process never loads TensorFlow, whatever it looks up; the engine never loads Qt."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import engine
import ui
import workers

NEVER_IN_THE_WINDOW = ("tensorflow", "tf_keras", "keras", "tensorflow_model_optimization")


def _modules(package: object) -> list[str]:
    path, name = package.__path__, package.__name__  # type: ignore[attr-defined]
    return [module.name for module in pkgutil.walk_packages(path, f"{name}.")]


def _loaded_by(program: str, checkout: Path) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{program}\nimport sys; print(*sorted(sys.modules))"],
        cwd=checkout, capture_output=True, text=True, timeout=120, check=True,
        env=None,
    )  # fmt: skip
    return set(done.stdout.split())


@pytest.fixture(scope="module")
def window_modules(checkout: Path) -> set[str]:
    """What is loaded once every module of ui and workers is, and every registry has read its package."""
    names = [*_modules(ui), *_modules(workers)]
    program = "import importlib\n"
    program += "\n".join(f"importlib.import_module({name!r})" for name in names)
    program += (
        "\nfrom engine.workbench.step import STEPS\nfrom engine.contract.step_parameters import STEP_PARAMETERS"
        "\nfrom engine.backbones.backbone import BACKBONES\nfrom engine.datasets.source import DATASETS"
        "\nfrom engine.contract.augmentation import AUGMENTATIONS\nassert AUGMENTATIONS.keys()"
        "\nassert STEPS.keys() and STEP_PARAMETERS.keys() and BACKBONES.keys() and DATASETS.keys()"
    )
    return _loaded_by(program, checkout)


@pytest.mark.parametrize("name", NEVER_IN_THE_WINDOW)
def test_the_window_never_loads(window_modules: set[str], name: str) -> None:
    assert "ui.main_window" in window_modules
    assert name not in window_modules


@pytest.mark.parametrize(
    "name", ["ui.wizard.later_pages", "engine.datasets.examination", "engine.chain.preflight", "cv2"]
)
def test_the_window_opens_without(checkout: Path, name: str) -> None:
    loaded = _loaded_by("import ui.application", checkout)
    assert "ui.wizard.dataset.dataset_page" in loaded
    assert name not in loaded


def test_the_engine_never_loads_qt(checkout: Path) -> None:
    names = _modules(engine)
    loaded = _loaded_by("import importlib\n" + "\n".join(f"importlib.import_module({n!r})" for n in names), checkout)
    assert "tensorflow" in loaded
    assert not {name for name in loaded if name.startswith(("PySide6", "pyqtgraph"))}


def test_import_rules_hold(checkout: Path) -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_package_files_stay_empty(checkout: Path) -> None:
    filled = [
        path
        for room in ("engine", "ui", "workers")
        for path in (checkout / room).rglob("__init__.py")
        if path.stat().st_size
    ]
    assert not filled
