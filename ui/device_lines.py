"""What is said of a measurement on another device beside its table, for the terminal and the window."""

from __future__ import annotations

from collections.abc import Sequence

from engine.datasets.files.printable import printable
from engine.device.device_figures import DeviceFigures
from engine.device.kept_results import KeptResults
from engine.language.speech import tr
from ui.counts import counted

MOST_NAMED = 5
"""Images of one variant that are named; all are in the results."""


def machine_line(kept: KeptResults) -> str:
    """Board, processor, system and runtime."""
    machine = kept.results.machine
    board = f"{machine.board}, " if machine.board and machine.board != machine.name else ""
    return tr(
        "{board}{cpu}, {cores}, {architecture}, {system} {kernel}, {runtime} {version}, Python {python}",
        board=board,
        cpu=machine.cpu,
        cores=counted(machine.cores, "core"),
        architecture=machine.architecture,
        system=machine.system,
        kernel=machine.kernel,
        runtime=machine.runtime,
        version=machine.runtime_version,
        python=machine.python,
    )


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
        if not one.is_current:
            lines.append(tr("{variant}: the run has another file now than the one measured.", variant=one.variant))
    return lines


def named_images(figures: DeviceFigures) -> str:
    """The images with other answers, by their number in the bundle and their file."""
    told = [f"{one.index} ({printable(one.path)})" for one in figures.differing[:MOST_NAMED]]
    more = len(figures.differing) - len(told)
    return ", ".join(told) + (tr(" and {more:,} more", more=more) if more > 0 else "")
