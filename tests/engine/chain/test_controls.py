"""A chain whose step wants a control is followed by it, under a name of its own."""

from __future__ import annotations

from engine.chain.controls import controls_by_chain, with_controls
from engine.chain.stage_tree import plan
from engine.contract.recipe import ChainSettings, Recipe

DISTILLED = {"step": "knowledge_distillation", "student": "resnet18", "student_width": 0.25}
HALVES = {"step": "post_training_quantization", "scheme": "float16"}


def chain(name: str, *steps: dict[str, object]) -> ChainSettings:
    return ChainSettings(name=name, steps=steps)


def test_the_control_keeps_the_steps_that_follow() -> None:
    chains = (chain("PTQ", HALVES), chain("KD", DISTILLED, HALVES))
    found = with_controls(chains)
    assert [one.name for one in found] == ["PTQ", "KD", "KD (control)"]
    assert found[2].steps[0].without_teacher
    assert found[2].steps[1] == found[1].steps[1]
    assert controls_by_chain(chains) == {"KD": "KD (control)"}


def test_a_control_never_takes_a_name_that_is_given() -> None:
    found = with_controls((chain("KD", DISTILLED), chain("kd (CONTROL)", HALVES), chain("K" * 60, DISTILLED)))
    names = [one.name.lower() for one in found]
    assert len(set(names)) == len(names) == 5


def test_controls_are_planned_once_and_share_what_is_the_same() -> None:
    recipe = Recipe(chains=(chain("KD", DISTILLED), chain("KD16", DISTILLED, HALVES)))
    tree = plan(recipe, "images")
    assert [stage.ends for stage in tree.stages] == [
        ("baseline",),
        ("KD",),
        ("KD (control)",),
        ("KD16",),
        ("KD16 (control)",),
    ]
    alone = Recipe(chains=(chain("KD", DISTILLED | {"control": False}),))
    assert plan(alone, "images").end_of("KD").key == tree.end_of("KD").key
    assert len(plan(alone, "images").stages) == 2
