"""Which file to take, as the command line prints it and a Markdown page has it."""

from __future__ import annotations

from rich.text import Text

from engine.advice.accuracy_floor import AccuracyFloor
from engine.advice.recommendations import recommendations, why_none
from engine.advice.repeated_chains import judged_chains
from engine.contract.run_result import RunResult
from engine.language.sentence_recognition import recognised
from engine.language.speech import tr


def recommendation_texts(result: RunResult, floor: AccuracyFloor) -> list[Text]:
    """A line per goal below a title; none where there is nothing to choose."""
    found = recommendations(result, floor)
    lines = [Text.assemble((recognised(one.goal), "bold"), f"{tr(':')} ", recognised(one.reason)) for one in found]
    if none := why_none(result.variants):
        return [Text(recognised(none))]
    return [Text(_title(result, floor), "italic"), *lines] if lines else []


def recommendation_lines(result: RunResult, floor: AccuracyFloor) -> list[str]:
    """The same as a section of a Markdown page."""
    found = recommendations(result, floor)
    lines = [f"- **{recognised(one.goal)}**{tr(':')} {plain_markdown(recognised(one.reason))}" for one in found]
    if none := why_none(result.variants):
        return [recognised(none)]
    return [f"## {_title(result, floor)}", "", *lines] if lines else []


def plain_markdown(text: str) -> str:
    """Names are the user's own, and may hold what a Markdown table is made of."""
    return "".join(f"\\{letter}" if letter in r"\|*_`<[" else letter for letter in text)


def _title(result: RunResult, floor: AccuracyFloor) -> str:
    least = floor.words(judged_chains(result.variants, result.summary).variants)
    return tr("Which file to take, with {least}", least=recognised(least))
