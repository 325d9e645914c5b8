"""What is said of a measurement on another device beside its table, for the terminal and the window."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.datasets.files.printable import printable
from engine.figures.figure_text import figure_text
from engine.language.speech import number_text, tr
from ui.counts import counted

if TYPE_CHECKING:
    from engine.device.device_figures import DeviceFigures, DeviceLatencyFigures
    from engine.device.kept_results import KeptResults

DELEGATES = {"gpu": "GPU", "nnapi": "NNAPI", "coreml": "Core ML"}  # not shown
MOST_OPERATORS = 5
MOST_NAMED = 5
"""Images of one variant that are named; all are in the results."""


def way_text(way: str) -> str:
    """What ran a file, such as "4 threads" or "GPU"."""
    return counted(int(way), "thread") if way.isdigit() else DELEGATES.get(way, way)


def usual_text(timed: DeviceLatencyFigures) -> str:
    """The median in milliseconds; the mean where that is not known."""
    return (
        tr("{mean} (mean)", mean=number_text(figure_text(timed.mean_ms)))
        if timed.p50_ms is None
        else number_text(figure_text(timed.p50_ms))
    )


def profile_lines(figures: Sequence[DeviceFigures]) -> list[str]:
    """A line on each variant whose operators were timed, the slowest kinds first."""
    lines = []
    for one in figures:
        told = [f"{kind.operator} {100 * kind.share:.0f} %" for kind in one.profile[:MOST_OPERATORS]]
        if told:
            lines.append(tr("{variant}, time by operator: {told}.", variant=one.variant, told=", ".join(told)))
    return lines


def machine_line(kept: KeptResults) -> str:
    """Board, processor, system and runtime."""
    machine = kept.results.machine
    board = f"{machine.board}, " if machine.board and machine.board != machine.name else ""
    parts = (
        f"{board}{machine.cpu}".removesuffix(", "),
        counted(machine.cores, "core"),
        machine.architecture,
        f"{machine.system} {machine.kernel}".strip(),
        f"{machine.runtime} {machine.runtime_version}".strip(),
        f"Python {machine.python}" if machine.python else "",  # not shown
    )
    return ", ".join(filter(None, parts))


def conditions_line(kept: KeptResults) -> str:
    """How warm and fast the processor was before and after; empty where the device does not tell."""
    before, after = kept.results.before, kept.results.after
    parts = []
    if before.hottest_c is not None and after.hottest_c is not None:
        most = max([one.hottest_c for one in kept.results.rounds if one.hottest_c is not None], default=after.hottest_c)
        parts.append(
            tr(
                "{before:.0f} °C before, {after:.0f} °C after, {most:.0f} °C at most",
                before=before.hottest_c,
                after=after.hottest_c,
                most=most,
            )
        )
    if before.clock_mhz and after.clock_mhz:
        parts.append(
            tr("{before:.0f} MHz before, {after:.0f} MHz after", before=before.clock_mhz, after=after.clock_mhz)
        )
    return "; ".join(parts)


def answer_lines(figures: Sequence[DeviceFigures]) -> list[str]:
    """A line on each variant that answers otherwise there, or does not run there, or was made again since."""
    lines = []
    for one in figures:
        if one.error:
            lines.append(tr("{variant} does not run there: {error}", variant=one.variant, error=one.error))
        elif one.differing:
            lines.append(
                tr(
                    "{variant} gives {count} of {images:,} another class there than here: {named}.",
                    variant=one.variant,
                    count=f"{len(one.differing):,}",
                    images=one.images,
                    named=named_images(one),
                )
            )
        lines += [
            tr("{variant}, {way}: {note}.", variant=one.variant, way=way_text(way), note=printable(note))
            for way, note in one.notes.items()
        ]
        if not one.is_current:
            lines.append(tr("{variant}: the run has another file now than the one measured.", variant=one.variant))
    return lines


def energy_lines(figures: Sequence[DeviceFigures]) -> list[str]:
    """A line on each variant and number of threads that a power meter told of."""
    return [
        tr(
            "{variant}, {threads}: {joules} J per image, {above} J of it above the {idle} W at rest.",
            variant=one.variant,
            threads=counted(threads, "thread"),
            joules=number_text(figure_text(found.joules)),
            above=number_text(figure_text(found.joules_above_idle)),
            idle=number_text(figure_text(found.idle_watts)),
        )
        for one in figures
        for threads, found in one.energy.items()
    ]


def named_images(figures: DeviceFigures) -> str:
    """The images with other answers, by their number in the bundle and their file."""
    told = [f"{one.index} ({printable(one.path)})" for one in figures.differing[:MOST_NAMED]]
    more = len(figures.differing) - len(told)
    return ", ".join(told) + (tr(" and {more:,} more", more=more) if more > 0 else "")
