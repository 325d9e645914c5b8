"""What other devices measured of a run's files, as a report tells it."""

from __future__ import annotations

from collections.abc import Iterator

from engine.device.device_figures import DeviceFigures, DeviceLatencyFigures
from engine.device.device_reports import DeviceReport
from engine.figures.figure_text import figure_text, listed
from engine.report.content import Block, BulletList, Prose, ReportSection, ReportTable
from engine.report.reported_run import ReportedRun

DASH = "–"
DELEGATES = {"gpu": "GPU", "nnapi": "NNAPI", "coreml": "Core ML"}
MOST_NAMED = 5
"""Images with other answers that are named; the results have all."""


def device_section(run: ReportedRun, stem: str) -> ReportSection | None:
    """A table per measurement; None where no other device measured.

    Args:
        stem: what names of the tables begin with.
    """
    blocks: list[Block] = []
    for place, report in enumerate(run.devices.reports, start=1):
        blocks += [Prose(_conditions(report)), _table(report, f"{stem}device-{place}")]
        said = tuple(_said(report))
        if said:
            blocks.append(BulletList(said))
    if run.devices.troubles:
        blocks.append(BulletList(run.devices.troubles))
    return ReportSection("On other devices", tuple(blocks)) if blocks else None


def _conditions(report: DeviceReport) -> str:
    results, machine = report.kept.results, report.kept.results.machine
    board = machine.board if machine.board != machine.name else ""
    processor = ", ".join(filter(None, (board, machine.cpu, _counted(machine.cores, "core"), machine.architecture)))
    software = ", ".join(
        f"{name} {version}".strip()
        for name, version in ((machine.system, machine.kernel), (machine.runtime, machine.runtime_version))
        if name
    )
    rounds = f" in {_counted(len(results.rounds), 'round')}, in turn" if results.rounds else ""
    text = f"{report.title}: {processor}; {software}. Measured on {results.begun:%Y-%m-%d}{rounds}."
    warmest = [one.hottest_c for one in (results.before, *results.rounds, results.after) if one.hottest_c is not None]
    return f"{text} Its warmest sensor told {min(warmest):.0f} to {max(warmest):.0f} °C." if warmest else text


def _table(report: DeviceReport, key: str) -> ReportTable:
    ways = report.kept.results.ways
    with_energy = tuple(dict.fromkeys(threads for one in report.figures for threads in one.energy))
    heads = [
        "variant",
        *(head for way in ways for head in (f"{_way(way)}\np50 (ms)", f"{_way(way)}\n× baseline (95 % CI)")),
        *(f"{_way(str(threads))}\nJ per image" for threads in with_energy),
        "peak memory\n(MiB)",
        "answers\nas here",
    ]
    rows = tuple(
        (
            one.variant,
            *(cell for way in ways for cell in _times(one.latency.get(way))),
            *(figure_text(one.energy[threads].joules) if threads in one.energy else DASH for threads in with_energy),
            DASH if one.peak_memory_bytes is None else f"{one.peak_memory_bytes / 2**20:,.1f}",
            f"{one.images - len(one.differing):,} of {one.images:,}" if one.images else DASH,
        )
        for one in report.figures
    )
    caption = (
        f"The files on {report.title}: median time for one image, its ratio to the baseline's in the same rounds, "
    )
    caption += "and to how many test images a file gives the same class as on the computer of the run."
    if not report.kept.results.rounds:
        caption = (
            f"The files on {report.title}: time for one image of noise, one file after the other, and its ratio to "
        )
        caption += "the baseline's, which has no interval then. Answers were not compared."
    return ReportTable(key, caption, tuple(heads), rows)


def _times(timed: DeviceLatencyFigures | None) -> tuple[str, str]:
    if timed is None:
        return DASH, DASH
    usual = f"{figure_text(timed.mean_ms)} (mean)" if timed.p50_ms is None else figure_text(timed.p50_ms)
    if timed.ratio is None:
        return usual, DASH
    interval = f" ({timed.ratio_ci95[0]:.2f}–{timed.ratio_ci95[1]:.2f})" if timed.ratio_ci95 else ""
    return usual, f"{timed.ratio:.2f}{interval}"


def _way(way: str) -> str:
    return _counted(int(way), "thread") if way.isdigit() else DELEGATES.get(way, way)


def _counted(count: int, one: str) -> str:
    return f"{count:,} {one}{'' if count == 1 else 's'}"


def _said(report: DeviceReport) -> Iterator[str]:
    """What does not run there, answers otherwise, or was made again since."""
    for one in report.figures:
        if one.error:
            yield f"{one.variant} does not run there: {one.error}"
        elif one.differing:
            yield (
                f"{one.variant} gives {len(one.differing):,} of {one.images:,} another class there than here: "
                f"{_named(one)}."
            )
        for way, note in one.notes.items():
            yield f"{one.variant}, {_way(way)}: {note}."
        if not one.is_current:
            yield f"{one.variant}: the run has another file now than the one measured."


def _named(figures: DeviceFigures) -> str:
    """By their number among the images of the bundle: names may tell of patients."""
    named = [f"image {one.index}" for one in figures.differing[:MOST_NAMED]]
    more = len(figures.differing) - len(named)
    return listed([*named, f"{more:,} more"]) if more else listed(named)
