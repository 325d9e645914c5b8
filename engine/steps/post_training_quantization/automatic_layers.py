"""Chooses the scheme of each layer: measures what each costs, solves for the best assignment, verifies its file.

As in HAWQ (Dong et al. 2019; Yao et al. 2021, integer programming), but with measured divergences for the Hessian's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.contract.errors import NutshellError
from engine.contract.progress import UNWATCHED, Progress
from engine.export.layer_patterns import LayerScheme
from engine.inspection.layer_sensitivity import LayerChange, LayerOperator, MeasuredLayers, measure_layers
from engine.inspection.output_costs import decided
from engine.measurement.accuracy import predicted, share_equal
from engine.measurement.classification import classify
from engine.measurement.tflite_file import TfliteFile
from engine.steps.post_training_quantization.calibration import ActivationRange
from engine.steps.post_training_quantization.evidence import ChosenScheme, MixedPrecision
from engine.steps.post_training_quantization.latency_bound import LatencyBound, least_divergence_in_time
from engine.steps.post_training_quantization.layer_changes import QuantisedScheme, layer_in
from engine.steps.post_training_quantization.quantizer import quantized_by_layer
from engine.workbench.layer_assignment import (
    Assignment,
    LayerOption,
    least_cost,
    least_divergence,
)
from engine.workbench.timed_share import TimedShare

CANDIDATES: tuple[QuantisedScheme, ...] = ("int8", "int4", "float16")
BEHIND_ALL_LAYERS = "output"
"""A rule of no layer, after all others: the softmax stays float32, as it was where each layer was measured."""
TRIES = 5
"""Of one bound in bytes, as the bytes of a file are known exactly only once it is made."""
BISECTIONS = 8


@dataclass(frozen=True)
class Bounds:
    """What the file has to keep."""

    max_bytes: int | None
    """Of the whole `.tflite` that ships."""
    max_accuracy_drop: float | None
    """On the validation images, 0 to 1."""
    described_bytes: int = 0
    """What its description takes of them."""
    latency: LatencyBound | None = None


@dataclass(frozen=True)
class _Made:
    """A file for an assignment, as it is."""

    assignment: Assignment[LayerScheme]
    content: bytes
    accuracy: float
    agreement: float
    time: TimedShare | None = None
    """Of the float32 file's, where it was asked for."""


def choose_layers(
    float32: bytes,
    ranges: Mapping[str, ActivationRange],
    images: Sequence[np.ndarray],
    labels: np.ndarray,
    bounds: Bounds,
    progress: Progress = UNWATCHED,
    schemes: tuple[QuantisedScheme, ...] = CANDIDATES,
) -> tuple[dict[str, LayerScheme], MixedPrecision]:
    """The scheme of each layer, as `quantized_by_layer` takes them, and what was found.

    With a bound on bytes or time, the least summed divergence within it; else the smallest file within the accuracy's.

    Args:
        ranges: of every activation, by `used_ranges`.
        images: float32 (height, width, channels) each as the network is fed, of the validation split.
        labels: int64 (images,).

    Raises:
        NutshellError: no file keeps the bounds; the message says what can be reached.
    """
    return _Choice(float32, ranges, images, labels, progress, schemes).within(bounds)


class _Choice:
    def __init__(
        self,
        float32: bytes,
        ranges: Mapping[str, ActivationRange],
        images: Sequence[np.ndarray],
        labels: np.ndarray,
        progress: Progress,
        schemes: tuple[QuantisedScheme, ...],
    ) -> None:
        self._float32, self._ranges, self._images, self._progress = float32, ranges, images, progress
        self._labels = labels
        sizes: dict[tuple[str, str], int] = {}

        def noting(scheme: QuantisedScheme) -> LayerChange:
            change = layer_in(scheme, ranges)

            def noted(operator: LayerOperator) -> bytes:
                changed = change(operator)
                sizes[operator.layer, scheme] = len(changed) - len(operator.content)
                return changed

            return noted

        progress.phase("measuring the sensitivity of each layer")
        self._measured: MeasuredLayers = measure_layers(
            float32, {scheme: noting(scheme) for scheme in schemes}, {}, images, self._labels, progress
        )
        self._decided = decided(self._measured.logits)
        self._names = tuple(layer.layer for layer in self._measured.layers)
        kept = LayerOption[LayerScheme]("float32", 0, 0.0)
        self._options: list[list[LayerOption[LayerScheme]]] = [
            [
                kept,
                *(
                    LayerOption[LayerScheme](one, sizes[layer.layer, one], costs[one].kl)
                    for one in schemes
                    if one in costs
                ),
            ]
            for layer in self._measured.layers
            for costs in (layer.schemes,)
        ]
        progress.phase("making the whole network in each scheme")
        self._uniform: dict[LayerScheme, bytes] = {}
        for scheme in schemes:
            self._expect_bytes_as_in_whole_files(scheme)

    def _expect_bytes_as_in_whole_files(self, scheme: QuantisedScheme) -> None:
        """A layer alone brings changes of number types with it that neighbours in one scheme have in common."""
        if not any(option.choice == scheme for layer in self._options for option in layer):
            return
        whole = Assignment(
            tuple(next((one for one in layer if one.choice == scheme), layer[0]) for layer in self._options)
        )
        content = self._uniform[scheme] = self._content(whole)
        share = self._over_expected(whole, content) / sum(one.choice == scheme for one in whole.options)
        self._options = [
            [replace(one, cost=one.cost + round(share)) if one.choice == scheme else one for one in layer]
            for layer in self._options
        ]

    def within(self, bounds: Bounds) -> tuple[dict[str, LayerScheme], MixedPrecision]:
        if bounds.latency is not None or bounds.max_bytes is not None:
            if bounds.latency is not None:
                made = self._within_latency(bounds.latency, bounds.max_bytes, bounds.described_bytes)
            else:
                assert bounds.max_bytes is not None
                made = self._verified(*self._within_bytes(bounds.max_bytes, bounds.described_bytes))
            if bounds.max_accuracy_drop is not None and self._drop(made) > bounds.max_accuracy_drop:
                raise NutshellError(
                    f"The best file {_within(bounds)} loses {self._drop(made):.4f} accuracy on the validation images, "
                    f"and max_accuracy_drop is {bounds.max_accuracy_drop:g}; raise one of the bounds."
                )
        else:
            assert bounds.max_accuracy_drop is not None
            made = self._within_drop(bounds.max_accuracy_drop)
        return self._schemes(made.assignment), self._told(made, bounds)

    def _within_latency(self, bound: LatencyBound, max_shipped_bytes: int | None, described_bytes: int) -> _Made:
        """Each layer is expected to take its share of the multiply-accumulates, times what its scheme takes."""
        max_bytes = None if max_shipped_bytes is None else max_shipped_bytes - described_bytes
        if max_shipped_bytes is not None and self._fewest() + described_bytes > max_shipped_bytes:
            raise self._too_few_bytes(max_shipped_bytes, described_bytes)
        of_scheme: dict[LayerScheme, float] = {"float32": 1.0}
        for scheme, content in self._uniform.items():
            self._progress.phase(f"timing the whole network in {scheme} beside the float32 file")
            of_scheme[scheme] = bound.timed(content).median
        macs = [operator.macs for operator in TfliteFile.parse(self._float32).operators if operator.macs]
        options = [
            [replace(one, time=own / sum(macs) * (of_scheme[one.choice] - 1)) for one in layer]
            for own, layer in zip(macs, self._options, strict=True)
        ]

        def solved(share: float) -> tuple[Assignment[LayerScheme], bytes] | None:
            return self._least_divergence(options, max_bytes, share - 1)

        quickest = Assignment(tuple(min(layer, key=lambda one: (one.time, one.divergence)) for layer in options))
        content = self._content(quickest)
        fastest = (quickest, content) if max_bytes is None or len(content) <= max_bytes else None
        other = "" if max_shipped_bytes is None else f" of at most {max_shipped_bytes:,} bytes"
        timed = least_divergence_in_time(bound, solved, fastest, self._progress, other)
        return replace(self._verified(timed.assignment, timed.content), time=timed.time)

    def _within_bytes(self, max_shipped_bytes: int, described_bytes: int) -> tuple[Assignment[LayerScheme], bytes]:
        best = self._least_divergence(self._options, max_shipped_bytes - described_bytes)
        if best is None:
            raise self._too_few_bytes(max_shipped_bytes, described_bytes)
        return best

    def _too_few_bytes(self, max_shipped_bytes: int, described_bytes: int) -> NutshellError:
        return NutshellError(
            f"max_bytes = {max_shipped_bytes:,} cannot be kept: with the fewest bits in every layer the file takes "
            f"up to {self._fewest() + described_bytes:,} bytes, its description included; allow more, or take a "
            "smaller network."
        )

    def _least_divergence(
        self,
        options: Sequence[Sequence[LayerOption[LayerScheme]]],
        max_bytes: int | None,
        max_time: float = np.inf,
    ) -> tuple[Assignment[LayerScheme], bytes] | None:
        """Solve, make the file, and solve again by how far its bytes were from those expected; None: there is none."""
        budget = np.inf if max_bytes is None else max_bytes - len(self._float32)
        best: tuple[Assignment[LayerScheme], bytes] | None = None
        tried: set[Assignment[LayerScheme]] = set()
        for _ in range(TRIES):
            found = least_divergence(options, budget, max_time)
            if found is None or found in tried:
                break
            tried.add(found)
            content = self._content(found)
            if max_bytes is None:
                return found, content
            if len(content) <= max_bytes and (best is None or found.divergence < best[0].divergence):
                best = found, content
            budget = max_bytes - len(self._float32) - self._over_expected(found, content)
        return best

    def _over_expected(self, assignment: Assignment[LayerScheme], content: bytes) -> int:
        """Bytes of a file beyond those that its layers alone would save or cost."""
        return len(content) - len(self._float32) - assignment.cost

    def _within_drop(self, max_drop: float) -> _Made:
        """Bisect the summed divergence, on a logarithmic scale, for the smallest file within the bound."""
        none = Assignment(tuple(layer[0] for layer in self._options))
        best = _Made(none, self._float32, share_equal(self._decided, self._labels), 1.0)
        most = sum(max(option.divergence for option in layer) for layer in self._options)
        costs = [option.divergence for layer in self._options for option in layer if option.divergence > 0]
        low, high = np.log(min(costs, default=1.0)), np.log(max(most, 1e-12))
        tried: set[Assignment[LayerScheme]] = set()
        at = high
        for _ in range(BISECTIONS):
            found = least_cost(self._options, float(np.exp(at)))
            if found is not None and found not in tried:
                tried.add(found)
                made = self._verified(found, self._content(found))
                if self._drop(made) <= max_drop:
                    low = at
                    best = made if len(made.content) < len(best.content) else best
                else:
                    high = at
            elif found is None:
                low = at
            else:
                break
            if low >= high:
                break
            at = (low + high) / 2
        return best

    def _fewest(self) -> int:
        smallest = Assignment(tuple(min(layer, key=lambda option: option.cost) for layer in self._options))
        return len(self._content(smallest))

    def _content(self, assignment: Assignment[LayerScheme]) -> bytes:
        self._progress.raise_if_cancelled()
        content = quantized_by_layer(self._float32, self._schemes(assignment), self._ranges)
        for kernel, option in zip(TfliteFile.parse(content).kernels, assignment.options, strict=True):
            wide = option.choice == "int4" and kernel.operator == "DEPTHWISE_CONV_2D"
            if kernel.dtype != ("int8" if wide else option.choice):
                raise NutshellError(
                    f"{kernel.name} should be {option.choice} in the mixed file and is {kernel.dtype}; name schemes by "
                    "patterns instead."
                )
        return content

    def _schemes(self, assignment: Assignment[LayerScheme]) -> dict[str, LayerScheme]:
        chosen = {name: option.choice for name, option in zip(self._names, assignment.options, strict=True)}
        return {**chosen, BEHIND_ALL_LAYERS: "float32"}

    def _verified(self, assignment: Assignment[LayerScheme], content: bytes) -> _Made:
        self._progress.phase("verifying the chosen schemes on validation images")
        output = classify(content, (np.asarray(image)[None] for image in self._images), self._progress)
        classes = predicted(output)
        return _Made(assignment, content, share_equal(classes, self._labels), share_equal(classes, self._decided))

    def _drop(self, made: _Made) -> float:
        return self._measured.accuracy - made.accuracy

    def _told(self, made: _Made, bounds: Bounds) -> MixedPrecision:
        return MixedPrecision(
            images=len(self._images),
            max_bytes=bounds.max_bytes,
            max_accuracy_drop=bounds.max_accuracy_drop,
            max_latency=bounds.latency.share if bounds.latency else None,
            latency_ratio=made.time.median if made.time else None,
            latency_ratio_most=made.time.most if made.time else None,
            file_bytes=len(made.content) + bounds.described_bytes,
            divergence=made.assignment.divergence,
            accuracy_float32=self._measured.accuracy,
            accuracy=made.accuracy,
            agreement=made.agreement,
            layers=tuple(
                ChosenScheme(
                    layer=layer.layer,
                    scheme=option.choice,
                    float32_bytes=layer.bytes,
                    saved_bytes=-option.cost,
                    divergence=option.divergence,
                )
                for layer, option in zip(self._measured.layers, made.assignment.options, strict=True)
            ),
        )


def _within(bounds: Bounds) -> str:
    """Such as "of at most 20,000 bytes"."""
    parts = [f"of at most {bounds.max_bytes:,} bytes"] if bounds.max_bytes is not None else []
    parts += [f"within {bounds.latency.share:g} of the float32 file's time"] if bounds.latency is not None else []
    return " and ".join(parts)
