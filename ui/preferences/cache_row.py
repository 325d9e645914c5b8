"""What prepared images and unused stages take now, a button that clears them, and what was freed."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from engine.language.speech import mark, tr
from engine.preferences.entries.cache_limit import GIB
from engine.store.cache_room import CacheRoom, Cleared, cache_room, clear_cache
from engine.store.locations import Locations
from ui.byte_sizes import bytes_text
from ui.cleared_text import cleared_text
from ui.plain_label import PlainLabel
from ui.wording import in_window_words
from workers.patient_call import PatientCall

MEASURING = mark("measuring…")
LATE = mark("The runs folder does not answer; its disk or network may be gone.")


class CacheRow(QWidget):
    """Measures and clears in a thread: a cache may have many files."""

    def __init__(self, runs_directory: Path) -> None:
        super().__init__()
        self._locations = Locations(runs_directory)
        self._size = PlainLabel(tr(MEASURING), "preferences.cache.size", wraps=True)
        self._clear = QPushButton(tr("&Clear cache now"), objectName="preferences.cache.clear", autoDefault=False)
        self._size.setToolTip(tr("Unused stages are those that no run and no draft names."))
        self._clear.setToolTip(tr("What is in use stays. The next run reads its images again."))
        self._clear.setEnabled(False)
        self._told = PlainLabel(name="preferences.cache.told", wraps=True)
        self._told.hide()
        self._work = PatientCall("cache room", self)  # not shown
        line = QHBoxLayout()
        line.addWidget(self._size, 1)
        line.addWidget(self._clear)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(line)
        layout.addWidget(self._told)
        self._clear.clicked.connect(lambda: self._clear_to(0))
        self._work.succeeded.connect(self._on_done)
        self._work.failed.connect(self._on_failed)
        self._work.late.connect(lambda: self._tell(tr(LATE)) if self._size.text() == tr(MEASURING) else None)
        self._measure()

    def show_directory(self, runs_directory: Path) -> None:
        """Measure another runs directory's from now on."""
        self._locations = Locations(runs_directory)
        self._tell("")
        self._measure()

    def keep_within(self, limit_gib: int) -> None:
        """Clear what is above a new limit; 0: there is none."""
        if limit_gib:
            self._clear_to(limit_gib * GIB)

    def _measure(self) -> None:
        self._size.setText(tr(MEASURING))
        locations = self._locations
        self._work.request(lambda: (None, cache_room(locations)))

    def _clear_to(self, limit_bytes: int) -> None:
        self._clear.setEnabled(False)
        locations = self._locations
        self._work.request(lambda: (clear_cache(locations, limit_bytes), cache_room(locations)))

    def _on_done(self, done: tuple[Cleared | None, CacheRoom]) -> None:
        cleared, room = done
        images, stages = bytes_text(room.images_bytes), bytes_text(room.stages_bytes)
        said = tr("Prepared images: {images}; unused stages: {stages}", images=images, stages=stages)
        if room.kept_bytes:
            kept = bytes_text(room.kept_bytes)
            said += "\n" + tr("Stages of runs and drafts: {kept}, which go with these", kept=kept)
        self._size.setText(said)
        clear = tr("&Clear cache now")
        if room.bytes:
            clear = tr("&Clear cache now ({size})", size=bytes_text(room.bytes))
        self._clear.setText(clear)
        self._clear.setEnabled(bool(room.bytes))
        if cleared is not None:
            self._tell(cleared_text(cleared))

    def _on_failed(self, sentence: str) -> None:
        self._size.setText(tr("cannot be measured"))
        self._tell(sentence)

    def _tell(self, sentence: str) -> None:
        self._told.setText(in_window_words(sentence))
        self._told.setVisible(bool(sentence))
