"""What the pre-flight says of the options that choose the integers of a file more carefully."""

from __future__ import annotations

from collections.abc import Iterator

from engine.contract.findings import Finding
from engine.contract.repairs import Repair
from engine.steps.post_training_quantization.parameters import (
    FEW_BITS,
    USUAL_CALIBRATION_IMAGES,
    USUAL_ITERATIONS,
    PostTrainingQuantizationParameters,
)
from engine.workbench.step import StepPlace, Trait

FEW_IMAGES_TO_LEARN_FROM = 50
ENOUGH_IMAGES_TO_LEARN_FROM = 200
USUAL_CALIBRATION = "minmax"


def refinement_findings(parameters: PostTrainingQuantizationParameters, place: StepPlace) -> Iterator[Finding]:
    """Of `rounding`, `weight_ranges` and `calibration = "mse"`."""
    adaptive, clipped = parameters.rounding == "adaptive", parameters.weight_ranges == "mse"
    to_nearest = place.set("rounding", "nearest", "Round to nearest")
    to_largest = place.set("weight_ranges", "max", "Keep the largest weights")
    unused: tuple[tuple[str, bool, Repair | None], ...] = (
        ("rounding", adaptive, to_nearest),
        ("weight_ranges", clipped, to_largest),
    )
    if Trait.INT8_ROUNDING in place.made:
        for name, is_set, repair in unused:
            if is_set:
                message = (
                    "The network was trained for int8 by quantisation-aware training, which learned its weights with "
                    f"their rounding; {name} does nothing there."
                )
                yield place.warning(message, name, repair)
        return
    if not parameters.rounds_kernels:
        why = f"applies only to {', '.join(FEW_BITS)}; under {parameters.scheme.replace('_', ' ')} it does nothing."
        if parameters.scheme == "mixed":
            why = "applies to layers of int8 and int4, and all layers here are floats; it does nothing."
            unused = (*unused, *_unused_by_floats(parameters, place))
        for name, is_set, repair in unused:
            if is_set:
                yield place.warning(f"{name} {why}", name, repair)
        return
    if parameters.scheme == "mixed" and not parameters.calibrated and parameters.calibration != USUAL_CALIBRATION:
        message = "calibration is for activations of int8, and no layer here is int8; it does nothing."
        yield place.warning(message, "calibration", place.set("calibration", USUAL_CALIBRATION, "Set calibration back"))
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


def _unused_by_floats(
    parameters: PostTrainingQuantizationParameters, place: StepPlace
) -> tuple[tuple[str, bool, Repair | None], ...]:
    """What else does nothing in a mixed file whose layers are all floats: setting, whether it is set, and a repair."""
    usual = {
        "bias_correction": False,
        "calibration": USUAL_CALIBRATION,
        "calibration_images": USUAL_CALIBRATION_IMAGES,
        "rounding_iterations": USUAL_ITERATIONS,
    }
    return tuple(
        (name, getattr(parameters, name) != value, place.set(name, value, f"Set {name} back"))
        for name, value in usual.items()
    )
