"""What a step's own training is worth at several learning rates: shares of the rate that the baseline trained with."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType

from engine.contract.backbone_settings import BackboneSettings
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.document import Document
from engine.contract.recipe import Recipe
from engine.contract.step_parameters import STEP_PARAMETERS
from engine.datasets.source import Split
from engine.training.evaluation import classified, evaluate_batch
from engine.training.feed import Feed
from engine.training.objective import CrossEntropy
from engine.training.tensorflow_setup import set_up_tensorflow
from engine.workbench.network import Network
from engine.workbench.step import STEPS
from engine.workbench.step_context import StepContext
from tests.small_study import context_of, forget_training, untrained
from tests.training_study.settings import Change, training_settings

STEPS_COMPARED: Mapping[str, Document] = MappingProxyType(
    {
        "pruning 80 %, 4 epochs": {"step": "magnitude_pruning", "sparsity": 0.8, "epochs": 4},
        "32 clusters, 2 epochs": {"step": "weight_clustering", "clusters": 32, "epochs": 2},
        "QAT, 2 epochs": {"step": "quantization_aware_training", "epochs": 2},
        "transfer, 6 epochs": {"step": "sparse_transfer", "epochs": 6},
        "distilled to resnet8, 8 epochs": {"step": "knowledge_distillation", "student": "resnet8", "epochs": 8},
    }
)
TRANSFERRED_TO: Mapping[str, str] = MappingProxyType(
    {"photographs": "small objects", "drawn hearts": "small objects", "small objects": "photographs"}
)
"""The other images of a transfer."""
SHARES = (1.0, 0.5, 0.25, 0.1)


@dataclass(frozen=True)
class FineTuned:
    """One step at one rate."""

    images: str
    backbone: str
    step: str
    share: float
    seed: int
    baseline_accuracy: float
    """Of a step with another network or other images: its own with the whole rate."""
    accuracy: float
    seconds: float


def fine_tuning_study(
    recipes: Mapping[str, Recipe], backbones: Mapping[str, BackboneSettings], seeds: range, results: Path
) -> Iterator[FineTuned]:
    """Each cell, those first that `results` has already; a baseline is trained once for all steps and rates."""
    known = _read(results)
    set_up_tensorflow(7)
    for images, recipe in recipes.items():
        for backbone in backbones:
            for seed in seeds:
                keys = [(images, backbone, step, share, seed) for step in STEPS_COMPARED for share in SHARES]
                if any(key not in known for key in keys):
                    other = recipes.get(TRANSFERRED_TO.get(images, ""), recipe).dataset
                    for cell in _of_baseline(images, backbone, seed, recipe, backbones[backbone], other, known):
                        known[(images, backbone, cell.step, cell.share, seed)] = cell
                        with results.open("a", encoding="utf-8") as stream:
                            stream.write(json.dumps(asdict(cell)) + "\n")
                yield from (known[key] for key in keys)


def _read(results: Path) -> dict[tuple[str, str, str, float, int], FineTuned]:
    if not results.is_file():
        return {}
    cells = [FineTuned(**json.loads(line)) for line in results.read_text(encoding="utf-8").splitlines()]
    return {(one.images, one.backbone, one.step, one.share, one.seed): one for one in cells}


def _of_baseline(
    images: str,
    backbone: str,
    seed: int,
    recipe: Recipe,
    settings_of_backbone: BackboneSettings,
    other_images: DatasetSettings,
    known: Mapping[tuple[str, str, str, float, int], FineTuned],
) -> Iterator[FineTuned]:
    chosen = recipe.model_copy(
        update={"seed": seed, "backbone": settings_of_backbone, "training": training_settings(Change())}
    )
    with tempfile.TemporaryDirectory() as folder:
        context = context_of(chosen, Path(folder), seed=seed)
        network = untrained(context)
        context.trainer.train(network.model, context.baseline_plan)
        forget_training(context)
        of_baseline = _test_accuracy(network, context)
        (Path(folder) / "other").mkdir()
        elsewhere = context_of(chosen.model_copy(update={"dataset": other_images}), Path(folder) / "other", seed=seed)
        for step, document in STEPS_COMPARED.items():
            place = elsewhere if document["step"] == "sparse_transfer" else context
            new = place is elsewhere or STEPS[document["step"]].begins_anew
            before = of_baseline
            for share in SHARES:
                key = (images, backbone, step, share, seed)
                if key in known:
                    before = known[key].baseline_accuracy
                    continue
                rate = share * context.baseline_plan.learning_rate
                parameters = STEP_PARAMETERS[document["step"]].model_validate(document | {"learning_rate": rate})
                started = time.perf_counter()
                made = STEPS[parameters.step]().apply(parameters, network, place)
                forget_training(place)
                assert isinstance(made, Network)
                after, seconds = _test_accuracy(made, place), time.perf_counter() - started
                before = after if new and share == SHARES[0] else before
                yield FineTuned(images, backbone, step, share, seed, before, after, seconds)


def _test_accuracy(network: Network, context: StepContext) -> float:
    feed = Feed(context.dataset, context.pipeline, context.trainer.seed, batch_size=1)
    evaluate = partial(evaluate_batch, CrossEntropy(network.model))
    return classified(feed, Split.TEST, evaluate, context.trainer.control)[1]
