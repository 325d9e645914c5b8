"""What the pre-flight says of the options that choose the integers of a file more carefully."""

from __future__ import annotations

from collections.abc import Iterator

from engine.contract.findings import Finding
from engine.steps.post_training_quantization.parameters import FEW_BITS, PostTrainingQuantizationParameters
from engine.workbench.step import StepPlace, Trait

FEW_IMAGES_TO_LEARN_FROM = 50
ENOUGH_IMAGES_TO_LEARN_FROM = 200


def refinement_findings(parameters: PostTrainingQuantizationParameters, place: StepPlace) -> Iterator[Finding]:
    """Of `rounding`, `weight_ranges` and `calibration = "mse"`."""
    adaptive, clipped = parameters.rounding == "adaptive", parameters.weight_ranges == "mse"
    to_nearest = place.set("rounding", "nearest", "Round to nearest")
    to_largest = place.set("weight_ranges", "max", "Keep the largest weights")
    unused = (("rounding", adaptive, to_nearest), ("weight_ranges", clipped, to_largest))
    if Trait.INT8_ROUNDING in place.made:
        for name, is_set, repair in unused:
            if is_set:
                message = (
                    "The network was trained for int8 by quantisation-aware training, which learned its weights with "
                    f"their rounding; {name} does nothing there."
                )
                yield place.warning(message, name, repair)
        return
    if parameters.scheme not in FEW_BITS:
        for name, is_set, repair in unused:
            if is_set:
                message = f"{name} applies only to {', '.join(FEW_BITS)}; under {parameters.label()} it does nothing."
                yield place.warning(message, name, repair)
        return
    if parameters.chooses:
        for name, is_set, repair in unused:
            if is_set:
                message = (
                    f'layers = "auto" verifies files without {name} = "{getattr(parameters, name)}", so the bound '
                    "would be kept by another file than the one that ships; name the layers' schemes by patterns "
                    "instead."
                )
                yield place.error(message, name, repair)
        return
    if adaptive and Trait.CLUSTERS in place.made:
        message = (
            "An earlier clustering leaves few distinct values per kernel, and rounding them up or down one by one "
            "would make more of them; round to nearest."
        )
        yield place.error(message, "rounding", to_nearest)
    if adaptive and parameters.bias_correction:
        message = (
            "The learned rounding meets the mean of each channel already; with biases corrected after it, int4 files "
            "agreed less with float32."
        )
        repair = place.set("bias_correction", False, "Leave the biases")
        yield place.warning(message, "bias_correction", repair)
    # Where activations are calibrated, too few images are told of anyway.
    if adaptive and not parameters.calibrated and parameters.calibration_images < FEW_IMAGES_TO_LEARN_FROM:
        few = parameters.calibration_images
        message = f"calibration_images = {few} is little to learn the rounding of weights from."
        sentence = f"Learn from {ENOUGH_IMAGES_TO_LEARN_FROM} images"
        yield place.warning(
            message, "calibration_images", place.set("calibration_images", ENOUGH_IMAGES_TO_LEARN_FROM, sentence)
        )
