"""The guide's page of a compression step, from its own declaration; the window and the site show the same text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, get_args

from engine.contract.step_parameters import StepParameters
from engine.report.reference_list import library
from engine.workbench.step import STEPS, Form, Step, Trait
from ui.guide.key_table import key_table
from ui.guide.matrix_sizes import matrix_sizes

OVERVIEW = "steps.md"
FOLDER = "steps"
SHOWN_BACKBONES = ("resnet18", "mobilenet_v2", "vgg16")
"""Of the matrix: a residual network, one of depthwise convolutions, and one with large dense layers."""
TRAITS: Mapping[Trait, str] = MappingProxyType(
    {
        Trait.ZEROS: "zeros among its weights",
        Trait.CLUSTERS: "few distinct values per kernel",
        Trait.INT8_ROUNDING: "int8 rounding in every layer",
    }
)
HEAD = """# Compression steps

A chain is a list of steps. Each takes the network that the step before it left, and the first takes the trained
baseline. Every page below is made from what the step itself declares: the same declaration checks recipes and makes the
forms of the window. `python main.py steps` prints them too.

| step | key | what it does | leaves |
| --- | --- | --- | --- |
"""


def step_pages() -> dict[str, str]:
    """Path below the documentation's folder → text: the overview, and a page for each step that there is."""
    return {OVERVIEW: step_overview()} | {f"{FOLDER}/{key}.md": step_page(key) for key in STEPS}


def step_overview() -> str:
    """The page that leads to those of all steps."""
    rows = [
        f"| [{step.title}]({FOLDER}/{key}.md) | `{key}` | {step.summary} | {step.gives.value} |"
        for key, step in _steps()
    ]
    return HEAD + "\n".join(rows) + "\n"


def step_page(key: str) -> str:
    """The page of one step.

    Raises:
        RecipeError: there is no such step.
    """
    step = STEPS[key]
    sections = [f"# {step.title}\n\n{step.summary}\n", _place(step), _example(key), _parameters(step)]
    sections += filter(None, (_sizes(step), _papers(step), _more(step)))
    return "\n".join(sections)


def _steps() -> Iterator[tuple[str, type[Step[Any]]]]:
    return ((key, STEPS[key]) for key in STEPS)


def _place(step: type[Step[Any]]) -> str:
    lines = [f"- Takes: a trainable network. Leaves: {step.gives.value}{_end(step)}."]
    if step.begins_anew:
        lines.append("- Makes a new network, without what earlier steps made of the old one.")
    lines += [f"- Makes: {TRAITS[trait]}. Later steps keep them." for trait in sorted(step.makes)]
    lines += [f"- Not after a step that makes {TRAITS[trait]}: {_lower(why)}" for trait, why in _refused(step)]
    for trait in sorted(step.makes):
        others = [f"[{other.title}]({key}.md)" for key, other in _steps() if trait in other.cannot_follow]
        if others:
            lines.append(f"- Cannot come after it: {', '.join(others)}.")
    return "## In a chain\n\n" + "\n".join(lines) + "\n"


def _end(step: type[Step[Any]]) -> str:
    return ", so it ends the chain" if step.gives is Form.TFLITE else ""


def _refused(step: type[Step[Any]]) -> list[tuple[Trait, str]]:
    return sorted(step.cannot_follow.items())


def _lower(sentence: str) -> str:
    """So that it stands after a colon; names keep their letters."""
    return sentence if sentence[1:2].isupper() else sentence[:1].lower() + sentence[1:]


def _example(key: str) -> str:
    return f"""```toml
[[chains]]
name = "my chain"
steps = [
  {{ step = "{key}" }},
]
```

A parameter that is left out has its default. [The recipe](../recipe.md) tells the rest of the file.
"""


def _parameters(step: type[Step[Any]]) -> str:
    table = key_table(step.Parameters, leave_out="step", with_title=True)
    notes = list(_conditions(step.Parameters))
    below = "\nUsed only with:\n\n" + "\n".join(notes) + "\n" if notes else ""
    return f"## Parameters\n\n{table}{below}"


def _conditions(parameters: type[StepParameters]) -> Iterator[str]:
    for name, field in parameters.model_fields.items():
        declared = field.json_schema_extra
        shown_for = declared.get("shown_for") if isinstance(declared, dict) else None
        if isinstance(shown_for, dict):
            wanted = [f"`{other} = {_one_of(values)}`" for other, values in shown_for.items()]
            yield f"- `{name}`: {' and '.join(wanted)}"


def _one_of(values: object) -> str:
    return " or ".join(json.dumps(value) for value in values) if isinstance(values, list) else json.dumps(values)


def _sizes(step: type[Step[Any]]) -> str:
    """What the matrix measured of the step alone."""
    columns = matrix_sizes(tuple(_labels(step.Parameters)))
    if not columns:
        return ""
    lines = [
        f"| backbone | {' | '.join(columns)} |",
        "| --- |" + " ---: |" * len(columns),
        *(
            f"| `{backbone}` | {' | '.join(sizes.get(backbone, '–') for sizes in columns.values())} |"
            for backbone in SHOWN_BACKBONES
        ),
    ]
    return (
        "## Measured\n\nThe size of the `.tflite` file in kB, not zipped, of small networks (width 0.1); all of them "
        "stand in [the matrix](../matrix.md).\n\n" + "\n".join(lines) + "\n"
    )


def _labels(parameters: type[StepParameters]) -> Iterator[str]:
    """The step's names in tables: one, or one for each of its schemes."""
    declared: Any = parameters
    fields = parameters.model_fields
    schemes = get_args(fields["scheme"].annotation) if "scheme" in fields else ()
    for scheme in schemes:
        # A mixed scheme names its layers.
        layers = {"layers": {"*": "int8"}} if scheme == "mixed" else {}
        yield declared(scheme=scheme, **layers).label()
    if not schemes:
        yield declared().label()


def _papers(step: type[Step[Any]]) -> str:
    if not step.paper:
        return ""
    known = {one.label: one for one in library().references.values()}
    lines = []
    for name in map(str.strip, step.paper.split(";")):
        found = next((one for label, one in known.items() if label in name), None)
        link = f" <{found.link()}>" if found and found.link() else ""
        lines.append(f"- {found.text()}{link}" if found else f"- {name}")
    return "## Papers\n\n" + "\n".join(lines) + "\n"


def _more(step: type[Step[Any]]) -> str:
    if not step.guide:
        return ""
    return "## More\n\n" + "\n".join(f"- [{title}](../{page})" for title, page in step.guide.items()) + "\n"
