"""CIFAR-100: 60,000 photographs of 32×32 pixels in a hundred classes, which also make twenty groups."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from engine.contract.dataset_options import DatasetOptions
from engine.datasets.listing.cifar_files import CifarLayout, Labelling
from engine.datasets.sources.cifar import CifarSource

COARSE = Labelling("coarse_labels", "coarse_label_names", "coarse_label_names.txt")
FINE = Labelling("fine_labels", "fine_label_names", "fine_label_names.txt")


class Cifar100Options(DatasetOptions):
    """Which of the two labels of each image is learnt."""

    key: ClassVar[str] = "cifar100"
    names_classes: ClassVar[frozenset[str]] = frozenset({"labels"})

    labels: Literal["fine", "coarse"] = Field(
        "fine", title="Labels", description="Of CIFAR-100: its 100 classes, or the 20 groups of them."
    )


class Cifar100(CifarSource):
    key: ClassVar[str] = "cifar100"
    title: ClassVar[str] = "CIFAR-100"
    summary: ClassVar[str] = (
        "The archive as it was published, binary or Python version, packed or unpacked, with its 100 fine or 20 coarse "
        "labels; its own test images are kept."
    )
    layout: ClassVar[CifarLayout] = CifarLayout(
        title="CIFAR-100",
        python_folder="cifar-100-python",
        binary_folder="cifar-100-binary",
        training=("train",),
        test=("test",),
        names_file="meta",
        labellings=(COARSE, FINE),
    )

    def labelling(self) -> Labelling:
        return FINE if self.settings.own(Cifar100Options).labels == "fine" else COARSE
