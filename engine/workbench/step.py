"""What a compression step is: its parameters, what it needs and makes, what it promises, and how it is applied.

A step's file imports TensorFlow inside `apply` only, so that the wizard can read its declaration without it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from engine.backbones.backbone import layer_graph
from engine.contract.document import Document
from engine.contract.findings import Finding, Severity
from engine.contract.recipe import Recipe
from engine.contract.registry import Registry
from engine.contract.repairs import InsertStep, MoveStep, RemoveEntry, Repair, SetValue
from engine.contract.runtime import FileForm
from engine.contract.step_parameters import StepParameters
from engine.feeding.pipeline import network_input_shape
from engine.graph.layer_graph import LayerGraph

if TYPE_CHECKING:
    from engine.measurement.tflite_file import TfliteFile
    from engine.workbench.network import Network
    from engine.workbench.step_context import StepContext


class Form(StrEnum):
    """What a stage leaves behind."""

    KERAS = "a trainable network"
    TFLITE = "a .tflite file"


class Trait(StrEnum):
    """What a step can establish about a trainable network."""

    ZEROS = "zeros"
    CLUSTERS = "few distinct values"
    INT8_ROUNDING = "int8 rounding in every layer"


@dataclass(frozen=True)
class StepPlace:
    """Where a step stands in a recipe, for its pre-flight."""

    recipe: Recipe
    chain: int
    """Index into the recipe's chains."""
    index: int
    """Index into the chain's steps."""
    class_count: int = 2
    """As found in the images, or as good a guess as there is."""

    @property
    def earlier(self) -> tuple[StepParameters, ...]:
        """The steps of the chain before this one."""
        return self.recipe.chains[self.chain].steps[: self.index]

    @property
    def graph_before(self) -> LayerGraph:
        """The architecture that the step is given.

        Raises:
            RecipeError: the backbone or an earlier student cannot be built for these images.
        """
        return graph_after(self.recipe, self.earlier, self.class_count)

    @property
    def made(self) -> dict[Trait, int]:
        """What the earlier steps made true of the network: trait → index of the step that first made it."""
        made: dict[Trait, int] = {}
        for index, parameters in enumerate(self.earlier):
            step = STEPS[parameters.step]
            if step.begins_anew:
                made.clear()
            for trait in step.makes:
                made.setdefault(trait, index)
        return made

    def where(self, field: str = "") -> str:
        """The step, or one of its parameters, as a finding's place."""
        step = f"chains[{self.chain}].steps[{self.index}]"
        return f"{step}.{field}" if field else step

    def finding(self, severity: Severity, message: str, field: str = "", repair: Repair | None = None) -> Finding:
        """A finding about the step, or about one of its parameters, and what fixes it."""
        return Finding(severity=severity, where=self.where(field), message=message, repair=repair)

    def error(self, message: str, field: str = "", repair: Repair | None = None) -> Finding:
        return self.finding(Severity.ERROR, message, field, repair)

    def warning(self, message: str, field: str = "", repair: Repair | None = None) -> Finding:
        return self.finding(Severity.WARNING, message, field, repair)

    def note(self, message: str, field: str = "", repair: Repair | None = None) -> Finding:
        return self.finding(Severity.NOTE, message, field, repair)

    def set(self, field: str, value: object, sentence: str) -> Repair:
        """Fixes it with another value of a parameter; the sentence is on the button."""
        return SetValue(place=self.where(field), value=value, sentence=sentence)

    def move(self, to: int, sentence: str) -> Repair:
        """Fixes it with another place in the chain: the step's new index."""
        return MoveStep(place=self.where(), to=to, sentence=sentence)

    def remove(self, sentence: str) -> Repair:
        """Fixes it by removing the step."""
        return RemoveEntry(place=self.where(), sentence=sentence)

    def insert(self, step: Document, sentence: str, after: bool = False) -> Repair:
        """Fixes it with another step right before this one, or right after it."""
        return InsertStep(place=self.where(), step=step, sentence=sentence, after=after)


TRAINING_PASSES = 3.0
"""Arithmetic of forward and backward over that of forward alone."""

P = TypeVar("P", bound=StepParameters)


class Step(ABC, Generic[P]):
    """One compression technique. Stateless: everything it needs comes as arguments."""

    key: ClassVar[str]
    title: ClassVar[str]
    summary: ClassVar[str]
    """One or two sentences for the wizard and the reference page."""
    paper: ClassVar[str] = ""
    """Who described it."""
    guide: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """Title → page below `resources/docs` that tells more of it, such as "Low bits" → "low-bits.md"."""
    Parameters: ClassVar[type[StepParameters]]
    gives: ClassVar[Form] = Form.KERAS
    """Every step takes a trainable network; a step that gives a `.tflite` file ends its chain."""
    makes: ClassVar[frozenset[Trait]] = frozenset()
    """Traits of the network it makes; later steps keep them, or say in `cannot_follow` why they cannot."""
    begins_anew: ClassVar[bool] = False
    """Whether it makes a new network, without the traits that earlier steps made."""
    learns_from_before: ClassVar[bool] = True
    """Whether its network has learned from the one that it is given: if that has diverged, so has this one."""
    cannot_follow: ClassVar[Mapping[Trait, str]] = MappingProxyType({})
    """Trait of the network it would be given → why the step refuses it, as a sentence. The pre-flight offers to put
    the step before the one that made the trait, or to remove it where it is the same step again."""

    overhead_s: ClassVar[float] = 9.0
    """Its time besides the epochs, on two cores of a server of 2020: tracing its graph and converting to float32."""

    def seconds_beside_epochs(self, parameters: P, before: LayerGraph) -> float:
        """The same for these parameters and the network that it is given."""
        return self.overhead_s

    def memory_beside_network(self, parameters: P, batch_size: int) -> int:
        """Bytes that its training takes besides the network, its gradients and activations."""
        return 0

    def file_bytes_per_parameter(self, parameters: P) -> float:
        """Of the `.tflite` that its stage leaves."""
        return 4.0

    def file_form(self, parameters: P, graph: LayerGraph) -> FileForm:
        """The numbers of that file.

        Args:
            graph: of the network that it is made of.
        """
        return FileForm()

    def training_epochs(self, parameters: P) -> int:
        """Epochs that the step trains."""
        return 0

    def planned_epochs(self, parameters: P, before: int) -> int:
        """The same where all trainings of the network that it is given take `before` epochs."""
        return self.training_epochs(parameters)

    def graph(self, parameters: P, before: LayerGraph, recipe: Recipe, class_count: int) -> LayerGraph:
        """The architecture that the step leaves of the one `before`.

        Raises:
            RecipeError: it cannot be built for the recipe's images.
        """
        return before

    def training_macs(self, parameters: P, before: LayerGraph, after: LayerGraph) -> float:
        """Multiply-accumulates of training on one image once."""
        return TRAINING_PASSES * after.macs

    def findings(self, parameters: P, place: StepPlace) -> Iterator[Finding]:
        """What the pre-flight should say of the step where it stands."""
        return iter(())

    @abstractmethod
    def apply(self, parameters: P, network: Network, context: StepContext) -> Network | bytes:
        """Compress `network`.

        Returns:
            A new `Network` (form KERAS), or the bytes of a `.tflite` file (form TFLITE).
        """

    def micro_form(self, parameters: P, content: bytes) -> bytes | None:
        """The step's `.tflite` in a form that TensorFlow Lite Micro alone reads, which ships beside it.

        Args:
            content: as `apply` gave it.

        Returns:
            None: it has no such form.

        Raises:
            NutshellError: it cannot be made here.
        """
        return None

    @abstractmethod
    def check_promise(self, parameters: P, network: Network, file: TfliteFile) -> None:
        """Check the result against what the step promises; `file` is the `.tflite` made of it, or the
        float32 conversion where the step leaves a trainable network.

        Raises:
            PromiseBroken: with the promised and the found figure.
        """


STEPS: Registry[Step[Any]] = Registry("engine.steps", Step, "step")


def graph_after(recipe: Recipe, steps: tuple[StepParameters, ...], class_count: int) -> LayerGraph:
    """The architecture that a recipe's backbone is after `steps`.

    Raises:
        RecipeError: the backbone or a student among them cannot be built for the recipe's images.
    """
    graph = layer_graph(recipe.backbone, network_input_shape(recipe.images.first), class_count)
    for parameters in steps:
        graph = STEPS[parameters.step]().graph(parameters, graph, recipe, class_count)
    return graph
