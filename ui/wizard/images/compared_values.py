"""Several values of one setting as tabs: the chosen one is edited below; buttons add one and leave one out."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QTabBar, QToolButton, QWidget

from engine.language.speech import tr


class ComparedValues(QWidget):
    """One tab per value, and two buttons; with one value there is only the button that adds another."""

    chosen = Signal(int)
    """The value at this place is to be edited below."""
    added = Signal()
    """Another value is to be compared."""
    removed = Signal()
    """The chosen value is to be left out."""

    def __init__(self, name: str, what: str, parent: QWidget | None = None) -> None:
        """
        Args:
            name: prefix of the object names, such as "images.size".
            what: one such value, as in "Compare another size".
        """
        super().__init__(parent)
        self._what = what
        self.tabs = QTabBar(objectName=f"{name}.tabs", accessibleName=tr("Compared: {what}", what=what))
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setUsesScrollButtons(True)
        self.add = QToolButton(objectName=f"{name}.add", accessibleName=tr("Compare another {what}", what=what))
        self.add.setToolTip(tr("Compare another {what}: each trains its own baseline, with all chains.", what=what))
        self.remove = QToolButton(
            text="−", objectName=f"{name}.remove", accessibleName=tr("Leave this {what} out", what=what)
        )
        self.remove.setToolTip(tr("Leave the chosen {what} out", what=what))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.tabs)
        layout.addWidget(self.add)
        layout.addWidget(self.remove)
        layout.addStretch()
        self.tabs.currentChanged.connect(self.chosen)
        self.add.clicked.connect(self.added)
        self.remove.clicked.connect(self.removed)

    def editors(self) -> tuple[QWidget, ...]:
        """The tabs and the buttons, for the order of the Tab key."""
        return self.tabs, self.add, self.remove

    def show_values(self, names: Sequence[str], place: int) -> None:
        """Show these values, the one at `place` as chosen; does not count as a choice."""
        self.tabs.blockSignals(True)
        while self.tabs.count() > len(names):
            self.tabs.removeTab(self.tabs.count() - 1)
        for number, name in enumerate(names):
            if number < self.tabs.count():
                self.tabs.setTabText(number, name)
            else:
                self.tabs.addTab(name)
        self.tabs.setCurrentIndex(place)
        self.tabs.blockSignals(False)
        several = len(names) > 1
        self.tabs.setVisible(several)
        self.remove.setVisible(several)
        self.add.setAutoRaise(not several)
        self.add.setText("+" if several else tr("+ compare another {what}", what=self._what))
