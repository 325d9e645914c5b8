"""About Nutshell: version, main libraries, licence, where to read on; and the licences of all that is bundled."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from engine.language.sentence_recognition import recognised
from engine.language.speech import mark, tr
from engine.launch.program import VERSION
from engine.licences.licensed_part import CollectedLicences
from ui.about.licences_view import LicencesView
from ui.about.main_versions import main_versions
from ui.plain_label import PlainLabel
from ui.screen_fit import open_at
from workers.latest_call import LatestCall

SIZE = (820, 620)
NAME = f"Nutshell {VERSION}"  # not shown
ABOUT = (
    mark("Compresses convolutional neural networks: train, prune, quantise, measure, and save them as .tflite files."),
    mark(
        "Nutshell is free software under the MIT licence. What it is built on has licences of its own; they are listed "
        "on the next tab."
    ),
)
LINKS = (
    (mark("First steps"), "first-steps.md"),
    (mark("Recipe"), "recipe.md"),
    (mark("Measuring"), "measuring.md"),
    (mark("Licences"), "licences.md"),
    (mark("All pages"), "README.md"),
)
"""Pages of the documentation."""


@dataclass(frozen=True)
class _Found:
    versions: tuple[tuple[str, str], ...]
    licences: CollectedLicences


class AboutDialog(QDialog):
    """Opens at once; versions and licences are read in a thread."""

    page_requested = Signal(str)
    """A page of the documentation to show, such as "licences.md"."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("about")
        self.setWindowTitle(tr("About Nutshell"))
        open_at(self, *SIZE)
        self._licences = LicencesView()
        self._versions = QFormLayout()
        self._busy = PlainLabel(tr("Reading the versions…"), "about.busy")
        self._tabs = QTabWidget(objectName="about.tabs")
        self._tabs.addTab(self._first_tab(), "&Nutshell")  # not shown
        self._tabs.addTab(self._licences, tr("&Licences"))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self._copy = buttons.addButton(tr("&Copy versions"), QDialogButtonBox.ButtonRole.ActionRole)
        self._copy.setAutoDefault(False)
        self._copy.setEnabled(False)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self._tabs)
        layout.addWidget(buttons)
        self._work = LatestCall("about", self)
        self._work.succeeded.connect(self._on_found)
        self._work.failed.connect(self._on_failed)
        self._work.request(lambda _: _read())

    def done(self, result: int) -> None:
        self._work.shut_down()
        super().done(result)

    def _first_tab(self) -> QWidget:
        tab = QWidget()
        links = " · ".join(f'<a href="{page}">{tr(name)}</a>' for name, page in LINKS)
        text = f"<h2>{NAME}</h2>" + "".join(f"<p>{tr(one)}</p>" for one in ABOUT)
        about = QLabel(text, objectName="about.text", wordWrap=True)
        read_on = QLabel(tr("Read on: {links}", links=links), objectName="about.links", wordWrap=True)
        read_on.setTextInteractionFlags(
            Qt.TextInteractionFlag.LinksAccessibleByMouse | Qt.TextInteractionFlag.LinksAccessibleByKeyboard
        )
        read_on.linkActivated.connect(self.page_requested)
        layout = QVBoxLayout(tab)
        layout.setSpacing(12)
        layout.addWidget(about)
        layout.addWidget(self._busy)
        layout.addLayout(self._versions)
        layout.addWidget(read_on)
        layout.addStretch(1)
        return tab

    def _on_found(self, found: _Found) -> None:
        self._busy.hide()
        for name, version in found.versions:
            self._versions.addRow(f"{name}:", PlainLabel(tr(version)))
        lines = [NAME, *(f"{name} {version}" for name, version in found.versions)]
        self._copy.clicked.connect(lambda: QGuiApplication.clipboard().setText("\n".join(lines) + "\n"))
        self._copy.setEnabled(True)
        self._licences.show_licences(found.licences)

    def _on_failed(self, sentence: str) -> None:
        said = recognised(sentence)
        self._busy.setText(said)
        self._licences.show_trouble(said)


def _read() -> _Found:
    # In the worker's thread: the dialog opens without what reads metadata.
    from engine.licences.collection import collected_licences

    return _Found(main_versions(), collected_licences())
