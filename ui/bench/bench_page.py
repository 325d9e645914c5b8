"""The test bench: models of any runs, and files from elsewhere, say side by side what images show."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PySide6.QtCore import QItemSelection, QSettings, QSize, Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSplitter,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from engine.inspection.answers import AnsweredImage, Answers
from engine.inspection.answers_files import answers_csv
from engine.language.speech import mark, tr
from engine.store.durable_file import write_durably
from engine.store.locations import Locations
from ui.answer_words import counts_text
from ui.bench.answer_view import MAP_PIXELS
from ui.bench.answers_model import AnswersModel, Order
from ui.bench.feeding_dialog import FeedingDialog
from ui.bench.models_list import ModelsList, Placed
from ui.bench.picture_panel import PicturePanel
from ui.bench.run_models_dialog import RunModelsDialog
from ui.form.browse_start import pictures
from ui.form.calm_fields import CalmComboBox, StudyLine
from ui.form.tab_order import set_tab_order
from ui.message_bar import MessageBar
from ui.question import agrees
from workers.bench_work import BenchWork, ReadModel, maps_of, picture_of
from workers.latest_call import LatestCall
from workers.training_hints import TrainingHints

MODELS_KEY, IMAGES_KEY = "bench/models", "bench/images"
IMAGE_FILES = mark(
    "Images (*.jpg *.jpeg *.png *.tif *.tiff *.bmp *.gif *.webp *.pgm *.ppm *.dcm *.nii *.nii.gz);;All files (*)"
)
NARROW_PIXELS = 600
"""Below this width the picture stands below the table."""
TABLE_SHARE, PICTURE_SHARE = 5, 3
LEAST_TABLE_HEIGHT, STACKED_HEIGHT = 150, 520
WIDEST_COLUMN = 300
PRECISION = 30
"""Rows that are measured to find a column's width."""
MOST_NAMED = 3
NO_MODELS = mark("Add one or more models, then choose or drop images.")
NO_IMAGES = mark(
    "Choose images or a folder, or drop them here. Where its sub-folders are named as classes, accuracy is told."
)


class BenchPage(QWidget):
    """Asks anew whenever the models or the images change; the newest request wins."""

    def __init__(self, settings: QSettings, locations: Locations) -> None:
        super().__init__()
        self.setObjectName("bench")
        self.locations = locations
        self._settings = settings
        self._paths: tuple[Path, ...] = ()
        self._read: tuple[ReadModel, ...] = ()
        self._asking: FeedingDialog | None = None
        self._busy = False
        self._make_parts()
        self._lay_out()
        self._connect()
        self._restore()

    def add_models(self, models: Sequence[Placed]) -> None:
        """Put models on the bench and let them answer."""
        self._models.place(models)

    def add_files(self, paths: Sequence[Path], origin: str = "") -> None:
        """Put `.tflite` files on the bench; `origin`: the title of their run."""
        self.add_models([Placed(path, origin or _origin(path)) for path in paths])

    def show_images(self, paths: Sequence[Path]) -> None:
        """Classify these images and folders in place of the others."""
        self._paths = tuple(paths)
        self._settings.setValue(IMAGES_KEY, json.dumps([str(path) for path in self._paths]))
        self._show_paths()
        self._ask()

    def take(self, paths: Sequence[Path]) -> None:
        """What was dropped here: models are added, images and folders classified."""
        models = [path for path in paths if path.suffix.lower() == ".tflite"]
        images = [path for path in paths if path not in models]
        if images:
            self._paths = tuple(images)
        self.add_files(models)
        if images:
            self.show_images(images)

    def show_map(self, model: str, array: np.ndarray) -> None:
        """Show where a model, by its name, has looked in the image that is chosen.

        Args:
            array: (height, width) or (height, width, 3), uint8.
        """
        self._panel.show_map(model, array)

    @property
    def answers(self) -> Answers:
        """All that is known so far."""
        return self._table.answers

    @property
    def is_busy(self) -> bool:
        return self._busy

    def shut_down(self) -> None:
        """End the threads."""
        for thread in (self._work, self._picture, self._maps, self._hinting, self._saving):
            thread.shut_down()

    def _make_parts(self) -> None:
        self._shown_paths = StudyLine(objectName="bench.paths", readOnly=True)
        self._shown_paths.setAccessibleName(tr("Images"))
        self._shown_paths.setAcceptDrops(False)
        self._shown_paths.setPlaceholderText(tr("no images chosen"))
        self._images = QPushButton(tr("Choose i&mages…"), objectName="bench.images")
        self._folder = QPushButton(tr("Choose f&older…"), objectName="bench.folder")
        self._folder.setToolTip(tr("All images below it"))
        self._models = ModelsList()
        self._status = QLabel(objectName="bench.status", wordWrap=True)
        self._bar = QProgressBar(objectName="bench.progress", textVisible=False)
        self._bar.setAccessibleName(tr("Progress"))
        self._cancel = QPushButton(tr("&Cancel"), objectName="bench.cancel")
        self._again = QPushButton(tr("Classify a&gain"), objectName="bench.again")
        self._order = CalmComboBox(objectName="bench.order", accessibleName=tr("Sort by"))
        for order in Order:
            self._order.addItem(_beginning_with_a_capital(tr(order.value)), order)
        self._order.setMinimumContentsLength(20)
        self._sort = QLabel(tr("Sort &by"))
        self._sort.setBuddy(self._order)
        self._save = QPushButton(tr("&Save CSV…"), objectName="bench.csv")
        self._save.setToolTip(tr("A row per image: class, probabilities and time of each model"))
        self._table = AnswersModel(self)
        self._view = QTableView(objectName="bench.table", tabKeyNavigation=False)
        self._view.setAccessibleName(tr("Answers of each model for each image"))
        self._view.setModel(self._table)
        self._view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self._view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self._view.setAlternatingRowColors(True)
        self._view.setWordWrap(False)
        self._view.setMinimumHeight(LEAST_TABLE_HEIGHT)
        self._view.horizontalHeader().setResizeContentsPrecision(PRECISION)
        self._view.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self._panel = PicturePanel()
        self._message = MessageBar("bench.message")
        self._work = BenchWork(self)
        self._picture = LatestCall("bench-picture", self)
        self._maps = LatestCall("bench-maps", self)
        self._hints, self._hinting = TrainingHints(), LatestCall("bench-hints", self)
        self._saving = LatestCall("bench-csv", self)

    def _lay_out(self) -> None:
        chosen = QHBoxLayout()
        chosen.addWidget(QLabel(tr("Images")))
        chosen.addWidget(self._shown_paths, 1)
        chosen.addWidget(self._images)
        chosen.addWidget(self._folder)
        going = QHBoxLayout()
        going.addWidget(self._status, 1)
        going.addWidget(self._bar)
        going.addWidget(self._cancel)
        going.addWidget(self._again)
        self._bar.setMaximumWidth(140)
        sorting = QHBoxLayout()
        sorting.addWidget(self._sort)
        sorting.addWidget(self._order)
        sorting.addStretch()
        sorting.addWidget(self._save)
        self._left = QWidget()
        below = QVBoxLayout(self._left)
        below.setContentsMargins(0, 0, 0, 0)
        below.addWidget(self._view, 1)
        below.addLayout(sorting)
        self._split = QSplitter(Qt.Orientation.Horizontal)
        self._split.addWidget(self._left)
        self._split.addWidget(self._panel)
        self._split.setStretchFactor(0, TABLE_SHARE)
        self._split.setStretchFactor(1, PICTURE_SHARE)
        self._split.setChildrenCollapsible(False)
        self._rows = (chosen, going)
        self._column = layout = QVBoxLayout(self)
        layout.addWidget(self._models)
        layout.addLayout(chosen)
        layout.addLayout(going)
        layout.addWidget(self._split, 1)
        layout.addWidget(self._message)
        set_tab_order(
            [
                *self._models.editors(),
                *(self._shown_paths, self._images, self._folder, self._cancel, self._again),
                *(self._view, self._order, self._save),
            ]
        )

    def _connect(self) -> None:
        self._models.changed.connect(self._on_models_changed)
        self._models.runs_wanted.connect(self._on_add_from_runs)
        self._models.file_wanted.connect(self._on_add_file)
        self._images.clicked.connect(self._on_choose_images)
        self._folder.clicked.connect(self._on_choose_folder)
        self._cancel.clicked.connect(self._on_cancel)
        self._again.clicked.connect(self._ask)
        self._order.currentIndexChanged.connect(lambda _: self._table.arrange(self._order.currentData()))
        self._save.clicked.connect(self._on_save)
        self._view.selectionModel().selectionChanged.connect(self._on_selected)
        self._work.models_read.connect(self._on_models_read)
        self._work.begun.connect(self._on_begun)
        self._work.answered.connect(self._on_answered)
        self._work.progressed.connect(self._on_progressed)
        self._work.finished.connect(self._on_finished)
        self._work.failed.connect(self._on_failed)
        self._picture.succeeded.connect(self._panel.show_picture)
        self._picture.failed.connect(self._message.say)
        self._maps.succeeded.connect(self._on_maps)
        self._hinting.succeeded.connect(self._panel.show_hint)
        self._saving.succeeded.connect(lambda path: self._message.say(tr("Saved {path}.", path=path), "good"))
        self._saving.failed.connect(lambda sentence: self._message.say(tr("Not saved: {sentence}", sentence=sentence)))

    def _restore(self) -> None:
        """The models and images of the last time, which answer at once."""
        self._models.restore(str(self._settings.value(MODELS_KEY, "[]")))
        try:
            paths = [Path(text) for text in json.loads(str(self._settings.value(IMAGES_KEY, "[]")))]
        except (ValueError, TypeError):
            paths = []
        self._paths = tuple(path for path in paths if path.exists())
        self._show_paths()
        self._show_status()
        if self._models.chosen:
            # After what opened the page has put its own model or images there.
            QTimer.singleShot(0, self, self._ask_if_idle)

    def _ask_if_idle(self) -> None:
        if not self._busy and not self._table.answers.models:
            self._ask()

    def _ask(self) -> None:
        self._message.say("")
        self._busy = True
        self._work.request(self._models.chosen, self._paths)
        self._show_status()

    def _on_models_changed(self) -> None:
        self._settings.setValue(MODELS_KEY, self._models.remembered())
        self._ask()

    def _on_models_read(self, models: tuple[ReadModel, ...]) -> None:
        self._read = models
        self._models.show_read(models)
        if not any(one.shipped for one in models) or not self._paths:
            self._show_answers(Answers(()))
        unsaid = next((one.unsaid for one in models if one.unsaid is not None), None)
        if unsaid is not None and self._asking is None:
            self._asking = dialog = FeedingDialog(unsaid, self)
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            dialog.said.connect(lambda feeding: self._models.say_feeding(unsaid.path, feeding))
            dialog.rejected.connect(lambda: self._models.remove([unsaid.path]))
            dialog.finished.connect(self._on_asked)
            dialog.open()

    def _on_asked(self, _: int) -> None:
        self._asking = None

    def _on_begun(self, answers: Answers) -> None:
        self._show_answers(answers)

    def _show_answers(self, answers: Answers) -> None:
        # Of other models.
        self._maps.call_off()
        self._hinting.call_off()
        self._table.begin(answers)
        self._panel.set_models(answers.models)
        self._fit_columns()

    def _on_answered(self, told: list[AnsweredImage]) -> None:
        first = not self._table.rowCount()
        self._table.add(told)
        if first and self._table.rowCount():
            self._fit_columns()
            self._view.selectRow(0)
        self._show_status()

    def _on_progressed(self, done: int, total: int) -> None:
        self._bar.setRange(0, total)
        self._bar.setValue(done)

    def _on_finished(self) -> None:
        self._busy = False
        self._table.arrange()
        self._fit_columns()
        self._show_status()

    def _on_failed(self, sentence: str) -> None:
        self._busy = False
        self._message.say(sentence)
        self._show_status()

    def _on_cancel(self) -> None:
        self._work.cancel()
        self._busy = False
        self._table.arrange()
        self._show_status(tr("Cancelled: "))

    def _on_selected(self, selected: QItemSelection, _: QItemSelection) -> None:
        rows = selected.indexes()
        image = self._table.image(rows[0].row()) if rows else None
        self._panel.show_image(image)
        if image is not None:
            models = [one.shipped for one in self._read if one.shipped is not None]
            self._picture.request(lambda progress: picture_of(image, models, progress))
            self._maps.request(lambda progress: maps_of(image, models, progress))
            paths = [one.path for one in models]
            self._hinting.request(lambda progress: self._hints.hint(paths, image.path, progress))

    def _on_maps(self, found: tuple[np.ndarray, tuple[np.ndarray | None, ...]]) -> None:
        # pyqtgraph, which has the colours, is not needed to open the page.
        from ui.array_pictures import overlay

        picture, maps = found
        for model, evidence in zip(self._table.answers.models, maps, strict=False):
            if evidence is not None:
                array = overlay(picture, evidence, float(evidence.max()), MAP_PIXELS)
                self.show_map(model.name, array)

    def _show_paths(self) -> None:
        paths = self._paths
        text = (
            str(paths[0])
            if len(paths) == 1
            else tr("{count:,} files in {parent}", count=len(paths), parent=paths[0].parent)
            if paths
            else ""
        )
        self._shown_paths.setText(text)
        self._shown_paths.setToolTip("\n".join(map(str, paths[:20])))

    def _show_status(self, before: str = "") -> None:
        answers = self._table.answers
        if not self._models.chosen:
            text = tr(NO_MODELS)
        elif not self._paths:
            text = tr(NO_IMAGES)
        elif self._busy and not answers.images:
            text = tr("Looking at the images…")
        else:
            text = before + counts_text(answers) if answers.models else ""
        self._status.setText(text)
        self._status.setToolTip("\n".join(f"{one.path}: {one.reason}" for one in answers.skipped[:20]))
        if answers.skipped and not self._busy:
            named = "; ".join(f"{Path(one.path).name} {one.reason}" for one in answers.skipped[:MOST_NAMED])
            more = len(answers.skipped) - MOST_NAMED
            self._message.say(
                tr(
                    "Skipped: {named}{value}.",
                    named=named,
                    value=tr("; and {more:,} more", more=more) if more > 0 else "",
                ),
                "warning",
            )
        self._bar.setVisible(self._busy)
        self._cancel.setVisible(self._busy)
        self._again.setVisible(not self._busy)
        self._again.setEnabled(bool(self._models.chosen and self._paths))
        self._save.setEnabled(bool(answers.images) and not self._busy)

    def _fit_columns(self) -> None:
        self._view.resizeColumnsToContents()
        for column in range(self._table.columnCount()):
            self._view.setColumnWidth(column, min(self._view.columnWidth(column), WIDEST_COLUMN))

    def minimumSizeHint(self) -> QSize:
        """As narrow as its widest part: the picture goes below the table before the page would scroll to the side."""
        parts = [part.minimumSizeHint().width() for part in (self._models, self._left, self._panel)]
        rows = [row.minimumSize().width() for row in self._rows]
        margins = self._column.contentsMargins()
        return QSize(max(*parts, *rows) + margins.left() + margins.right(), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.width() < NARROW_PIXELS
        way = Qt.Orientation.Vertical if narrow else Qt.Orientation.Horizontal
        if way is not self._split.orientation():
            self._split.setOrientation(way)
            self._split.setMinimumHeight(STACKED_HEIGHT if narrow else 0)

    def _on_add_from_runs(self) -> None:
        dialog = RunModelsDialog(self.locations, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.models_chosen.connect(lambda chosen: self.add_models([Placed(path, title) for path, title in chosen]))
        dialog.open()

    def _on_add_file(self) -> None:
        paths, _ = QFileDialog.getOpenFileNames(self, tr("Add models"), "", tr("TFLite (*.tflite)"))
        self.add_files(list(map(Path, paths)))

    def _on_choose_images(self) -> None:
        paths, _ = QFileDialog.getOpenFileNames(self, tr("Images to classify"), self._start(), tr(IMAGE_FILES))
        if paths:
            self.show_images(list(map(Path, paths)))

    def _on_choose_folder(self) -> None:
        if path := QFileDialog.getExistingDirectory(self, tr("Folder of images"), self._start()):
            self.show_images([Path(path)])

    def _start(self) -> str:
        """Where the dialogues for images open."""
        if not self._paths:
            return pictures()
        return str(self._paths[0] if self._paths[0].is_dir() else self._paths[0].parent)

    def _on_save(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, tr("Save the answers"), "answers.csv", tr("CSV (*.csv)"))
        if path:
            target = Path(path) if Path(path).suffix else Path(path).with_suffix(".csv")
            question = tr("{name} is there already. Overwrite it?", name=target.name)
            # The dialogue has asked for the name as it was typed.
            unasked = target != Path(path) and target.exists()
            if unasked and not agrees(self, tr("Overwrite?"), question, tr("Overwrite it"), tr("Keep it")):
                return
            answers = self._table.answers

            def save(_: object) -> Path:
                write_durably(target, answers_csv(answers))
                return target

            self._saving.request(save)


def _beginning_with_a_capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _origin(path: Path) -> str:
    """Of a file of a run its run's folder, else the folder that it lies in."""
    folder = path.absolute().parent
    return folder.parent.name if folder.name == "models" and (folder.parent / "recipe.toml").is_file() else folder.name
