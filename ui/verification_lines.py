"""What verifying a run found, in lines of text for the command line and the window."""

from __future__ import annotations

from collections.abc import Iterator

from engine.language.sentence_recognition import recognised
from engine.language.speech import mark, number_text, tr, tr_count
from engine.verification.verified_figures import DifferingFigure, FigureGroup, Value, Verification
from ui.counts import counted

GROUPS = (
    mark("file"),
    mark("size"),
    mark("weights"),
    mark("accuracy"),
    mark("classes"),
    mark("probabilities"),
    mark("answers"),
    mark("agreement"),
    mark("paired"),
    mark("threshold"),
    mark("TFLM file"),
    mark("runtimes"),
)
OF_THE_RUN = (mark("files"), mark("images"), mark("bytes"), mark("repetitions"))
"""Groups that belong to no variant."""
MAX_LINES = 8
"""Of one group; a table of many classes can differ in thousands of figures."""


def shown_groups(found: Verification) -> list[str]:
    """The groups that some variant has, in the order of their columns."""
    there = {group.group for variant in found.variants for group in variant.groups}
    return [name for name in GROUPS if name in there]


def differing_lines(found: Verification) -> Iterator[str]:
    """What holds of the images and the run's own files, and each figure that does not hold, with both values."""
    for name, group in _groups_of_run(found):
        yield f"{recognised(name)}, {tr(group.group)}{tr(':')} {_counted(group)}"
        yield from _said(group)
    for variant in found.variants:
        wrong = [group for group in variant.groups if group.outcome != "holds"]
        if wrong:
            yield f"{variant.variant} ({variant.file}){tr(':')}"
        reasons: dict[str, list[str]] = {}
        for group in wrong:
            if group.differing:
                yield tr("  {group}: does not hold", group=tr(group.group))
                yield from _said(group)
            elif group.why:
                reasons.setdefault(recognised(group.why), []).append(tr(group.group))
        for why, names in reasons.items():
            yield tr("  {join}: not verified. {why}", join=", ".join(names), why=why)


def verdict(found: Verification) -> str:
    """The last line."""
    groups = found.all_groups()
    compared = sum(group.compared for group in groups)
    differing = sum(len(group.differing) for group in groups)
    unverified = sum(bool(group.why) for group in groups)
    if found.holds:
        return tr("All {compared:,} figures that were computed again hold.", compared=compared)
    said = (
        [tr("{differing:,} of {compared:,} figures do not hold", differing=differing, compared=compared)]
        if differing
        else []
    )
    said += (
        [tr("{counted} of figures could not be verified", counted=counted(unverified, "group"))] if unverified else []
    )
    return f"{tr(', and ').join(said)}."


def _groups_of_run(found: Verification) -> Iterator[tuple[str, FigureGroup]]:
    yield tr("Run"), found.files
    for images in found.images:
        for group in images.groups:
            yield images.name, group
    if found.summary:
        yield tr("Repetitions"), found.summary


def _counted(group: FigureGroup) -> str:
    if group.why and not group.differing:
        return tr("not verified. {why}", why=recognised(group.why))
    if group.differing:
        return tr_count("does not hold ({count:,} compared)", "does not hold ({count:,} compared)", group.compared)
    return tr_count("holds ({count:,} compared)", "holds ({count:,} compared)", group.compared)


def _said(group: FigureGroup) -> Iterator[str]:
    for one in group.differing[:MAX_LINES]:
        yield f"    {_line(one)}"
    if (more := len(group.differing) - MAX_LINES) > 0:
        yield tr("    and {more:,} more; --json FILE lists all", more=more)
    if group.differing and group.why:
        yield tr("    Not verified in part: {why}", why=recognised(group.why))


def _line(one: DifferingFigure) -> str:
    digits = (
        "" if one.equal_decimals is None else tr("; equal to {counted}", counted=counted(one.equal_decimals, "decimal"))
    )
    return tr(
        "{figure}: printed {text}, found {text2}{digits}. {detail}",
        figure=recognised(one.figure),
        text=_text(one.printed),
        text2=_text(one.found),
        digits=digits,
        detail=recognised(one.detail),
    ).rstrip()


def _text(value: Value) -> str:
    if value is None:
        return tr("nothing")
    if isinstance(value, int):
        return number_text(f"{value:,}")
    return number_text(f"{value:.9g}") if isinstance(value, float) else str(value)
