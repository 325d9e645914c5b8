"""A real study that is small enough for every test run: drawn hearts as files, a narrow network, two epochs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.backbones.backbone import layer_graph
from engine.contract.backbone_settings import BackboneSettings
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.image_settings import DwtSettings, ImageSettings
from engine.contract.network_facts import NetworkFacts
from engine.contract.progress import UNWATCHED
from engine.contract.recipe import ChainSettings, Recipe
from engine.contract.training_settings import TrainingSettings
from engine.datasets.cache.preparation import prepare, scan
from engine.datasets.files.phantom_heart import draw_heart
from engine.feeding.pipeline import fit_pipeline, network_input_shape
from engine.training.control import Control
from engine.training.plan import TrainingPlan
from engine.workbench.network import Network
from engine.workbench.step_context import StepContext

IMAGES_PER_CLASS = 24


def draw_class_folders(root: Path, count: int = IMAGES_PER_CLASS) -> Path:
    """Write PNG files of drawn hearts: root/normal/000.png …, root/sick/000.png …"""
    for label, name in enumerate(("normal", "sick")):
        folder = root / name
        folder.mkdir(parents=True)
        for number in range(count):
            image = draw_heart(np.random.default_rng((3, label, number)), sick=bool(label))
            Image.fromarray(image).save(folder / f"{number:03d}.png")
    return root


@pytest.fixture(scope="session")
def heart_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of images, one folder per class."""
    return draw_class_folders(tmp_path_factory.mktemp("hearts") / "images")


def small_recipe(folder: Path) -> Recipe:
    """Two chains that share their first step."""
    pruned = {"step": "magnitude_pruning", "sparsity": 0.75, "epochs": 1}
    return Recipe(
        name="small study",
        dataset=DatasetSettings(kind="image_folder", path=str(folder)),
        images=ImageSettings(size=48, color="grayscale", dwt=DwtSettings()),
        backbone=BackboneSettings(kind="resnet18", width=0.125),
        training=TrainingSettings(epochs=2, batch_size=8, augment=("hflip", "rotate")),
        chains=(
            ChainSettings(name="PRN", steps=(pruned,)),
            ChainSettings(
                name="PRQ", steps=(pruned, {"step": "post_training_quantization", "scheme": "dynamic_range"})
            ),
        ),
    )


@pytest.fixture(scope="session")
def small_context(tmp_path_factory: pytest.TempPathFactory) -> StepContext:
    """Everything that a step has at hand, real: prepared images, pipeline, and a trainer."""
    from engine.training.tensorflow_setup import set_up_tensorflow

    set_up_tensorflow(seed=7)
    return make_context(tmp_path_factory.mktemp("context"))


def make_context(folder: Path, control: Control | None = None, epochs: int = 3) -> StepContext:
    """A context of its own, on forty drawn hearts per class at 32×32."""
    recipe = Recipe(
        dataset=DatasetSettings(limit_per_class=40),
        images=ImageSettings(size=32, color="grayscale"),
        backbone=BackboneSettings(width=0.125),
        training=TrainingSettings(epochs=epochs, batch_size=16, learning_rate=3e-3, augment=("hflip",)),
    )
    return context_of(recipe, folder, control)


def cifar_context(checkout: Path, folder: Path, kind: str) -> StepContext:
    """A context on the sample of CIFAR-10 that lies beside the checkout; skips the test where there is none."""
    from engine.training.tensorflow_setup import set_up_tensorflow

    images = checkout.parent / "shared" / "data" / "cifar10-mini"
    if not images.is_dir():
        pytest.skip("there are no cifar10-mini images beside the checkout")
    set_up_tensorflow(seed=7)
    recipe = Recipe(
        dataset=DatasetSettings(kind="image_folder", path=str(images)),
        images=ImageSettings(size=32),
        backbone=BackboneSettings(kind=kind, width=0.25),
        training=TrainingSettings(epochs=10, augment=("hflip",)),
    )
    return context_of(recipe, folder)


def context_of(recipe: Recipe, folder: Path, control: Control | None = None, seed: int = 7) -> StepContext:
    """A context for the recipe; what it keeps lies in `folder`."""
    from engine.export.tflite_conversion import float32_tflite
    from engine.training.trainer import Trainer

    dataset = prepare(scan(recipe.dataset, 7), recipe.dataset, recipe.images.first, 7, folder / "cache")
    pipeline = fit_pipeline(recipe.images.first, dataset)
    trainer = Trainer(
        "stage", dataset, pipeline, seed, control or Control(), lambda event: None, folder / "training.checkpoint"
    )
    return StepContext(recipe, dataset, pipeline, trainer, UNWATCHED, lambda network: float32_tflite(network.model))


def forget_training(context: StepContext) -> None:
    """Let the next training with the context start from its first epoch."""
    checkpoint = context.trainer.checkpoint
    for file in checkpoint.parent.glob(f"{checkpoint.name}*"):
        file.unlink()


def untrained(context: StepContext) -> Network:
    """The context's network with its seeded weights."""
    from engine.training.keras_network import build_keras_network

    graph = layer_graph(
        context.recipe.backbone, network_input_shape(context.recipe.images.first), len(context.dataset.classes)
    )
    model = build_keras_network(graph, context.trainer.seed)
    return Network(model, NetworkFacts(parameters=graph.parameters, trainable_parameters=graph.trainable_parameters()))


def two_layers(context: StepContext, freeze_base: bool = False) -> Any:
    """A network for the context's images that is compiled in a moment: convolution, normalisation, and the head."""
    import tf_keras

    tf_keras.utils.set_random_seed(7)
    layers = tf_keras.layers
    image = tf_keras.Input(network_input_shape(context.recipe.images.first))
    features = layers.Conv2D(4, 3, strides=2, name="conv", trainable=not freeze_base)(image)
    features = layers.ReLU()(layers.BatchNormalization(name="bn", trainable=not freeze_base)(features))
    pooled = layers.GlobalAveragePooling2D()(features)
    return tf_keras.Model(image, layers.Dense(1, "sigmoid", name="classifier")(pooled))


@pytest.fixture(scope="session")
def trained_network(small_context: StepContext) -> Network:
    """The context's network after its baseline training."""
    network = untrained(small_context)
    outcome = small_context.trainer.train(network.model, TrainingPlan.of_recipe(small_context.recipe.training))
    forget_training(small_context)
    return Network(network.model, network.facts.after_training(outcome))
