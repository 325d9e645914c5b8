"""Prepares and trains on a folder of images in a process of its own, and prints the most memory it took, in bytes."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from engine.backbones.backbone import layer_graph
from engine.contract.backbone_settings import BackboneSettings
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.image_settings import ImageSettings
from engine.contract.recipe import Recipe
from engine.contract.training_settings import TrainingSettings
from engine.datasets.cache.preparation import prepare, scan
from engine.datasets.cache.splits import write_split_csv
from engine.feeding.pipeline import fit_pipeline, network_input_shape
from engine.measurement.memory import peak_resident_bytes
from engine.training.control import Control
from engine.training.plan import TrainingPlan
from engine.training.tensorflow_setup import set_up_tensorflow
from engine.workbench.step_context import StepContext


def main(images: Path, work: Path) -> None:
    recipe = Recipe(
        dataset=DatasetSettings(kind="image_folder", path=str(images)),
        images=ImageSettings(size=224, scale="standardize"),
        backbone=BackboneSettings(kind="resnet18", width=0.05),
        training=TrainingSettings(epochs=1, batch_size=32, augment=("hflip",)),
    )
    dataset = prepare(scan(recipe.dataset, recipe.seed), recipe.dataset, recipe.images, recipe.seed, work / "cache")
    write_split_csv(work / "split.csv", dataset)
    pipeline = fit_pipeline(recipe.images, dataset)
    prepared = peak_resident_bytes()
    set_up_tensorflow(recipe.seed)
    from engine.training.keras_network import build_keras_network
    from engine.training.trainer import Trainer

    graph = layer_graph(recipe.backbone, network_input_shape(recipe.images), len(dataset.classes))
    model = build_keras_network(graph, recipe.seed)
    trainer = Trainer("stage", dataset, pipeline, recipe.seed, Control(), lambda event: None, work / "checkpoint")
    trainer.train(model, TrainingPlan.of_recipe(recipe.training))
    context = StepContext(recipe, dataset, pipeline, trainer, lambda phase: None, lambda network: b"")
    calibrated = sum(1 for _ in context.calibration_images(10_000))
    print(
        json.dumps(
            {
                "images": len(dataset.images),
                "calibrated": calibrated,
                "prepared_bytes": prepared,
                "peak_bytes": peak_resident_bytes(),
            }
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
