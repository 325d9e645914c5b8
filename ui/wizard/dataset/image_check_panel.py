"""The result of checking every image: sentences, and the duplicate images."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from engine.contract.dataset_check import DatasetCheck, DuplicateImage
from engine.contract.findings import Finding, Severity
from engine.contract.image_settings import ImageSettings
from engine.language.speech import mark, number_text, tr
from ui.scan_progress import ScanProgress
from ui.wizard.dataset.duplicate_pair import DuplicatePair
from ui.wizard.findings_list import FindingsList

if TYPE_CHECKING:
    from engine.datasets.examination import Examination
    from workers.dataset_scan import ScanResult

MAX_LISTED = 500
MAX_SIZES = 3
NOTHING = mark("No problems found in the images.")
NOT_LOOKED = Finding(
    severity=Severity.NOTE,
    where="dataset",
    message=mark("Not all images are checked yet; a run always checks all of them."),
)
COLUMNS = (mark("image"), mark("in"), mark("copy of"), mark("in"), mark("how"))
COPY_OF = 2
MODES = {"grayscale": mark("{bits}-bit grayscale"), "colour": mark("{bits}-bit colour")}


class ImageCheckPanel(QWidget):
    """Progress with a button, findings with their repairs, and a table of duplicates where there are any."""

    repair_chosen = Signal(object)
    """The `Repair` whose button was pressed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.progress = ScanProgress(
            "images", tr("Check every i&mage"), tr("Finds copies, also across splits, and damaged files.")
        )
        self._facts = QLabel(objectName="images.facts", wordWrap=True)
        self._facts.setProperty("role", "hint")
        self._findings = FindingsList("images.findings")
        self._findings.setAccessibleName(tr("Findings on the images"))
        self._findings.repair_chosen.connect(self.repair_chosen)
        self._duplicates = QTableWidget(0, len(COLUMNS), objectName="images.duplicates", tabKeyNavigation=False)
        self._duplicates.setAccessibleName(tr("Duplicate images"))
        self._duplicates.setHorizontalHeaderLabels([tr(title) for title in COLUMNS])
        header = self._duplicates.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        for column in (0, 2):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
        self._duplicates.verticalHeader().hide()
        self._duplicates.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self._duplicates.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addWidget(self.progress)
        layout.addWidget(self._facts)
        layout.addWidget(self._findings, 3)
        layout.addWidget(self._duplicates, 2)
        self._shown: Examination | None = None
        self._pair = DuplicatePair()
        layout.addWidget(self._pair)
        self._duplicates.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self._duplicates.itemSelectionChanged.connect(self._on_selected)
        self._duplicates.itemDoubleClicked.connect(self._on_opened)
        self._listed: tuple[DuplicateImage, ...] = ()

    def set_scanned(self, scanned: ScanResult | None) -> None:
        """What decodes the images that are listed."""
        self._pair.scanned = scanned

    def shut_down(self) -> None:
        """End the thread that decodes."""
        self._pair.shut_down()

    def _on_selected(self) -> None:
        row = self._duplicates.currentRow()
        if 0 <= row < len(self._listed):
            self._pair.show_pair(self._listed[row])

    def _on_opened(self, item: QTableWidgetItem) -> None:
        one = self._listed[item.row()]
        path = Path(one.copy_of if item.column() >= COPY_OF else one.path)
        if path.is_file():
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))

    def show_examination(self, examination: Examination | None, images: ImageSettings) -> int:
        """Show what a run with these image settings would say; None: not checked yet. Returns how many findings."""
        findings = examination.findings(images) if examination else ()
        self._findings.show_findings(findings if examination else (NOT_LOOKED,), tr(NOTHING))
        if examination is not self._shown:
            self._shown = examination
            self._facts.setText(_facts(examination.check, examination.range is not None) if examination else "")
            self._list_duplicates(examination.check.duplicates[:MAX_LISTED] if examination else ())
        return len(findings)

    def _list_duplicates(self, duplicates: tuple[DuplicateImage, ...]) -> None:
        self._listed = duplicates
        self._pair.hide()
        self._duplicates.setToolTip(tr("Click to see both images, double-click to open the file."))
        self._duplicates.setRowCount(len(duplicates))
        self._duplicates.setVisible(bool(duplicates))
        for row, one in enumerate(duplicates):
            how = tr("same pixels") if one.exact else tr("nearly identical")
            texts = (
                _short(one.path),
                tr(one.split),
                _short(one.copy_of),
                tr(one.copy_split),
                tr("{how}, left out", how=how) if one.left_out else how,
            )
            for column, (text, whole) in enumerate(zip(texts, (one.path, "", one.copy_of, "", ""), strict=True)):
                item = QTableWidgetItem(text)
                item.setToolTip(whole or text)
                self._duplicates.setItem(row, column, item)


def _facts(check: DatasetCheck, some_own_scale: bool) -> str:
    """Such as "400 images · 224×224 (380), 96×96 (20) · 8-bit grayscale (400)".

    Args:
        some_own_scale: there are fractions and the like, which are brought to 16 bits and counted with those.
    """
    modes = {_mode_text(mode, some_own_scale): sum(counts.values()) for mode, counts in check.modes.items()}
    sizes = dict(list(check.sizes.items())[:MAX_SIZES])
    more = tr(", … ({count:,} sizes)", count=len(check.sizes)) if len(check.sizes) > MAX_SIZES else ""
    return tr(
        "{images:,} images · {counted}{more} · {counted2}",
        images=check.images,
        counted=_counted(sizes),
        more=more,
        counted2=_counted(modes),
    )


def _mode_text(mode: str, some_own_scale: bool) -> str:
    depth, _, kind = mode.partition(" ")
    if some_own_scale and depth == "16-bit":
        return tr("{kind} of 16 bits or on a scale of its own", kind=kind)
    return tr(MODES[kind], bits=depth.removesuffix("-bit")) if kind in MODES else mode


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} ({number_text(f'{count:,}')})" for name, count in counts.items())


def _short(path: str) -> str:
    return "/".join(Path(path).parts[-2:])
