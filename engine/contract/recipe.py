"""A study as plain data: images, how they are compressed, a backbone, its training, and chains of compression steps.

Every key, default and range stands once, in the settings of its table; the recipe file, the wizard and the reference
page read them from there.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, SerializeAsAny, field_validator, model_validator

from engine.contract.backbone_settings import BackboneSettings
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.image_settings import ImageGrid, ImageSettings, parse_images
from engine.contract.repeat_settings import RepeatSettings
from engine.contract.repeats import Repeat
from engine.contract.search_settings import SearchSettings
from engine.contract.section import Section
from engine.contract.step_parameters import StepParameters, parse_step
from engine.contract.target_settings import TargetSettings
from engine.contract.training_settings import TrainingSettings

SCHEMA_VERSION = 1
BASELINE = "baseline"
"""The name that the trained network itself has among the chains."""


class ChainSettings(Section):
    """A named order of compression steps that starts from the trained baseline."""

    name: str = Field(min_length=1, max_length=60, title="Name")
    steps: tuple[Annotated[SerializeAsAny[StepParameters], BeforeValidator(parse_step)], ...] = Field(
        (), title="Steps", description="Applied in this order."
    )

    @field_validator("name")
    @classmethod
    def _readable(cls, value: str) -> str:
        if not value.strip() or not value.isprintable():
            raise ValueError("a chain's name is one line of text")
        if value.strip().lower() == BASELINE:
            raise ValueError(f'"{BASELINE}" is the trained network itself; choose another name for the chain')
        return value.strip()


class Recipe(RepeatSettings):
    """A whole study. The same recipe on the same images with the same seed gives the same networks."""

    schema_version: Literal[1] = Field(1, alias="schema", title="Schema")
    name: str = Field("study", min_length=1, max_length=80, title="Name")
    dataset: DatasetSettings = Field(DatasetSettings(), title="Dataset")
    images: Annotated[ImageGrid, BeforeValidator(parse_images)] = Field(ImageSettings(), title="Images")
    backbone: BackboneSettings = Field(BackboneSettings(), title="Backbone")
    training: TrainingSettings = Field(TrainingSettings(), title="Training")
    chains: tuple[ChainSettings, ...] = Field((), title="Chains")
    target: TargetSettings = Field(TargetSettings(), title="Target")
    search: SearchSettings | None = Field(None, title="Search")

    @model_validator(mode="after")
    def _chain_names_differ(self) -> Recipe:
        names = [chain.name.lower() for chain in self.chains]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f'two chains are called "{name}"; give each its own name')
        return self

    def branches(self) -> tuple[Recipe, ...]:
        """One recipe per image setting, as if it had been written without lists; of one setting, the recipe itself."""
        return tuple(self.model_copy(update={"images": images}) for images in self.images.settings)

    def repeated(self, repeat: Repeat) -> Recipe:
        """As if it had been written for one repetition; of one that repeats nothing, the recipe itself."""
        return self.model_copy(update={"seed": repeat.seed, "seeds": ()})
