"""Computes a run's printed figures again and shows which hold; closing the dialog stops it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLabel,
    QPlainTextEdit,
    QProgressBar,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from engine.contract.progress import Progress
from engine.language.sentence_recognition import recognised
from engine.language.speech import mark, tr
from engine.verification.verified_figures import Verification
from ui.screen_fit import open_at
from ui.verification_lines import differing_lines, shown_groups, verdict
from workers.latest_call import LatestCall

SIZE = (1000, 560)
WHAT = mark(
    "Every printed figure of accuracy, size and agreement is computed again from the run's files and its images."
)


class VerifyDialog(QDialog):
    """A table of what holds, and both values of each figure that does not."""

    def __init__(self, title: str, directory: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("verify")
        self.setWindowTitle(tr("Figures of {title}", title=title))
        open_at(self, *SIZE)
        self._said = QLabel(tr(WHAT), objectName="verify.said", wordWrap=True)
        self._said.setTextFormat(Qt.TextFormat.PlainText)
        self._bar = QProgressBar(objectName="verify.busy", textVisible=False, maximum=0)
        self._bar.setAccessibleName(tr("Progress of computing the figures again"))
        self._table = QTableWidget(objectName="verify.table")
        self._table.setAccessibleName(tr("Which figures of each variant hold"))
        self._table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self._text = QPlainTextEdit(objectName="verify.text", readOnly=True, accessibleName=tr("What was found"))
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self._copy = self._buttons.addButton(tr("&Copy"), QDialogButtonBox.ButtonRole.ActionRole)
        self._copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self._text.toPlainText()))
        self._buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        for widget in (self._said, self._bar, self._table, self._text, self._buttons):
            layout.addWidget(widget)
        self._show_found(False)
        self._work = LatestCall("verify-run", self)
        self._work.progressed.connect(self._on_progressed)
        self._work.succeeded.connect(self._on_verified)
        self._work.failed.connect(self._on_failed)
        self._work.request(lambda progress: _verified(directory, progress))

    def done(self, result: int) -> None:
        self._work.shut_down()
        super().done(result)

    def _show_found(self, found: bool) -> None:
        self._bar.setVisible(not found)
        for widget in (self._table, self._text, self._copy):
            widget.setVisible(found)

    def _on_progressed(self, done: int, total: int) -> None:
        self._bar.setRange(0, total)
        self._bar.setValue(done)
        self._said.setText(
            tr("{what} {done:,} of {total:,} images.", what=tr(WHAT), done=done, total=total) if total else tr(WHAT)
        )

    def _on_verified(self, found: Verification) -> None:
        groups = shown_groups(found)
        self._table.setRowCount(len(found.variants))
        self._table.setColumnCount(len(groups))
        self._table.setHorizontalHeaderLabels([recognised(group) for group in groups])
        self._table.setVerticalHeaderLabels([variant.variant for variant in found.variants])
        for row, variant in enumerate(found.variants):
            outcomes = {group.group: group.outcome for group in variant.groups}
            for column, name in enumerate(groups):
                self._table.setItem(row, column, QTableWidgetItem(outcomes.get(name, "–")))
        self._table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self._text.setPlainText("\n".join((*differing_lines(found), *found.notes)))
        self._said.setText(verdict(found))
        self._show_found(True)

    def _on_failed(self, sentence: str) -> None:
        self._bar.hide()
        self._said.setText(sentence)


def _verified(directory: Path, progress: Progress) -> Verification:
    # In the worker's thread: the window starts without the interpreter and all that reads images.
    from engine.verification.finished_run import FinishedRun
    from engine.verification.verified_run import VerifiedRun

    return VerifiedRun(FinishedRun.open(str(directory), directory.parent.parent), progress).finish()
