"""Look-up tables for TensorFlow Lite Micro: where they may be asked for, and what they came to."""

from __future__ import annotations

from collections.abc import Iterator

from engine.contract.findings import Finding
from engine.export.lookup_tables import with_lookup_tables
from engine.measurement.lookup_table_form import MAX_INDEX_BITS
from engine.measurement.micro_runtime import MISSING, micro_is_installed
from engine.steps.post_training_quantization.evidence import LookUpTables
from engine.steps.post_training_quantization.parameters import PostTrainingQuantizationParameters
from engine.workbench.step import StepPlace, Trait

MAX_VALUES = 2**MAX_INDEX_BITS
USUAL_CLUSTERS = 16
CLUSTERING = "weight_clustering"


def table_findings(parameters: PostTrainingQuantizationParameters, place: StepPlace) -> Iterator[Finding]:
    """What stands against `lookup_tables`; nothing where it is not set."""
    if not parameters.lookup_tables:
        return
    without = place.set("lookup_tables", False, "Make no look-up tables")
    if not micro_is_installed():
        yield place.error(MISSING, "lookup_tables", without)
    if parameters.scheme != "int8":
        message = f"lookup_tables applies only to the scheme int8, but the scheme is {parameters.scheme}."
        yield place.error(message, "lookup_tables", place.set("scheme", "int8", "Quantise to int8"))
    if Trait.CLUSTERS not in place.made:
        message = (
            "lookup_tables needs kernels of few values, and no weight clustering comes before; put one before it, or "
            "set lookup_tables = false."
        )
        # Behind quantisation-aware training it would be refused.
        trained = Trait.INT8_ROUNDING in place.made
        clustering = place.insert(
            {"step": CLUSTERING, "clusters": USUAL_CLUSTERS}, f"Cluster to {USUAL_CLUSTERS} values"
        )
        yield place.error(message, "lookup_tables", without if trained else clustering)
        return
    values = min(filter(None, (step.distinct_values() for step in place.earlier)), default=0)
    if values > MAX_VALUES:
        message = (
            f"A look-up table has at most {MAX_VALUES} values, and the clustering leaves {values}; cluster to fewer, "
            "or set lookup_tables = false."
        )
        yield place.error(message, "lookup_tables", without)


def found_tables(content: bytes) -> LookUpTables:
    """How each kernel of an int8 `.tflite` is stored; raises as `with_lookup_tables`."""
    made = with_lookup_tables(content)
    return LookUpTables(
        plain_file_bytes=len(content),
        file_bytes=None if made.content is None else len(made.content),
        kernels=made.kernels,
    )
