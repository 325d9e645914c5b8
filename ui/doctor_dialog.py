"""What this computer has and lacks, to be read, copied and saved; the checks run in a thread."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QLabel,
    QPlainTextEdit,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from engine.doctor.health_check import CheckedFolders
from engine.language.sentence_recognition import recognised
from engine.language.speech import mark, tr
from engine.store.durable_file import write_durably
from ui.question import tell
from ui.screen_fit import open_at
from workers.latest_call import LatestCall

SIZE = (820, 620)
BUSY = mark("Checking this computer…")
WHAT = mark("Names of users, computers and home folders are left out, so you can mail this text.")


class DoctorDialog(QDialog):
    """The text of `python main.py doctor`."""

    def __init__(self, folders: CheckedFolders, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("doctor")
        self.setWindowTitle(tr("Doctor"))
        open_at(self, *SIZE)
        self._said = QLabel(tr(BUSY), objectName="doctor.said", wordWrap=True)
        self._said.setTextFormat(Qt.TextFormat.PlainText)
        self._bar = QProgressBar(objectName="doctor.busy", textVisible=False, maximum=0)
        self._bar.setAccessibleName(tr("Checking this computer"))
        self._text = QPlainTextEdit(objectName="doctor.text", readOnly=True, accessibleName=tr("What was found"))
        self._text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self._copy = buttons.addButton(tr("&Copy"), QDialogButtonBox.ButtonRole.ActionRole)
        self._save = buttons.addButton(tr("&Save…"), QDialogButtonBox.ButtonRole.ActionRole)
        self._copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self._text.toPlainText()))
        self._save.clicked.connect(self._on_save)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        for widget in (self._said, self._bar, self._text, buttons):
            layout.addWidget(widget)
        self._enable(False)
        self._work = LatestCall("doctor", self)
        self._work.succeeded.connect(self._on_found)
        self._work.failed.connect(self._on_failed)
        self._work.request(lambda _: _diagnosis_text(folders))

    def done(self, result: int) -> None:
        self._work.shut_down()
        super().done(result)

    def _enable(self, found: bool) -> None:
        for button in (self._copy, self._save):
            button.setEnabled(found)

    def _on_found(self, text: str) -> None:
        self._bar.hide()
        self._said.setText(tr(WHAT))
        self._text.setPlainText(text)
        self._enable(True)

    def _on_failed(self, sentence: str) -> None:
        self._bar.hide()
        self._said.setText(sentence)

    def _on_save(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, tr("Save what was found"), "doctor.txt", tr("Text (*.txt)"))
        if path:
            try:
                write_durably(Path(path), self._text.toPlainText())
            except OSError as error:
                tell(
                    self,
                    tr("Not saved"),
                    tr("{path} cannot be written ({strerror}).", path=path, strerror=error.strerror),
                )


def _diagnosis_text(folders: CheckedFolders) -> str:
    # In the worker's thread: the window opens without the checks.
    from engine.doctor.diagnosis import diagnose

    return diagnose(folders).text(recognised)
