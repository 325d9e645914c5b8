"""A chain that fails takes none of the others with it: what is printed, written, shown, and computed the next time."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from engine.contract.backbone_settings import BackboneSettings
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.events import EngineEvent, EpochFinished, Notice, RunFailed, StageFailed, parse_event
from engine.contract.extensions import VARIABLE
from engine.contract.image_settings import ImageSettings
from engine.contract.recipe import ChainSettings, Recipe
from engine.contract.recipe_file import recipe_text
from engine.contract.training_settings import TrainingSettings
from engine.store.locations import Locations
from engine.store.run_hashes import is_damaged
from engine.store.run_history import RunState, list_runs
from tests.end_to_end.test_command_line import RUN_S, command, write_recipe
from ui.dashboard.dashboard import Dashboard
from ui.shown_run import ShownRun, StageStatus
from workers.engine_process import EngineProcess
from workers.process_outcome import Ending

QUANTISED = {"step": "post_training_quantization", "scheme": "dynamic_range"}
REASON = "No layer becomes cheaper by these ranks; lower energy or multiple_of, or choose ranks by sensitivity."
JUDGED_PARAMETERS = '''
"""A step with a control, or whose file no interpreter runs."""
from typing import ClassVar, Literal
from engine.contract.step_parameters import StepParameters

class JudgedParameters(StepParameters):
    """What becomes of it."""
    key: ClassVar[str] = "judged"
    compared: ClassVar[str] = "The judged part"
    step: Literal["judged"] = "judged"
    is_control: bool = False
    is_broken: bool = False
    is_faulty: bool = False

    def label(self) -> str:
        return "control" if self.is_control else "judged"

    def as_control(self) -> "JudgedParameters | None":
        is_alone = self.is_control or self.is_broken or self.is_faulty
        return None if is_alone else self.model_copy(update={"is_control": True})
'''
JUDGED_STEP = '''
"""It leaves a network as it is; its control fails."""
from typing import ClassVar
from ai_edge_litert.tools import flatbuffer_utils
from engine.contract.errors import NutshellError
from engine.contract.step_parameters import StepParameters
from engine.steps.judged.parameters import JudgedParameters
from engine.workbench.step import Step

class Judged(Step[JudgedParameters]):
    """The network is not changed."""
    key: ClassVar[str] = "judged"
    title: ClassVar[str] = "Judged"
    summary: ClassVar[str] = "Leaves the network as it is."
    paper: ClassVar[str] = "a test"
    Parameters: ClassVar[type[StepParameters]] = JudgedParameters

    def apply(self, parameters, network, context):
        if parameters.is_control:
            raise NutshellError("The control diverged; lower its rate.")
        if parameters.is_faulty:
            raise ValueError("min() of nothing")
        if parameters.is_broken:
            model = flatbuffer_utils.convert_bytearray_to_object(context.float32_tflite(network))
            for one in model.operatorCodes:
                one.builtinCode, one.deprecatedBuiltinCode, one.customCode = 32, 32, b"unknown"
            return bytes(flatbuffer_utils.convert_object_to_bytearray(model))
        return network

    def check_promise(self, parameters, network, file):
        """It promises nothing."""
'''


def recipe(energy: float) -> Recipe:
    """Two chains begin with a factorisation, which the energy lets fail or not; two do not."""
    factored = {"step": "low_rank", "choose": "energy", "energy": energy, "epochs": 0, "multiple_of": 1}
    return Recipe(
        name="one fails",
        dataset=DatasetSettings(limit_per_class=10),
        images=ImageSettings(size=16, color="grayscale"),
        backbone=BackboneSettings(width=0.05),
        training=TrainingSettings(epochs=1, batch_size=8, test_epochs=(1,)),
        chains=(
            ChainSettings(name="factored", steps=(factored,)),
            ChainSettings(name="factored, int8", steps=(factored, QUANTISED)),
            ChainSettings(name="int8", steps=(QUANTISED,)),
        ),
    )


@dataclass(frozen=True)
class Study:
    """What a run in which two of three chains failed has left."""

    folder: Path
    done: subprocess.CompletedProcess[str]
    written: dict[str, Any]

    @property
    def runs(self) -> Path:
        return self.folder / "runs"

    @property
    def directory(self) -> Path:
        return Path(self.written["directory"])

    def events(self) -> Iterator[EngineEvent]:
        for line in (self.directory / "events.jsonl").read_text(encoding="utf-8").splitlines():
            event = parse_event(line)
            assert event is not None
            yield event


@pytest.fixture(scope="module")
def study(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Study:
    folder = tmp_path_factory.mktemp("fails")
    file = write_recipe(folder / "study.toml", recipe(energy=0.99999))
    options = ("--runs", folder / "runs", "--json", folder / "result.json", "--markdown", folder / "result.md")
    started = command(checkout, "run", file, *options)
    done = subprocess.run(started, capture_output=True, text=True, timeout=RUN_S, check=False)
    return Study(folder, done, json.loads((folder / "result.json").read_text(encoding="utf-8")))


def test_the_command_ends_as_failed_with_the_table_of_the_others(study: Study) -> None:
    assert study.done.returncode == 3, study.done.stderr
    printed, last = study.done.stdout, study.done.stderr.splitlines()[-1]
    assert "Measured on" in printed
    assert "Test accuracy after epochs" in printed
    assert f'{REASON} "factored, int8" fails with it.' in printed
    assert last.startswith('2 chains failed: "factored", "factored, int8". Chain "factored", ')
    assert last.endswith(REASON)
    assert "Traceback" not in printed + study.done.stderr


def test_the_json_has_the_others_and_says_why_there_are_not_more(study: Study) -> None:
    assert [one["chain"] for one in study.written["variants"]] == ["baseline", "int8"]
    assert all(one["latency_p50_ms"] > 0 and one["latency_ratio"] > 0 for one in study.written["variants"])
    assert list(study.written["failed"]) == ["factored", "factored, int8"]
    for chain, why in study.written["failed"].items():
        assert why.startswith(f'Chain "{chain}", ')
        assert why.endswith(REASON)
    assert (study.written["stages_computed"], len(study.written["epoch_sweep"])) == (2, 1)
    page = (study.folder / "result.md").read_text(encoding="utf-8")
    assert '- Failed: Chain "factored, int8", ' in page


def test_the_list_of_runs_has_it_as_failed_with_its_variants(study: Study) -> None:
    (record,) = [one for one in list_runs(Locations(study.runs)) if one.run == study.directory.name]
    assert (record.state, record.variants) == (RunState.FAILED, 2)
    assert record.message == study.done.stderr.splitlines()[-1]


def test_the_failure_is_told_before_the_others_go_on(study: Study) -> None:
    events = list(study.events())
    (failed,) = [place for place, event in enumerate(events) if isinstance(event, StageFailed)]
    notice, *later = events[failed + 1 :]
    assert isinstance(notice, Notice)
    assert notice.severity == "warning"
    assert REASON in notice.message
    assert [event.variant.name for event in later if hasattr(event, "variant")] == ["int8", "baseline", "int8"]
    assert isinstance(later[-1], RunFailed)
    assert later[-1].result is not None


@pytest.fixture
def dashboard(qtbot: QtBot) -> Iterator[Dashboard]:
    dashboard = Dashboard()
    dashboard.resize(1280, 900)
    qtbot.addWidget(dashboard)
    dashboard.show()
    yield dashboard
    dashboard.shut_down()


def test_the_dashboard_shows_the_others_again_and_resumes(qtbot: QtBot, dashboard: Dashboard, study: Study) -> None:
    """The run is read, then resumed live; nothing that was finished is computed again."""
    dashboard.take(list(study.events()))
    dashboard.show_read()
    assert_shows_the_others(qtbot, dashboard)
    process = EngineProcess(recipe(energy=0.99999), study.runs, resumed_run=study.directory.name)
    dashboard.begin("one fails")
    kept = []
    for batch in process.batches():
        dashboard.take(batch)
        kept += [event.kept_epoch for event in batch if isinstance(event, EpochFinished)]
    assert kept == [1], "a reused stage says too which epoch was kept"
    outcome = process.outcome()
    dashboard.end(outcome)
    assert (outcome.ending, outcome.exit_code) == (Ending.FAILED, 3)
    assert outcome.result is not None
    assert (outcome.result.stages_computed, outcome.result.stages_reused) == (0, 2)
    assert_shows_the_others(qtbot, dashboard)
    files = [study.directory / one.file for one in outcome.result.variants]
    assert not any(is_damaged(study.directory, file) for file in [*files, study.directory / "predictions.npz"])


def assert_shows_the_others(qtbot: QtBot, dashboard: Dashboard) -> None:
    qtbot.waitUntil(dashboard.is_up_to_date, timeout=5000)

    def text(name: str) -> str:
        label = dashboard.findChild(QLabel, f"dashboard.{name}")
        assert label is not None
        return label.text()

    assert text("banner.text").startswith('2 chains failed: "factored", "factored, int8".')
    assert text("time") == "ended"
    assert text("now").startswith("2 variants measured")
    assert text("now").endswith("2 chains failed")
    for name in ("banner.table", "resume_run", "banner.log"):
        button = dashboard.findChild(QPushButton, f"dashboard.{name}")
        assert button is not None
        assert button.isVisible(), name
    assert list(dashboard.state.variants) == ["baseline", "int8"]
    assert all(one.latency_ratio for one in dashboard.state.variants.values())
    assert statuses(dashboard.state)[1:3] == [StageStatus.FAILED, StageStatus.NOT_BEGUN]
    assert dashboard.state.current is None


def statuses(state: ShownRun) -> list[StageStatus]:
    """In the order of the stages."""
    return [stage.status for stage in state.stages.values()]


def test_a_control_that_fails_leaves_its_variant_without_one(study: Study, checkout: Path, tmp_path: Path) -> None:
    """With chains that now reach their energy, only what is missing is computed; a file that cannot be measured fails
    its chain."""
    folder = tmp_path / "extension" / "steps" / "judged"
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "parameters.py").write_text(JUDGED_PARAMETERS, encoding="utf-8")
    (folder / "step.py").write_text(JUDGED_STEP, encoding="utf-8")
    judged = '\n[[chains]]\nname = "{}"\nsteps = [{{ step = "judged", is_{} = true }}]\n'
    half = '\n[[chains]]\nname = "half"\nsteps = [{ step = "judged" }]\n'
    chains = "".join(judged.format(name, name) for name in ("broken", "faulty"))
    file = tmp_path / "study.toml"
    file.write_text(recipe_text(recipe(energy=0.5)) + half + chains, encoding="utf-8")
    started = command(checkout, "run", file, "--runs", study.runs, "--json", tmp_path / "result.json")
    environment = os.environ | {VARIABLE: str(tmp_path / "extension")}
    done = subprocess.run(started, env=environment, capture_output=True, text=True, timeout=RUN_S, check=False)
    sentence = 'Chain "half (control)", control: The control diverged; lower its rate.'
    assert done.returncode == 3
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f'3 chains failed: "half (control)", "broken", "faulty". {sentence} Chain "broken": ')
    assert 'Chain "faulty", judged: The engine failed: ValueError: min() of nothing' in last
    written = json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))
    variants = {one["chain"]: one for one in written["variants"]}
    assert list(variants) == ["baseline", "factored", "factored, int8", "int8", "half"]
    assert next(iter(written["failed"].items())) == ("half (control)", sentence)
    assert (written["stages_computed"], written["stages_reused"]) == (4, 2)
    models = {file.stem for file in (Path(written["directory"]) / "models").glob("*.tflite")}
    assert models == set(variants), "a file that nothing can run is not left beside the others"
    assert variants["half"]["control"] == ""
    assert 'The judged part cannot be judged, as the control "half (control)" failed.' in variants["half"]["note"]
