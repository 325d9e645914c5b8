"""What another device measured, as the command line prints it."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from engine.datasets.files.printable import printable
from engine.device.device_figures import DeviceFigures, DeviceLatencyFigures, TimeOfImages
from engine.device.kept_results import KeptResults
from engine.figures.figure import MISSING
from engine.figures.figure_text import figure_text
from engine.language.sentence_recognition import recognised
from engine.language.speech import mark, number_text, tr
from ui.byte_sizes import bytes_text
from ui.device_lines import answer_lines, conditions_line, machine_line

SCALED = mark("Seconds with ~ are scaled from the mean time of one image; the others were measured.")


def device_table(kept: KeptResults, figures: Sequence[DeviceFigures]) -> Table:
    """One row per variant and number of threads."""
    table = Table(title=printable(kept.title), title_justify="left")
    table.add_column(tr("variant"), overflow="fold", min_width=9)
    heads = (
        tr("threads"),
        "p50\nms",  # not shown
        "p95\nms",  # not shown
        tr("mean\nms"),
        tr("time ×\nof base"),
        tr("load\nms"),
        tr("peak\nmemory"),
        tr("answers\nas here"),
    )
    for head in (*heads, tr("test set\ns"), tr("10,000\nimages, s")):
        table.add_column(head, justify="right")
    for one in figures:
        same = MISSING
        if one.images:
            same = tr("{done:,} of {total:,}", done=one.images - len(one.differing), total=one.images)
        answers = Text(same, style="red" if one.differing or one.error else "")
        fixed = (_number(one.load_ms), MISSING if one.peak_memory_bytes is None else bytes_text(one.peak_memory_bytes))
        name = printable(one.variant)
        if not one.latency:
            table.add_row(name, *[MISSING] * 5, *fixed, answers, MISSING, MISSING)
        for place, (threads, timed) in enumerate(one.latency.items()):
            first = place == 0
            shown = (*fixed, answers) if first else ("", "", "")
            table.add_row(name if first else "", str(threads), *_times(timed), *shown, *_whole(timed))
    return table


def device_lines(kept: KeptResults, figures: Sequence[DeviceFigures]) -> list[Text]:
    """What is said below the table."""
    plain = [machine_line(kept), conditions_line(kept), tr(SCALED), recognised(kept.results.profile_note)]
    return [
        *(Text(printable(line)) for line in plain if line),
        *(Text(one, style="red") for one in answer_lines(figures)),
    ]


def _times(timed: DeviceLatencyFigures) -> tuple[str, ...]:
    ratio = MISSING if timed.ratio is None else number_text(f"{timed.ratio:.2f}")
    return _number(timed.p50_ms), _number(timed.p95_ms), _number(timed.mean_ms), ratio


def _whole(timed: DeviceLatencyFigures) -> tuple[str, ...]:
    return _seconds(timed.evaluation), _seconds(timed.many)


def _seconds(time: TimeOfImages) -> str:
    return f"{'' if time.is_measured else '~'}{number_text(figure_text(time.seconds))}"


def _number(value: float | None) -> str:
    return MISSING if value is None else number_text(figure_text(value))
