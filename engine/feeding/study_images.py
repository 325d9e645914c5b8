"""A prepared dataset together with what feeds it to a network."""

from __future__ import annotations

from dataclasses import dataclass

from engine.contract.image_settings import ImageSettings
from engine.datasets.cache.prepared import PreparedDataset
from engine.feeding.pipeline import ImagePipeline, fit_pipeline


@dataclass(frozen=True)
class StudyImages:
    """The images that stages train on and are measured on."""

    dataset: PreparedDataset
    pipeline: ImagePipeline

    @classmethod
    def fitted(cls, settings: ImageSettings, dataset: PreparedDataset) -> StudyImages:
        """With the pipeline of these settings; what it takes from the training images is this dataset's own."""
        return cls(dataset, fit_pipeline(settings, dataset))
