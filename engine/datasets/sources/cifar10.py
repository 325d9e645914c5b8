"""CIFAR-10: 60,000 photographs of 32×32 pixels in ten classes."""

from __future__ import annotations

from typing import ClassVar

from engine.datasets.listing.cifar_files import CifarLayout, Labelling
from engine.datasets.sources.cifar import CifarSource


class Cifar10(CifarSource):
    key: ClassVar[str] = "cifar10"
    title: ClassVar[str] = "CIFAR-10"
    summary: ClassVar[str] = (
        "The archive as it was published, binary or Python version, packed or unpacked; its own test images are kept."
    )
    layout: ClassVar[CifarLayout] = CifarLayout(
        title="CIFAR-10",
        python_folder="cifar-10-batches-py",
        binary_folder="cifar-10-batches-bin",
        training=tuple(f"data_batch_{number}" for number in range(1, 6)),
        test=("test_batch",),
        names_file="batches.meta",
        labellings=(Labelling("labels", "label_names", "batches.meta.txt"),),
    )
