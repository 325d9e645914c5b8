"""The rules between the steps of one chain, from what each step says that it takes, makes and refuses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from engine.chain.settings_without_effect import without_effect
from engine.contract.findings import Finding, Severity
from engine.contract.recipe import ChainSettings, Recipe
from engine.contract.repairs import GiveOwnChain, RemoveEntry, Repair
from engine.workbench.step import STEPS, Form, StepPlace, Trait

ZIPPED_ONLY = (Trait.ZEROS, Trait.CLUSTERS)
"""What makes a float32 file smaller only once it is zipped."""
LONGEST_NAME_PART = 30
"""Of a chain's name, in that of another made from it."""


def chain_findings(recipe: Recipe, number: int, class_count: int) -> Iterator[Finding]:
    """What the pre-flight says of one of the recipe's chains."""
    chain, where = recipe.chains[number], f"chains[{number}]"
    if not chain.steps:
        yield Finding(
            severity=Severity.WARNING,
            where=where,
            message=f'The chain "{chain.name}" has no steps, so it equals the baseline; add a step or remove it.',
            repair=RemoveEntry(place=where, sentence=f'Remove the chain "{chain.name}"'),
        )
    for index, parameters in enumerate(chain.steps):
        place = StepPlace(recipe, number, index, class_count)
        refused = _after_the_end(chain, place) or _after_what_it_refuses(chain, place)
        if refused is not None:
            yield refused
        else:
            found = list(STEPS[parameters.step]().findings(parameters, place))
            yield from found
            yield from without_effect(parameters, place, {finding.where for finding in found})
    yield from _unzipped(chain, StepPlace(recipe, number, len(chain.steps), class_count))


def is_refused(recipe: Recipe, number: int, index: int, class_count: int) -> bool:
    """Whether a step of a chain cannot run where it stands; the steps behind it have no part in that."""
    chain, place = recipe.chains[number], StepPlace(recipe, number, index, class_count)
    if _after_the_end(chain, place) or _after_what_it_refuses(chain, place):
        return True
    parameters = chain.steps[index]
    return any(one.severity is Severity.ERROR for one in STEPS[parameters.step]().findings(parameters, place))


def _after_the_end(chain: ChainSettings, place: StepPlace) -> Finding | None:
    """The step is given a finished file, and every step takes a network."""
    parameters, ended = chain.steps[place.index], _first_end(chain)
    if ended >= place.index:
        return None
    label, end_label = parameters.label(), chain.steps[ended].label()
    training = [index for index, step in enumerate(chain.steps) if STEPS[step.step].gives is Form.KERAS]
    repair: Repair
    if parameters == chain.steps[ended]:
        advice = "remove the second"
        repair = place.remove(f"Remove the second {label}")
    elif STEPS[parameters.step].gives is Form.TFLITE:
        advice = f"give {label} a chain of its own"
        shared = tuple(index for index in training if index < place.index)
        name = f"{chain.name[:LONGEST_NAME_PART]} {label}"
        sentence = f"Give {label} a chain of its own"
        repair = GiveOwnChain(place=place.where(), after=shared, name=name, sentence=sentence)
    else:
        advice = f"move {end_label} to the end"
        end = replace(place, index=ended)
        repair = end.move(training[-1], f"Put {end_label} at the end")
    return place.error(
        f'In chain "{chain.name}", {label} comes after {end_label}, which makes a .tflite file that cannot be '
        f"trained further; {advice}.",
        repair=repair,
    )


def _first_end(chain: ChainSettings) -> int:
    """The index of the first step that leaves a file; behind the last step where none does."""
    ends = (index for index, step in enumerate(chain.steps) if STEPS[step.step].gives is Form.TFLITE)
    return next(ends, len(chain.steps))


def _after_what_it_refuses(chain: ChainSettings, place: StepPlace) -> Finding | None:
    """An earlier step made something true of the network that this one would undo, or cannot work with."""
    parameters, made = chain.steps[place.index], place.made
    reasons = STEPS[parameters.step].cannot_follow
    refused = [trait for trait in reasons if trait in made]
    if not refused:
        return None
    first = min(refused, key=made.__getitem__)
    label, maker = parameters.label(), chain.steps[made[first]]
    repair: Repair
    if maker.step == parameters.step:
        repair = place.remove(f"Remove the second {label}")
    else:
        repair = place.move(made[first], f"Put {label} before {maker.label()}")
    return place.error(f'In chain "{chain.name}", {label} comes after {maker.label()}. {reasons[first]}', repair=repair)


def _unzipped(chain: ChainSettings, end: StepPlace) -> Iterator[Finding]:
    """The chain is finished by a float32 conversion, in which zeros and equal values take their full four bytes."""
    held = [trait for trait in ZIPPED_ONLY if trait in end.made]
    if Trait.ZEROS in held and not chain.steps[end.made[Trait.ZEROS]].zeros_left():
        held.remove(Trait.ZEROS)
    if held and _first_end(chain) == len(chain.steps) and Trait.INT8_ROUNDING not in end.made:
        last = replace(end, index=end.index - 1)
        message = (
            f'The chain "{chain.name}" ends in a float32 file, which {" and ".join(held)} make smaller only when it is '
            "zipped; with quantisation after it, the file itself shrinks to a quarter (PRQ of Lee et al. 2022)."
        )
        quantised = {"step": "post_training_quantization", "scheme": "dynamic_range"}
        sentence = f'Quantise "{chain.name}" to dynamic range'
        yield last.note(message, repair=last.insert(quantised, sentence, after=True))
