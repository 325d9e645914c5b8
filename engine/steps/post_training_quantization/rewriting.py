"""Makes the quantised file of a float32 one, with all that a recipe asks for: ranges, clipping, rounding, biases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.contract.evidence import Evidence
from engine.contract.progress import Progress
from engine.export.layer_patterns import LayerScheme
from engine.measurement.tflite_file import TfliteFile
from engine.steps.post_training_quantization.adaptive_rounding import ChosenIntegers, learned_integers
from engine.steps.post_training_quantization.bias_correction import with_corrected_biases
from engine.steps.post_training_quantization.calibration import ActivationRange
from engine.steps.post_training_quantization.clipped_kernels import with_clipped_kernels
from engine.steps.post_training_quantization.kernel_integers import with_integers
from engine.steps.post_training_quantization.parameters import PostTrainingQuantizationParameters
from engine.steps.post_training_quantization.quantizer import quantized, quantized_by_layer
from engine.steps.post_training_quantization.used_ranges import used_ranges


@dataclass(frozen=True)
class Rewritten:
    """The file, and what was found on the way."""

    content: bytes
    evidence: tuple[Evidence, ...] = ()


def activation_ranges_of(
    parameters: PostTrainingQuantizationParameters,
    float32: bytes,
    images: Sequence[np.ndarray],
    progress: Progress,
) -> Mapping[str, ActivationRange]:
    """The ranges by the recipe's `calibration`."""
    return used_ranges(
        float32,
        images,
        parameters.percentile if parameters.calibration == "percentile" else 100.0,
        parameters.calibration == "minmax",
        progress.counted("calibrating"),
        parameters.activation_bits if parameters.calibration == "mse" else None,
    )


@dataclass(frozen=True)
class Rewriting:
    """How a float32 file is rewritten."""

    parameters: PostTrainingQuantizationParameters
    layers: Mapping[str, LayerScheme]
    """Of a mixed scheme."""
    ranges: Mapping[str, ActivationRange] | None
    images: Sequence[np.ndarray] = field(repr=False)
    """float32 (height, width, channels) each as the network is fed."""
    seed: int
    progress: Progress = field(repr=False)

    def rewritten(self, float32: bytes) -> Rewritten:
        """
        Raises:
            QuantizerCannot: another way must be taken.
        """
        self.progress.phase("quantising")
        clipped, content = self._quantised(float32)
        learned = None
        if self.parameters.learns_rounding:
            self.progress.phase("learning the rounding of weights")
            learned = learned_integers(
                float32,
                clipped,
                content,
                self.images,
                self.parameters.rounding_iterations,
                self.seed,
                self.progress,
            )
            content = with_integers(content, learned.integers)
        if self.parameters.bias_correction:
            counted = self.progress.counted("correcting biases")
            corrected = with_corrected_biases(float32, content, self.images, counted)
            content = self._with_learned(self._quantised(corrected)[1], content, learned)
        return Rewritten(content, (learned.found,) if learned else ())

    def _quantised(self, float32: bytes) -> tuple[bytes, bytes]:
        """The float32 file with the kernels that are quantised, and that file."""
        content = self._plain(float32)
        if not self.parameters.clips_weights:
            return float32, content
        clipped = with_clipped_kernels(float32, content)
        return clipped, self._plain(clipped)

    def _plain(self, float32: bytes) -> bytes:
        parameters = self.parameters
        if parameters.scheme == "mixed":
            return quantized_by_layer(float32, self.layers, self.ranges)
        return quantized(float32, parameters.scheme, self.ranges, parameters.float_io)

    def _with_learned(self, content: bytes, before: bytes, learned: ChosenIntegers | None) -> bytes:
        """The integers that were learned, in the kernels whose scales are those that they were learned for.

        A corrected bias that takes more than an int32 counts gives its kernel other scales; that one stays as it is.
        """
        if learned is None:
            return content
        pairs = zip(TfliteFile.parse(before).kernels, TfliteFile.parse(content).kernels, strict=True)
        same = {place for place, (old, new) in enumerate(pairs) if np.array_equal(old.scales, new.scales)}
        return with_integers(content, {place: one for place, one in learned.integers.items() if place in same})
