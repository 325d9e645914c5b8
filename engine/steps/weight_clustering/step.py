"""Weight clustering: each kernel is reduced to a few values while the network keeps training.

Weight sharing of Han et al. 2016, in the combinations of Predić et al. 2022.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from engine.contract.errors import PromiseBroken
from engine.contract.findings import Finding
from engine.contract.step_parameters import StepParameters
from engine.workbench.kept_promises import check_kept
from engine.workbench.step import Step, StepPlace, Trait

if TYPE_CHECKING:
    from engine.measurement.tflite_file import TfliteFile
    from engine.workbench.network import Network
    from engine.workbench.step_context import StepContext

SEED_PART = 0xC105
INT8_VALUES = 255
RATE_SHARE = 0.5
"""Of the baseline's learning rate, where none is given: `tests/training_study` compares them."""


class WeightClusteringParameters(StepParameters):
    """The number of distinct values per kernel, and where they start."""

    key: ClassVar[str] = "weight_clustering"

    step: Literal["weight_clustering"] = "weight_clustering"
    clusters: int = Field(
        32,
        ge=2,
        le=4096,
        title="Clusters",
        description="Distinct values per kernel; zero is one of them after pruning.",
    )
    init: Literal["linear", "random", "density", "kmeans++"] = Field(
        "kmeans++",
        title="Start of the centroids",
        description="linear: evenly spaced over the kernel's range; random: drawn over it; density: evenly spaced "
        "over the values' distribution; kmeans++: drawn from the values, far ones first.",
    )
    kmeans_rounds: int = Field(
        20,
        ge=0,
        le=1000,
        title="Rounds of k-means",
        description="At most this many rounds move the centroids from their start; 0: they stay, as in TFMOT and "
        "Predić et al. 2022, where the start decides how well the file zips."
        "",
        json_schema_extra={"advanced": True},
    )
    epochs: int = Field(
        2,
        ge=0,
        le=10_000,
        title="Epochs",
        description="Training of the shared values; 0: clustering only.",
        json_schema_extra={"unit": "epochs", "zero": "clustering only"},
    )
    learning_rate: float = Field(
        0.0,
        ge=0,
        le=10,
        title="Learning rate",
        description="For this training; 0: half the baseline's. It follows a cosine schedule.",
        json_schema_extra={"zero": "half the baseline's", "unused_for": [{"epochs": [0]}]},
    )

    def label(self) -> str:
        return f"{self.clusters} clusters"

    def distinct_values(self) -> int:
        return self.clusters


class WeightClustering(Step[WeightClusteringParameters]):
    key: ClassVar[str] = "weight_clustering"
    title: ClassVar[str] = "Weight clustering"
    summary: ClassVar[str] = (
        "Reduces each kernel to a few distinct values, which training adjusts together. Keeps the zeros of an earlier "
        "pruning. The file shrinks when it is zipped, or as look-up tables for TensorFlow Lite Micro; otherwise its "
        "raw size stays, as does its speed."
    )
    paper: ClassVar[str] = "Han et al. 2016; Predić et al. 2022"
    guide: ClassVar[Mapping[str, str]] = MappingProxyType({"Look-up tables": "look-up-tables.md"})
    Parameters: ClassVar[type[StepParameters]] = WeightClusteringParameters
    makes: ClassVar[frozenset[Trait]] = frozenset({Trait.CLUSTERS})
    cannot_follow: ClassVar[Mapping[Trait, str]] = MappingProxyType(
        {
            Trait.INT8_ROUNDING: "Clusters are kept through quantisation-aware training, but cannot be made after it; "
            "cluster first.",
        }
    )

    def training_epochs(self, parameters: WeightClusteringParameters) -> int:
        return parameters.epochs

    def findings(self, parameters: WeightClusteringParameters, place: StepPlace) -> Iterator[Finding]:
        for step in place.earlier:
            if isinstance(step, WeightClusteringParameters) and step.clusters <= parameters.clusters:
                message = f"An earlier clustering leaves {step.clusters} values; ask for fewer, or remove this one."
                yield place.warning(message, repair=place.remove(f"Remove these {parameters.label()}"))
        if parameters.clusters > INT8_VALUES:
            message = f"int8 has {INT8_VALUES} values, so clusters beyond these are lost if the chain ends in int8."
            yield place.note(message, "clusters", place.set("clusters", INT8_VALUES, f"Use {INT8_VALUES} clusters"))

    def apply(self, parameters: WeightClusteringParameters, network: Network, context: StepContext) -> Network:
        import numpy as np

        from engine.steps.weight_clustering.moving_clusters import MovingClusters
        from engine.training.centroids import Centroids
        from engine.training.cluster_projection import cluster
        from engine.training.kernels import clone, kernels
        from engine.workbench.network import Network

        model = clone(network.model)
        clustered = kernels(model)
        context.progress.phase("finding clusters")
        generator = np.random.default_rng((context.recipe.seed, SEED_PART))
        members = [
            cluster(
                kernel.numpy(),
                Centroids(parameters.clusters, parameters.init, parameters.kmeans_rounds),
                generator,
                name in network.facts.pruned_layers,
            )
            for name, kernel in clustered.items()
        ]
        projection = MovingClusters(list(clustered.values()), members)
        projection.project()
        baseline = context.baseline_plan
        rate = parameters.learning_rate or RATE_SHARE * baseline.learning_rate
        outcome = context.trainer.train(model, baseline.fine_tuning(parameters.epochs, rate, "cosine"), [projection])
        facts = network.facts.after_training(outcome).model_copy(update={"clusters": parameters.clusters})
        return Network(model, facts)

    def check_promise(self, parameters: WeightClusteringParameters, network: Network, file: TfliteFile) -> None:
        import numpy as np

        from engine.training.kernels import kernels

        for name, kernel in kernels(network.model).items():
            values = len(np.unique(kernel.numpy()))
            if values > parameters.clusters:
                raise PromiseBroken(
                    f"Clustering promised {parameters.clusters} values per kernel, and {name} has {values}; "
                    "please report this with the run's log."
                )
        check_kept(self.title, network, file)
