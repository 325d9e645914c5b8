"""How small clustered int8 networks become as look-up tables, unzipped, and that TensorFlow Lite Micro loses nothing.

Networks trained on a sample of CIFAR-10; `tests/engine/steps/test_lookup_table_kernels.py` is the small version.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.contract.backbone_settings import BackboneSettings
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.image_settings import ImageSettings
from engine.contract.recipe import Recipe
from engine.contract.training_settings import TrainingSettings
from engine.datasets.source import Split
from engine.export.feeding_description import described
from engine.export.tflite_conversion import float32_tflite
from engine.measurement.accuracy import predicted
from engine.measurement.classification import classify
from engine.measurement.micro import compared_in_micro
from engine.measurement.size import zipped_bytes
from engine.steps.post_training_quantization.parameters import PostTrainingQuantizationParameters
from engine.steps.post_training_quantization.step import PostTrainingQuantization
from engine.steps.weight_clustering.step import WeightClustering, WeightClusteringParameters
from engine.workbench.network import Network
from tests.small_study import context_of, forget_training, untrained

pytestmark = pytest.mark.benchmark

EPOCHS, CLUSTERING_EPOCHS = 10, 4
INT8 = PostTrainingQuantization()
TABLES = PostTrainingQuantizationParameters(scheme="int8", lookup_tables=True)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kind", ["resnet18", "mobilenet_v1"])
def test_files_of_16_and_32_clusters(kind: str, cifar10_mini: Path, tmp_path: Path) -> None:
    pytest.importorskip("tflite_micro", reason="has no wheel for this platform")
    from engine.training.tensorflow_setup import set_up_tensorflow

    set_up_tensorflow(seed=7)
    recipe = Recipe(
        dataset=DatasetSettings(kind="image_folder", path=str(cifar10_mini)),
        images=ImageSettings(size=32),
        backbone=BackboneSettings(kind=kind, width=0.25),
        training=TrainingSettings(epochs=EPOCHS, augment=("small_shift", "hflip")),
    )
    context = context_of(recipe, tmp_path)
    network = untrained(context)
    outcome = context.trainer.train(network.model, context.baseline_plan)
    network = Network(network.model, network.facts.after_training(outcome))
    rows = context.dataset.splits[Split.TEST]
    images, labels = context.pipeline.feed(context.dataset.images[rows]), context.dataset.labels[rows]
    np.save(tmp_path / "images.npy", images)
    accuracy = np.mean(predicted(classify(float32_tflite(network.model), [images])) == labels)
    unclustered = INT8.apply(TABLES.model_copy(update={"lookup_tables": False}), network, context)
    whole, _ = described(unclustered, context.pipeline, context.dataset.classes)
    print(f"\n{kind} ×0.25: float32 accuracy {accuracy:.3f}, {len(images)} test images; int8 {len(whole):,} bytes")
    for clusters in (16, 32):
        forget_training(context)
        parameters = WeightClusteringParameters(clusters=clusters, epochs=CLUSTERING_EPOCHS)
        clustered = WeightClustering().apply(parameters, network, context)
        plain = INT8.apply(TABLES, clustered, context)
        compact = INT8.micro_form(TABLES, plain)
        assert compact is not None
        files = tmp_path / f"{kind}{clusters}.tflite", tmp_path / f"{kind}{clusters}-tflm.tflite"
        for file, content in zip(files, (plain, compact), strict=True):
            file.write_bytes(described(content, context.pipeline, context.dataset.classes)[0])
        found = compared_in_micro(*files, tmp_path / "images.npy")
        by_litert = predicted(classify(files[0], [images]))
        here, there = np.mean(by_litert == labels), np.mean(np.array(found.predictions) == labels)
        small, zipped = files[1].stat().st_size, zipped_bytes(files[0])
        print(
            f"{clusters} clusters: plain {files[0].stat().st_size:,} bytes, zipped {zipped:,}, look-up tables "
            f"{small:,} ({small / files[0].stat().st_size:.3f} of plain, {small / zipped:.3f} of zipped; zipped too "
            f"{zipped_bytes(files[1]):,}); arena {found.plain_arena_bytes:,} → {found.arena_bytes:,}; accuracy in "
            f"LiteRT {here:.3f}, in TensorFlow Lite Micro {there:.3f} by either file, same class as LiteRT "
            f"{np.mean(by_litert == np.array(found.predictions)):.3f}"
        )
        tables = sum(kernel.index_bits > 0 for kernel in _tables(plain))
        print(f"  {tables} of {len(_tables(plain))} kernels are tables")
        assert found.same_outputs == found.images == len(images)
        assert small < 0.8 * files[0].stat().st_size


def _tables(plain: bytes) -> tuple:
    from engine.export.lookup_tables import with_lookup_tables

    return with_lookup_tables(plain).kernels
