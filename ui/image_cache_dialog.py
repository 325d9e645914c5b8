"""How much room decoded images take, how much they may, and a button that clears them."""

from __future__ import annotations

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFormLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from engine.language.speech import mark, tr
from engine.store.image_cache_room import cache_bytes, trim_cache
from engine.store.locations import Locations
from ui.byte_sizes import bytes_text
from ui.form.calm_fields import CalmSpinBox
from workers.latest_call import LatestCall

CACHE_LIMIT = "image_cache/limit_gb"
USUAL_LIMIT_GIB = 20
MAX_GIB = 10_000
GIB = 1024**3
WHAT = mark(
    "Nutshell keeps the images that it has read and resized, so that later studies start faster. You lose nothing "
    "when you clear them: the next run reads the images again."
    ""
)
BUSY = mark("A run is in progress; its images cannot be cleared now.")


def cache_limit_bytes(settings: QSettings) -> int:
    """How much the cache may hold; 0: as much as it likes."""
    return int(float(str(settings.value(CACHE_LIMIT, USUAL_LIMIT_GIB))) * GIB)


class ImageCacheDialog(QDialog):
    """Measures in a thread: a cache may have many files."""

    def __init__(self, settings: QSettings, locations: Locations, is_busy: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("image_cache")
        self.setWindowTitle(tr("Image cache"))
        self._settings, self._cache = settings, locations.image_cache
        self._size = QLabel("…", objectName="image_cache.size")
        self._limit = CalmSpinBox(
            objectName="image_cache.limit", maximum=MAX_GIB, suffix=" GiB", accessibleName=tr("Limit")
        )
        self._limit.setSpecialValueText(tr("no limit"))
        self._limit.setValue(round(cache_limit_bytes(settings) / GIB))
        self._limit.setToolTip(
            tr("When the program starts, it clears the images that were not used for the longest time.")
        )
        self._clear = QPushButton(tr("&Clear now"), objectName="image_cache.clear", autoDefault=False)
        self._clear.setEnabled(not is_busy)
        self._clear.setToolTip(tr(BUSY) if is_busy else "")
        form = QFormLayout()
        form.addRow(tr("Holds"), self._size)
        form.addRow(tr("&Limit"), self._limit)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.addButton(self._clear, QDialogButtonBox.ButtonRole.ActionRole)
        layout = QVBoxLayout(self)
        layout.addWidget(QLabel(tr(WHAT), wordWrap=True))
        layout.addLayout(form)
        layout.addWidget(buttons)
        self._work = LatestCall("image-cache", self)
        self._work.succeeded.connect(lambda size: self._size.setText(bytes_text(size)))
        self._work.failed.connect(self._size.setText)
        self._limit.valueChanged.connect(lambda value: settings.setValue(CACHE_LIMIT, value))
        self._clear.clicked.connect(self._on_clear)
        buttons.rejected.connect(self.reject)
        cache = self._cache
        self._work.request(lambda _: cache_bytes(cache))

    def done(self, result: int) -> None:
        self._work.shut_down()
        super().done(result)

    def _on_clear(self) -> None:
        cache = self._cache
        self._work.request(lambda _: trim_cache(cache, 0))
