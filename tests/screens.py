"""Draws every page, dialog and panel with a real finished run in all sizes, and finds what is cut or overlaps.

python -m tests.screens OUT [--only 1024x700@1-light] [--docs]

A small real study of an own folder is run first (its runs folder stays in OUT for the next time). Each picture is taken
in a process of its own, in which the screen has the size and scale. `--docs` writes those of resources/docs.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QSettings, QSize, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QApplication,
    QCheckBox,
    QComboBox,
    QDialog,
    QGroupBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QListView,
    QPushButton,
    QScrollArea,
    QSplitterHandle,
    QTableView,
    QTabWidget,
    QToolButton,
    QTreeView,
    QWidget,
)

from engine.contract.backbone_settings import BackboneSettings
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.image_settings import DwtSettings, ImageSettings
from engine.contract.recipe import ChainSettings, Recipe
from engine.contract.recipe_file import recipe_text
from engine.contract.training_settings import TrainingSettings
from engine.language.languages import ENGLISH, language_of, languages
from tests.languages.left_over import left_over
from tests.small_study import draw_class_folders

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "resources" / "docs"
SIZES = ((1024, 700), (1280, 720), (1920, 1080))
SCALES = (1.0, 1.5, 2.0)
THEMES = ("light", "dark")
IMAGES_PER_CLASS = 150
WAIT_S = 30.0
SETTLED_MS = 120
SLACK_PIXELS = 1
OF_A_RUN = (
    "run",
    "results",
    "choice",
    "class_figures",
    "changed_decisions",
    "point_clouds",
    "inside_file",
    "inside_file2",
)
"""Pictures of a run that are kept for the documentation."""


@dataclass(frozen=True)
class Screen:
    """One combination."""

    width: int
    height: int
    scale: float
    theme: str

    @property
    def name(self) -> str:
        return f"{self.width}x{self.height}@{self.scale:g}-{self.theme}"


SCREENS = tuple(Screen(*size, scale, theme) for size in SIZES for scale in SCALES for theme in THEMES)


def study(folder: Path) -> Recipe:
    """Every panel of the dashboard has something to show of it."""
    pruned = {"step": "magnitude_pruning", "schedule": "iterative", "sparsity": 0.8, "rounds": 2, "epochs": 1}
    int8 = {"step": "post_training_quantization", "scheme": "int8"}
    sparse = {"step": "dynamic_sparse_training", "epochs": 2, "control": False}
    return Recipe(
        name="hearts of our lab",
        dataset=DatasetSettings(kind="image_folder", path=str(folder)),
        images=ImageSettings(size=64, color="grayscale", dwt=DwtSettings()),
        backbone=BackboneSettings(kind="resnet8"),
        training=TrainingSettings(epochs=60, learning_rate=2e-3, schedule="cosine", augment=("hflip", "rotate")),
        chains=(
            ChainSettings(name="dynamic range", steps=(int8 | {"scheme": "dynamic_range"},)),
            ChainSettings(name="int8", steps=(int8,)),
            ChainSettings(name="pruning 80 %", steps=(pruned,)),
            ChainSettings(name="pruning 80 % + int8", steps=(pruned, int8)),
            ChainSettings(name="RigL 80 %", steps=(sparse,)),
        ),
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--docs", action="store_true")
    parser.add_argument("--language", default=ENGLISH.code, choices=[one.code for one in languages()])
    parser.add_argument("--draw", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    out = chosen.out.absolute()
    screens = [screen for screen in SCREENS if chosen.only in screen.name]
    if chosen.draw:
        return _draw(out, screens[0], chosen.language)
    _run_study(out)
    faults = 0
    for screen in screens:
        faults += subprocess.run(
            [
                sys.executable,
                "-m",
                "tests.screens",
                str(out),
                "--only",
                screen.name,
                "--draw",
                "--language",
                chosen.language,
            ],
            cwd=ROOT,
            env=os.environ | {"QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": str(screen.scale)},
        ).returncode
    if chosen.docs:
        _write_docs(out)
    print(f"{len(screens)} screens, {faults} findings; pictures in {out}")
    return min(faults, 1)


def _run_study(out: Path) -> None:
    images = out / "images"
    if not images.is_dir():
        draw_class_folders(images, IMAGES_PER_CLASS)
    if any((out / "runs" / "runs").glob("*/hashes.json")):
        return
    recipe = out / "study.toml"
    recipe.write_text(recipe_text(study(images)), encoding="utf-8")
    command = [sys.executable, "main.py", "--runs", str(out / "runs"), "run", "--quiet", str(recipe)]
    subprocess.run(command, cwd=ROOT, check=True)


def _draw(out: Path, screen: Screen, code: str) -> int:
    """All pictures of one screen in a language; prints what is cut or overlaps, and returns how much."""
    from engine.preferences.entries.theme_choice import ThemeChoice
    from ui.lasting_constants import make_constants_last
    from ui.main_window import MainWindow
    from ui.theme import apply_theme
    from ui.window_language import WindowLanguage

    make_constants_last()
    application = QApplication([])
    WindowLanguage(application).speak(language_of(code) or ENGLISH)
    apply_theme(application, ThemeChoice(screen.theme))
    folder = out / (screen.name if code == ENGLISH.code else f"{screen.name}-{code}")
    folder.mkdir(parents=True, exist_ok=True)
    settings = QSettings(str(out / f"{screen.name}.ini"), QSettings.Format.IniFormat)
    settings.clear()
    window = MainWindow(settings, out / "runs")
    window.resize(QSize(int(screen.width / screen.scale), int(screen.height / screen.scale)))
    window.show()
    findings = []
    for name, shown in _views(window, out):
        _settle()
        shown.grab().save(str(folder / f"{name}.png"))
        findings += [f"{screen.name} {name}: {finding}" for finding in faults(shown)]
        if code != ENGLISH.code:
            findings += [f"{screen.name} {name}: English: {one}" for one in left_over(shown, code)]
    window.close()
    sys.stdout.write("".join(f"{finding}\n" for finding in findings))
    return min(len(findings), 100)


def _views(window: QWidget, out: Path) -> Iterator[tuple[str, QWidget]]:
    """Name and widget of everything that a user can see, each as it stands then."""
    from ui.dashboard.prediction_panel import PredictionPanel
    from ui.main_window import MainWindow

    assert isinstance(window, MainWindow)
    wizard, runs = window.wizard, window._runs
    yield "start", window
    wizard.set_recipe(study(out / "images"))
    window._stack.show_wizard()
    _wait(lambda: not wizard.current_page.waits_for())
    _wait(lambda: wizard._draft.examined is not None)
    yield "page1", window
    for number in range(1, 6):
        wizard.go_to(number)
        _wait(lambda: not wizard.current_page.waits_for())
        _settle(600)
        yield f"page{number + 1}", window
    from tests.ui.bench.unsaid import unsaid_model
    from ui.bench.feeding_dialog import FeedingDialog
    from ui.bench.run_models_dialog import RunModelsDialog
    from ui.help_window import HelpWindow
    from ui.preferences.preferences_dialog import PreferencesDialog
    from ui.runs_list.notes_dialog import NotesDialog
    from ui.runs_list.recipe_dialog import RecipeDialog
    from ui.wizard.chains.preset_dialog import PresetDialog
    from ui.wizard.dataset.class_folders_dialog import ClassFoldersDialog

    record = runs.records[0]
    recipe = (record.directory / "recipe.toml").read_text(encoding="utf-8")
    dialogs: dict[str, Callable[[], QDialog]] = {
        "presets": lambda: PresetDialog(window),
        "classes": lambda: ClassFoldersDialog(study(out / "images").dataset, window._locations.image_cache, window),
        "notes": lambda: NotesDialog(record, window),
        "recipe": lambda: RecipeDialog(record.title, recipe, window),
        "preferences": lambda: PreferencesDialog(window.preferences, window._locations.root, window),
        "run_models": lambda: RunModelsDialog(window._locations, window),
        "feeding": lambda: FeedingDialog(unsaid_model(out), window),
        "help": lambda: HelpWindow(window),
    }
    for name, make in dialogs.items():
        dialog = make()
        dialog.open()
        if isinstance(dialog, HelpWindow):
            dialog.show_topic("start")
        _settle(400)
        yield name, dialog
        dialog.reject()
        dialog.deleteLater()
    page = window.show_bench()
    yield "bench0", window
    page.add_files(sorted((record.directory / "models").glob("*.tflite")), record.title)
    page.show_images([out / "images"])
    _wait(lambda: not page.is_busy)
    order, table = page.findChild(QComboBox, "bench.order"), page.findChild(QTableView, "bench.table")
    assert order is not None
    assert table is not None
    order.setCurrentIndex(1)
    table.selectRow(0)
    _settle(400)
    yield "bench", window
    window._stack.open(record)
    board = window.dashboard
    assert board is not None
    _wait(board.is_up_to_date)
    board.tabs.setCurrentIndex(0)
    _settle(300)
    yield "run", window
    for key, panel in board.panels.items():
        if board.tabs.isTabVisible(board.tabs.indexOf(panel)):
            board.tabs.setCurrentWidget(panel)
            # What is read beside the event loop.
            _settle(300 if not isinstance(panel, PredictionPanel) else 1500)
            yield key, window
            for pages in panel.findChildren(QTabWidget):
                for place in range(1, pages.count()):
                    pages.setCurrentIndex(place)
                    _settle(300)
                    yield f"{key}{place + 1}", window


def faults(root: QWidget) -> list[str]:
    """What can be seen to be cut or to overlap, by the widgets' geometry."""
    found = []
    visible = [widget for widget in root.findChildren(QWidget) if widget.isVisible() and not _is_inner(widget)]
    for widget in visible:
        if (lacking := _lacking(widget)) is not None:
            found.append(f"cut: {_named(widget)} lacks {lacking}")
    for parent in [root, *visible]:
        children = [child for child in parent.children() if isinstance(child, QWidget) and child in set(visible)]
        if isinstance(parent, QAbstractScrollArea):
            continue
        for place, one in enumerate(children):
            for other in children[place + 1 :]:
                common = one.geometry().intersected(other.geometry())
                if min(common.width(), common.height()) > SLACK_PIXELS and not _may_overlap(one, other):
                    found.append(f"overlap: {_named(one)} and {_named(other)}")
            outside = not parent.rect().adjusted(-1, -1, 1, 1).contains(one.geometry())
            if outside and not one.isWindow() and one.parentWidget() is parent:
                found.append(f"outside: {_named(one)} of {_named(parent)}")
    return found


def _lacking(widget: QWidget) -> str | None:
    """What a widget has too little of; None where it has all that it asks for."""
    wanted = widget.sizeHint()
    match widget:
        case QLabel() if widget.text() and widget.wordWrap():
            need = widget.heightForWidth(widget.width())
            return f"{need - widget.height()} px of height" if need > widget.height() + SLACK_PIXELS else None
        case QLabel() if widget.text():
            return f"{wanted.width() - widget.width()} px" if wanted.width() > widget.width() + SLACK_PIXELS else None
        case QPushButton() | QCheckBox() | QToolButton():
            short = wanted.width() > widget.width() + SLACK_PIXELS or wanted.height() > widget.height() + 4
            return f"{wanted.width() - widget.width()} px" if short and widget.text() else None
        case QComboBox() if not widget.isEditable():
            text = widget.fontMetrics().horizontalAdvance(widget.currentText())
            room = widget.width() - 30
            return f"{text - room} px" if text > room else None
        case QLineEdit() if widget.isReadOnly() is False and not widget.text():
            text = widget.fontMetrics().horizontalAdvance(widget.placeholderText())
            return f"{text - widget.width() + 12} px" if text + 12 > widget.width() else None
        case QGroupBox():
            text = widget.fontMetrics().horizontalAdvance(widget.title())
            return f"{text - widget.width() + 20} px" if text + 20 > widget.width() else None
        # Pictures of several levels are wider than any window.
        case QScrollArea() if (
            not widget.objectName().endswith(".pictures") and widget.horizontalScrollBar().isVisible()
        ):
            return f"{widget.horizontalScrollBar().maximum()} px, so that it scrolls to the side"
        case QListView() if not widget.wordWrap():
            need = widget.sizeHintForColumn(0)
            return f"{need - widget.viewport().width()} px" if need > widget.viewport().width() else None
        case QTreeView():
            return _tree_lacking(widget)
        case QHeaderView() if widget.orientation() is Qt.Orientation.Horizontal:
            return _header_lacking(widget)
    return None


def _tree_lacking(tree: QTreeView) -> str | None:
    """Cells that end in dots; a tree that wraps its words has taller rows instead."""
    header = tree.header()
    for column in range(header.count()):
        need = tree.sizeHintForColumn(column)
        if need > header.sectionSize(column) + SLACK_PIXELS and not tree.wordWrap():
            return f"{need - header.sectionSize(column)} px in the cells of its column {column + 1}"
    return None


def _header_lacking(header: QHeaderView) -> str | None:
    for section in range(header.count()):
        if header.isSectionHidden(section):
            continue
        need = header.sectionSizeHint(section)
        if need > header.sectionSize(section) + SLACK_PIXELS and not isinstance(header.parent(), QTableView):
            return f"{need - header.sectionSize(section)} px in its column {section + 1}"
    return None


def _is_inner(widget: QWidget) -> bool:
    """Parts that Qt makes itself."""
    parent = widget.parentWidget()
    return isinstance(parent, QComboBox) or widget.objectName().startswith("qt_") or isinstance(widget, QSplitterHandle)


def _may_overlap(one: QWidget, other: QWidget) -> bool:
    """A plot's button lies on the plot, windows lie over each other."""
    return any(
        widget.isWindow() or (isinstance(widget, QAbstractButton) and widget.objectName().endswith(".menu"))
        for widget in (one, other)
    )


def _named(widget: QWidget) -> str:
    text = getattr(widget, "text", getattr(widget, "title", lambda: ""))()
    parent = widget.parentWidget()
    of = f" in {parent.objectName() or type(parent).__name__}" if parent is not None else ""
    return f"{type(widget).__name__} {widget.objectName() or repr(str(text)[:40])}{of}"


def _settle(milliseconds: int = SETTLED_MS) -> None:
    end = time.monotonic() + milliseconds / 1000
    while time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.005)


def _wait(ready: Callable[[], bool]) -> None:
    end = time.monotonic() + WAIT_S
    while not ready():
        if time.monotonic() > end:
            raise TimeoutError("what the picture is of did not come")
        QApplication.processEvents()
        time.sleep(0.005)


def _write_docs(out: Path) -> None:
    """The pictures of the first steps, small enough for a repository."""
    from PIL import Image

    for size in ("1024x700", "1920x1080"):
        for name in ("start", "page1", "page2", "page3", "page4", "page5", "page6", *OF_A_RUN, "bench"):
            picture = out / f"{size}@1-light" / f"{name}.png"
            if picture.is_file():
                target = DOCS / "screens" / f"{size}-{name}.png"
                target.parent.mkdir(exist_ok=True)
                Image.open(picture).convert("P", palette=Image.Palette.ADAPTIVE).save(target, optimize=True)


if __name__ == "__main__":
    sys.exit(main())
