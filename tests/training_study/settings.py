"""The training settings that are compared: the defaults, each of them changed, and what they replaced."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.contract.backbone_settings import BackboneSettings
from engine.contract.training_settings import TrainingSettings

EPOCHS = 8
BACKBONES: Mapping[str, BackboneSettings] = MappingProxyType(
    {
        "resnet18 ×0.25": BackboneSettings(kind="resnet18", width=0.25),
        "mobilenet_v2 ×0.35": BackboneSettings(kind="mobilenet_v2", width=0.35),
        "vgg16 ×0.25": BackboneSettings(kind="vgg16", width=0.25),
    }
)
FINE_TUNED: Mapping[str, BackboneSettings] = MappingProxyType({"resnet18 ×0.25": BACKBONES["resnet18 ×0.25"]})
"""Those that the steps' learning rates are compared on."""
DEFAULTS = "the defaults"
EARLIER: Mapping[str, object] = MappingProxyType(
    {
        "optimizer": "adam",
        "learning_rate": 1e-3,
        "weight_decay": 0.0,
        "schedule": "constant",
        "warmup_epochs": 0,
        "label_smoothing": 0.0,
        "augment": (),
    }
)
"""What a plain Keras user writes: Adam at 1e-3, and nothing else."""
CHANGED: Mapping[str, Mapping[str, object]] = MappingProxyType(
    {
        DEFAULTS: {},
        "plain Adam, 1e-3": EARLIER,
        "rate × 1/2": {"rate_share": 0.5},
        "rate × 2": {"rate_share": 2.0},
        "no warm-up": {"warmup_epochs": 0},
        "no label smoothing": {"label_smoothing": 0.0},
        "no augmentation": {"augment": ()},
        "pad_crop": {"augment": ("pad_crop",)},
        "batches of 128": {"batch_size": 128},
        "sgd": {"optimizer": "sgd"},
    }
)
"""What is changed of the defaults; `rate_share` multiplies the automatic learning rate."""


def training_settings(changes: Mapping[str, object]) -> TrainingSettings:
    """The defaults for `EPOCHS` epochs with some of the `CHANGED`."""
    return TrainingSettings.model_validate(
        {"epochs": EPOCHS} | {key: value for key, value in changes.items() if key != "rate_share"}
    )
