"""Whose decision changed: the test images on which a variant and its baseline disagree, the worst first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from PySide6.QtCore import QSettings, Qt, QTimer
from PySide6.QtWidgets import QAbstractItemView, QComboBox, QHeaderView, QLabel, QTableView

from engine.contract.errors import NutshellError
from engine.contract.measurements import VariantMeasurement
from engine.inspection.decision_changes import (
    Change,
    Decision,
    change_counts,
    decisions,
    disagreeing_rows,
    groups_with_most_changes,
)
from engine.inspection.run_images import RunImages
from engine.language.speech import mark, tr
from engine.store.prediction_file import Predictions
from ui.dashboard.decisions_model import PICTURE_PIXELS, DecisionsModel
from ui.dashboard.image_dialog import ImageDialog
from ui.dashboard.prediction_panel import PredictionPanel
from ui.form.calm_fields import CalmComboBox
from ui.list_keys import act_on_key
from ui.theme import Theme
from workers.latest_call import LatestCall
from workers.run_pictures import SmallImages, small_images

SCROLL_PAUSE_MS = 60
UNSURE_MARGIN = 0.2
MOST_GROUPS = 5


@dataclass(frozen=True)
class Shown:
    """Which images the table holds."""

    title: str
    holds: Callable[[Decision, frozenset[int]], bool]
    """Of a decision, and of the rows about which the run's files disagree."""


SHOWN = (
    Shown(mark("Changed decisions"), lambda one, _: one.change is not Change.KEPT),
    Shown(mark("Right → wrong"), lambda one, _: one.change is Change.LOST),
    Shown(mark("Wrong → right"), lambda one, _: one.change is Change.WON),
    Shown(mark("Any files disagree"), lambda one, disagreed: one.row in disagreed),
    Shown(mark("Unsure: two classes within {margin:g}"), lambda one, _: one.margin < UNSURE_MARGIN),
    Shown(mark("Wrong"), lambda one, _: one.after != one.label),
    Shown(mark("All test images"), lambda one, _: True),
)


class ChangedDecisionsPanel(PredictionPanel):
    """A table with a picture a row; a double click shows the image large."""

    key: ClassVar[str] = "changed_decisions"
    tab: ClassVar[str] = mark("Changed decisions")
    place: ClassVar[int] = 50
    offers_baseline = False

    def __init__(self, theme: Theme, settings: QSettings | None = None) -> None:
        super().__init__(theme, settings)
        self._decisions: tuple[Decision, ...] = ()
        self._images: RunImages | None = None
        self._images_of: tuple[object, ...] = ()
        self._groups: tuple[str, ...] = ()
        self._which = CalmComboBox(objectName="dashboard.changed_decisions.which", accessibleName=tr("Which images"))
        self._which.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self._which.addItems([tr(one.title, margin=UNSURE_MARGIN) for one in SHOWN])
        self.add_choice(tr("Images"), self._which)
        self._counts = QLabel(objectName="dashboard.changed_decisions.counts", wordWrap=True)
        self._counts.setTextFormat(Qt.TextFormat.PlainText)
        self._empty = QLabel("", objectName="dashboard.changed_decisions.empty", wordWrap=True)
        self._empty.setProperty("role", "hint")
        self.model = DecisionsModel(self)
        self.view = QTableView(objectName="dashboard.changed_decisions.table", tabKeyNavigation=False)
        self.view.setAccessibleName(tr("Test images with both decisions"))
        self.view.setModel(self.model)
        self.view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.view.verticalHeader().setDefaultSectionSize(PICTURE_PIXELS + 6)
        self.view.verticalHeader().hide()
        self.view.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.view.horizontalHeader().setStretchLastSection(True)
        self.content.addWidget(self._counts)
        self.content.addWidget(self._empty)
        self.content.addWidget(self.view, 1)
        self.content.addStretch(0)
        self._pictures = LatestCall("decision-pictures", self)
        self._pictures.succeeded.connect(self._on_pictures)
        self._grouping = LatestCall("decision-groups", self)
        self._grouping.succeeded.connect(self._on_groups)
        self._pause = QTimer(self, singleShot=True, interval=SCROLL_PAUSE_MS)
        self._pause.timeout.connect(self._request_pictures)
        self._which.currentIndexChanged.connect(self._fill)
        self.view.verticalScrollBar().valueChanged.connect(self._pause.start)
        self.view.doubleClicked.connect(lambda index: self._open(index.row()))
        act_on_key("Return", self.view, lambda: self._open(self.view.currentIndex().row()))

    def shut_down(self) -> None:
        super().shut_down()
        self._pause.stop()
        self._pictures.shut_down()
        self._grouping.shut_down()

    def show_predictions(self, predictions: Predictions, variant: VariantMeasurement, baseline: str) -> None:
        self._decisions = decisions(predictions, variant.name, baseline)
        self._find_images(variant)
        counts = change_counts(self._decisions)
        self._counts.setText(
            tr(
                "Of {count:,} test images, against {baseline}: {counts:,} right → wrong, {counts2:,} "
                "wrong → right, {counts3:,} from one wrong class to another, {counts4:,} the "
                "same.{said_of_groups}",
                count=len(self._decisions),
                baseline=baseline,
                counts=counts[Change.LOST],
                counts2=counts[Change.WON],
                counts3=counts[Change.ELSE],
                counts4=counts[Change.KEPT],
                said_of_groups=self._said_of_groups(),
            )
        )
        self._fill()

    def _find_images(self, variant: VariantMeasurement) -> None:
        wanted = (self._directory, variant.dataset, variant.file)
        if wanted == self._images_of or self._directory is None:
            return
        self._images_of, self._groups = wanted, ()
        try:
            self._images = RunImages.of(self._directory, variant.dataset, self._directory / variant.file, variant.seed)
        except NutshellError as error:
            self._images = None
            self._message.say(str(error), "warning")
            return
        if self._images.settings.group_by and self.predictions is not None:
            self._grouping.request(partial(self._images.groups, self.predictions.paths))

    def _said_of_groups(self) -> str:
        if not self._groups:
            return ""
        worst = groups_with_most_changes(self._decisions, self._groups)[:MOST_GROUPS]
        named = ", ".join(
            tr("{name} ({changed:,} of {images:,})", name=name, changed=changed, images=images)
            for name, changed, images in worst
        )
        return tr(" Most changes: {named}.", named=named) if worst else ""

    def _fill(self, *_: object) -> None:
        if self.predictions is None:
            return
        which = SHOWN[self._which.currentIndex()]
        disagreed = frozenset(map(int, disagreeing_rows(self.predictions)))
        found = tuple(one for one in self._decisions if which.holds(one, disagreed))
        self.model.show(found, self.predictions.classes)
        self._empty.setText("" if found else tr("{title}: none.", title=tr(which.title)))
        self._empty.setVisible(not found)
        self.view.setVisible(bool(found))
        self._pause.start()

    def _request_pictures(self) -> None:
        top = max(self.view.rowAt(0), 0)
        bottom = self.view.rowAt(self.view.viewport().height())
        wanted = self.model.without_picture(top, bottom if bottom >= 0 else self.model.rowCount() - 1)
        if wanted and self._images is not None and self.isVisible():
            self._pictures.request(partial(small_images, self._images, wanted, PICTURE_PIXELS))

    def showEvent(self, event: object) -> None:
        super().showEvent(event)  # type: ignore[arg-type]
        self._pause.start()

    def _on_pictures(self, found: SmallImages) -> None:
        self.model.take_pictures(found)
        self._pause.start()

    def _on_groups(self, groups: tuple[str, ...]) -> None:
        self._groups = groups
        self._show()

    def _open(self, row: int) -> None:
        if row < 0 or self.predictions is None or self._images is None or self._directory is None:
            return
        decision, variant = self.model.decision(row), self.choice.currentText()
        ImageDialog(self._directory, self._images, self.predictions, decision.row, variant, self).open()
