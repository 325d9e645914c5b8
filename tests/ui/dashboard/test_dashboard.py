"""The dashboard's panels fill from events, its buttons ask the engine, and its banner leads on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLabel, QProgressBar, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from engine.contract.events import (
    DatasetReady,
    EngineEvent,
    EpochFinished,
    EvidenceFound,
    Paused,
    RunCancelled,
    RunFailed,
    VariantMeasured,
)
from engine.contract.evidence import StageEvidence
from engine.contract.image_settings import DwtSettings
from engine.contract.measurements import ImageFidelity, Spread
from engine.datasets.files.phantom_heart import draw_heart
from engine.imaging.transform_figures import transform_figures
from engine.steps.magnitude_pruning.evidence import PruningRound, PruningRounds
from tests.qt_fixtures import Answers
from tests.ui.study_events import CHAINS, PRUNING, study_events, until, write_samples
from ui.dashboard.dashboard import CUT_OFF, RUNS_ELSEWHERE, Dashboard
from ui.dashboard.stage_tree_model import StageColumn, StageTreeModel
from ui.theme import DARK, LIGHT
from workers.process_outcome import ProcessOutcome


@pytest.fixture
def events(tmp_path: Path) -> list[EngineEvent]:
    return study_events(tmp_path / "run")


@pytest.fixture
def dashboard(qtbot: QtBot) -> Dashboard:
    dashboard = Dashboard()
    qtbot.addWidget(dashboard)
    dashboard.resize(1060, 680)
    dashboard.show()
    return dashboard


def child(dashboard: Dashboard, name: str) -> QWidget:
    found = dashboard.findChild(QWidget, f"dashboard.{name}")
    assert found is not None, name
    return found


def text(dashboard: Dashboard, name: str) -> str:
    label = child(dashboard, name)
    assert isinstance(label, QLabel | QPushButton)
    return label.text()


def take(qtbot: QtBot, dashboard: Dashboard, events: list[EngineEvent]) -> None:
    dashboard.take(events)
    qtbot.waitUntil(dashboard.is_up_to_date)


def rounds(stage: str) -> list[EngineEvent]:
    """Six rounds from 0.95 to 0.995, as Kharitonov 2024 has them."""
    found = [
        PruningRound(
            sparsity_fraction=1 - 0.05 * 0.1 ** (number / 6),
            epochs=4,
            validation_accuracy_after_pruning=0.93 - 0.06 * number,
            validation_accuracy_after_fine_tuning=0.95 - 0.01 * number,
        )
        for number in range(1, 7)
    ]
    so_far = [PruningRounds(planned=6, rounds=tuple(found[:number])) for number in range(1, 7)]
    return [EvidenceFound(stage=stage, evidence=StageEvidence.of("pruning", one)) for one in so_far]


def test_pruning_rounds_are_a_curve_over_sparsity(
    qtbot: QtBot, dashboard: Dashboard, events: list[EngineEvent]
) -> None:
    tab = dashboard.tabs.indexOf(dashboard.panels["pruning_rounds"])
    take(qtbot, dashboard, until(events, EpochFinished, 12))
    assert not dashboard.tabs.isTabVisible(tab)
    told = rounds(PRUNING)
    take(qtbot, dashboard, told[:4])
    assert dashboard.tabs.isTabVisible(tab)
    # A resumed run sends the finished rounds once more.
    take(qtbot, dashboard, told)
    assert dashboard.panels["pruning_rounds"].points() == 6
    tuned, pruned = dashboard.panels["pruning_rounds"].plot.listDataItems()
    assert tuned.getData()[0].tolist() == pytest.approx([1 - 0.05 * 0.1 ** (number / 6) for number in range(1, 7)])
    assert (tuned.getData()[1] > pruned.getData()[1]).all()
    assert "round 6 of 6, 0.995 zeros" in dashboard.state.log[-1].text
    dashboard.set_theme(DARK)
    dashboard.set_theme(LIGHT)


def test_a_whole_study_fills_every_panel(qtbot: QtBot, dashboard: Dashboard, events: list[EngineEvent]) -> None:
    dashboard.begin("ultrasound-prq")
    take(qtbot, dashboard, events)
    dashboard.end(ProcessOutcome.of_last_event(events[-1], 0))
    assert dashboard.curves.points() == 16
    assert dashboard.bars.bars() == len(CHAINS)
    qtbot.waitUntil(lambda: dashboard.panels["images"].pictures() == 6 * 5)
    assert dashboard.panels["results"].table.view.model().rowCount() == len(CHAINS)
    assert "6 variants" in text(dashboard, "banner.text")
    assert not child(dashboard, "pause").isVisible()
    qtbot.mouseClick(child(dashboard, "banner.table"), Qt.MouseButton.LeftButton)
    assert dashboard.panels["results"].isVisible()


def test_panels_grow_as_events_come(qtbot: QtBot, dashboard: Dashboard, events: list[EngineEvent]) -> None:
    dashboard.begin("ultrasound-prq")
    seen = []
    done = 0
    for number in (1, 2, 3):
        upto = len(until(events, VariantMeasured, number))
        take(qtbot, dashboard, events[done:upto])
        done = upto
        seen.append((dashboard.curves.points(), dashboard.bars.bars()))
    assert seen == [(10, 1), (16, 2), (16, 3)]


def test_reading_images_shows_before_any_stage(qtbot: QtBot, dashboard: Dashboard, events: list[EngineEvent]) -> None:
    dashboard.begin("ultrasound-prq")
    progress = child(dashboard, "progress")
    assert isinstance(progress, QProgressBar)
    assert progress.maximum() == 0
    assert "Starting" in text(dashboard, "now")
    take(qtbot, dashboard, events[:2])
    assert (progress.value(), progress.maximum()) == (400, 1600)
    assert text(dashboard, "now") == "Reading images: 400 of 1,600"


def test_the_tree_shows_what_each_stage_does(qtbot: QtBot, dashboard: Dashboard, events: list[EngineEvent]) -> None:
    dashboard.begin("ultrasound-prq")
    take(qtbot, dashboard, until(events, EpochFinished, number=13))
    model = dashboard.stages.model()
    assert isinstance(model, StageTreeModel)
    pruning = model.index_of_stage(PRUNING)
    assert pruning.parent().data() == "Baseline resnet18 ×0.25"
    assert model.rowCount(pruning) == 1
    assert model.index(0, StageColumn.STAGE, pruning).data() == "dynamic range"
    status = pruning.siblingAtColumn(StageColumn.STATUS)
    assert status.data(Qt.ItemDataRole.ToolTipRole).startswith("epoch 3 of 6")
    assert status.data().endswith(" s left"), "short enough for a narrow window"
    assert pruning.siblingAtColumn(StageColumn.PROGRESS).data() == "50 %"
    chains = pruning.siblingAtColumn(StageColumn.CHAINS)
    assert (chains.data(), chains.data(Qt.ItemDataRole.ToolTipRole)) == ("3 of 6", "PRN, PRQ, PR-int8")


def test_buttons_ask_the_engine(
    qtbot: QtBot, dashboard: Dashboard, events: list[EngineEvent], answers: Answers
) -> None:
    dashboard.begin("ultrasound-prq")
    take(qtbot, dashboard, until(events, EpochFinished, number=3))
    for name, signal in (("pause", dashboard.pause_requested), ("stop", dashboard.stop_requested)):
        with qtbot.waitSignal(signal, timeout=500):
            qtbot.mouseClick(child(dashboard, name), Qt.MouseButton.LeftButton)
    take(qtbot, dashboard, [Paused()])
    assert text(dashboard, "time") == "paused"
    with qtbot.waitSignal(dashboard.resume_requested, timeout=500):
        qtbot.mouseClick(child(dashboard, "pause"), Qt.MouseButton.LeftButton)
    answers.give(False)
    with qtbot.assertNotEmitted(dashboard.cancel_requested):
        qtbot.mouseClick(child(dashboard, "cancel"), Qt.MouseButton.LeftButton)
    answers.give(True)
    with qtbot.waitSignal(dashboard.cancel_requested, timeout=500):
        qtbot.mouseClick(child(dashboard, "cancel"), Qt.MouseButton.LeftButton)
    assert "Every finished stage is kept" in answers.asked[0]


def test_a_run_that_ends_while_its_cancelling_is_asked_about_is_not_cancelled(
    qtbot: QtBot, dashboard: Dashboard, events: list[EngineEvent], monkeypatch: pytest.MonkeyPatch
) -> None:
    dashboard.begin("ultrasound-prq")
    take(qtbot, dashboard, until(events, EpochFinished, number=3))

    def ends(*_: object) -> bool:
        take(qtbot, dashboard, events)
        return True

    monkeypatch.setattr("ui.dashboard.run_header.agrees", ends)
    with qtbot.assertNotEmitted(dashboard.cancel_requested):
        qtbot.mouseClick(child(dashboard, "cancel"), Qt.MouseButton.LeftButton)
    assert text(dashboard, "time").startswith("done in")


def test_stop_and_keep_waits_for_a_stage_that_trains(
    qtbot: QtBot, dashboard: Dashboard, events: list[EngineEvent]
) -> None:
    dashboard.begin("ultrasound-prq")
    take(qtbot, dashboard, events[:2])
    assert not child(dashboard, "stop").isEnabled()
    take(qtbot, dashboard, until(events, EpochFinished)[2:])
    assert child(dashboard, "stop").isEnabled()


def test_a_failure_says_why_and_what_to_do(qtbot: QtBot, dashboard: Dashboard, events: list[EngineEvent]) -> None:
    failure = RunFailed(message="The disk is full; free some space and run again.", exit_code=3)
    dashboard.begin("ultrasound-prq")
    take(qtbot, dashboard, [*until(events, EpochFinished, number=3), failure])
    assert dashboard.state.directory is not None
    (dashboard.state.directory / "engine.log").write_text("first line\nOSError: [Errno 28]\n", encoding="utf-8")
    dashboard.end(ProcessOutcome.of_last_event(failure, 3))
    assert text(dashboard, "banner.text") == failure.message
    with qtbot.waitSignal(dashboard.resume_run_requested, timeout=500):
        qtbot.mouseClick(child(dashboard, "resume_run"), Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(dashboard.duplicate_requested, timeout=500):
        qtbot.mouseClick(child(dashboard, "duplicate"), Qt.MouseButton.LeftButton)
    qtbot.mouseClick(child(dashboard, "banner.log"), Qt.MouseButton.LeftButton)
    assert child(dashboard, "engine_log_text").isVisible()
    assert "OSError: [Errno 28]" in child(dashboard, "engine_log_text").toPlainText()


def test_an_engine_that_dies_without_a_word(qtbot: QtBot, dashboard: Dashboard, events: list[EngineEvent]) -> None:
    dashboard.begin("ultrasound-prq")
    take(qtbot, dashboard, until(events, EpochFinished, number=3))
    dashboard.end(ProcessOutcome.of_last_event(None, -9))
    assert "signal 9" in text(dashboard, "banner.text")
    assert text(dashboard, "time") == "ended"
    assert not child(dashboard, "cancel").isVisible()


def test_a_run_that_dies_in_the_same_stage_again(qtbot: QtBot, dashboard: Dashboard, events: list[EngineEvent]) -> None:
    cut_off = until(events, EpochFinished, number=3)
    dashboard.take([*cut_off, *cut_off])
    dashboard.show_read()
    assert 'cut off twice at the same point, in the stage "Baseline' in text(dashboard, "banner.text")
    assert "take that step or setting out or to change it" in text(dashboard, "banner.text")
    again = child(dashboard, "resume_run")
    assert again.text() == "&Resume anyway"
    with qtbot.waitSignal(dashboard.resume_run_requested, timeout=500):
        qtbot.mouseClick(again, Qt.MouseButton.LeftButton)
    dashboard.end(ProcessOutcome.of_last_event(None, -6, "the stage", died_again=True))
    assert "as it did the time before" in text(dashboard, "banner.text")
    assert again.text() == "&Resume anyway"
    dashboard.end(ProcessOutcome.of_last_event(None, -6, "the stage"))
    assert again.text() == "&Resume"


@pytest.mark.parametrize(
    ("last", "elsewhere", "said", "continued"),
    [
        (None, False, CUT_OFF, True),
        (None, True, RUNS_ELSEWHERE, False),
        (RunCancelled(), False, RunCancelled().message, True),
    ],
)
def test_a_run_that_is_read_again(
    qtbot: QtBot,
    dashboard: Dashboard,
    events: list[EngineEvent],
    last: EngineEvent | None,
    elsewhere: bool,
    said: str,
    continued: bool,
) -> None:
    dashboard.take(until(events, EpochFinished, number=12) + ([last] if last else []))
    dashboard.show_read(elsewhere)
    assert text(dashboard, "banner.text") == said
    assert child(dashboard, "resume_run").isVisible() == continued
    assert child(dashboard, "duplicate").isVisible()
    assert child(dashboard, "pause").isVisible() == elsewhere
    assert dashboard.curves.points() == 12


def test_plots_take_another_theme(qtbot: QtBot, dashboard: Dashboard, events: list[EngineEvent]) -> None:
    take(qtbot, dashboard, events)
    for theme in (DARK, LIGHT):
        dashboard.set_theme(theme)
        for plot in (dashboard.curves.loss.plot, dashboard.bars.plots["size"].plot):
            assert plot.backgroundBrush().color().name() == theme.panel
    assert dashboard.bars.bars() == len(CHAINS)


def test_every_axis_is_named_with_its_unit(qtbot: QtBot, dashboard: Dashboard, events: list[EngineEvent]) -> None:
    take(qtbot, dashboard, events)
    curves = (dashboard.curves.loss.plot, dashboard.curves.accuracy.plot)
    assert [plot.getAxis("left").labelText for plot in curves] == ["cross-entropy (nats)", "accuracy (fraction)"]
    assert {plot.getAxis("bottom").labelText for plot in curves} == {"epoch (all stages)"}
    bars = [measured.plot.getAxis("bottom").labelText for measured in dashboard.bars.plots.values()]
    assert bars == [
        "file (KiB)",
        "zipped file (KiB)",
        "latency p50–p95 (µs)",
        "accuracy, CI (fraction)",
    ]


def test_missing_samples_are_a_sentence(qtbot: QtBot, dashboard: Dashboard, events: list[EngineEvent]) -> None:
    started = events[0]
    (Path(started.directory) / "samples.npz").unlink()  # type: ignore[attr-defined]
    take(qtbot, dashboard, events)
    assert "cannot be read" in text(dashboard, "images")
    assert dashboard.panels["images"].pictures() == 0


def test_the_images_of_each_setting_can_be_chosen(
    qtbot: QtBot, dashboard: Dashboard, events: list[EngineEvent], tmp_path: Path
) -> None:
    ready = next(event for event in events if isinstance(event, DatasetReady))
    write_samples(tmp_path / "run" / "samples-2.npz")
    smaller = {
        "setting": "32 px",
        "samples": "samples-2.npz",
        "images": ready.images.model_copy(update={"space_gain": 0.75}),
    }
    several = [ready.model_copy(update={"setting": "64 px"}), ready.model_copy(update=smaller)]
    take(qtbot, dashboard, [events[0], *several])
    assert "space saved 55 %" in text(dashboard, "images")
    qtbot.waitUntil(lambda: dashboard.panels["images"].pictures() == 6 * 5)
    chosen = dashboard.findChild(QComboBox, "dashboard.images.setting")
    assert chosen is not None
    assert [chosen.itemText(place) for place in range(chosen.count())] == ["64 px", "32 px"]
    chosen.setCurrentIndex(1)
    assert "space saved 75 %" in text(dashboard, "images")
    qtbot.waitUntil(lambda: dashboard.panels["images"].pictures() == 6 * 5)


def test_what_image_compression_keeps_is_said(qtbot: QtBot, dashboard: Dashboard, events: list[EngineEvent]) -> None:
    ready = next(event for event in events if isinstance(event, DatasetReady))
    likeness = Spread(mean=31.25, least=28.0, greatest=35.5)
    sizes = ready.images.model_copy(
        update={
            "resize_fidelity": ImageFidelity(images=32, identical=0, psnr_db=likeness, ssim=likeness),
            "jpeg_fidelity": ImageFidelity(images=32, identical=32, psnr_db=None, ssim=likeness),
        }
    )
    hearts = np.stack([draw_heart(np.random.default_rng(seed), sick=False) for seed in range(2)])[..., None]
    figures = transform_figures(hearts, DwtSettings(threshold=0.05))
    told = ready.model_copy(update={"images": sizes, "transform": figures})
    take(qtbot, dashboard, [told if event is ready else event for event in until(events, DatasetReady)])
    said = text(dashboard, "images")
    assert "Resized and back: PSNR 31.2 (28.0–35.5) dB" in said
    assert "JPEG: nothing is lost." in said
    assert "of the details zero by the threshold" in said
