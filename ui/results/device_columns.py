"""What other devices measured, as columns beside this machine's figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.figures.figure import MISSING
from engine.language.speech import tr
from ui.device_lines import answer_lines, usual_text, way_text

if TYPE_CHECKING:
    from engine.device.device_reports import DeviceReport

NO_VALUE = float("inf")
"""Sorts behind all that was measured."""


@dataclass(frozen=True)
class DeviceColumn:
    """One figure of one measurement."""

    report: DeviceReport
    way: str
    """What ran it; empty: the answers, not a time."""

    @property
    def title(self) -> str:
        if not self.way:
            return f"{tr('answers as here')}\n{self.report.title}"
        return f"{tr('p50 (ms), {way}', way=way_text(self.way))}\n{self.report.title}"

    @property
    def explanation(self) -> str:
        if not self.way:
            return tr("Test images to which the file gives the same class on that device as on this computer.")
        return tr("Median time for one image on that device; all files were timed in turn.")

    def text(self, variant: str) -> str:
        found = self.report.of(variant)
        if found is None:
            return MISSING
        if found.error:
            return tr("does not run")
        if not self.way:
            if not found.images:
                return MISSING
            same = found.images - len(found.differing)
            return tr("{same:,} of {images:,}", same=same, images=found.images)
        timed = found.latency.get(self.way)
        return usual_text(timed) if timed else MISSING

    def value(self, variant: str) -> float:
        found = self.report.of(variant)
        if found is None or found.error:
            return NO_VALUE
        if not self.way:
            return float(len(found.differing))
        timed = found.latency.get(self.way)
        return timed.usual_ms if timed else NO_VALUE

    def is_alarming(self, variant: str) -> bool:
        """Whether the file answers otherwise there, or does not run there."""
        found = self.report.of(variant)
        return found is not None and bool(found.error or found.differing)

    def told(self, variant: str) -> str:
        """Which images have other answers; empty where none has."""
        found = self.report.of(variant)
        return "\n".join(answer_lines([found])) if found else ""


def device_columns(reports: Sequence[DeviceReport]) -> tuple[DeviceColumn, ...]:
    """Of each measurement its times, fewest threads first, and its answers."""
    return tuple(DeviceColumn(report, way) for report in reports for way in (*report.kept.results.ways, ""))
