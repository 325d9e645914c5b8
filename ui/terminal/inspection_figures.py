"""Draws what was found inside a variant's file, as PNG and SVG."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from engine.inspection.activation_map import ActivationMap, ActivationMaps, map_distance
from engine.inspection.compared_files import ComparedFiles
from engine.inspection.feature_maps import FeatureMaps
from engine.inspection.filters import compare_filters, weight_histograms
from engine.inspection.inspected_variant import VariantFindings
from engine.inspection.observed_layers import LayerPair
from engine.inspection.paired_images import PairedImages
from engine.inspection.point_cloud import PointCloud, point_cloud
from engine.inspection.run_models import RunModel
from engine.store.prediction_file import Predictions

DPI = 130
COLUMNS = 8
"""Filters and feature maps of a layer that are shown: the first ones."""
HISTOGRAMS = 24
BARS = 40
MOVED = 4
FLOAT_COLOUR, COMPRESSED_COLOUR = "#4c72b0", "#dd8452"
RIGHT_COLOUR, WRONG_COLOUR = "#4c72b0", "#c44e52"
SETTINGS: Any = {
    "font.size": 8,
    "axes.titlesize": 8,
    "figure.titlesize": 10,
    "svg.fonttype": "none",
    "svg.hashsalt": "nutshell",
    "axes.spines.top": False,
    "axes.spines.right": False,
}
"""Text of an SVG stays text; equal figures give equal files."""


class FigureWriter:
    """Writes figures into a folder and remembers their names."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.written: list[str] = []
        """Without their ending."""

    def write(
        self,
        variant: RunModel,
        files: ComparedFiles,
        found: VariantFindings,
        images: PairedImages,
        image: str,
        predictions: Predictions | None,
    ) -> None:
        """All figures of one variant.

        Raises:
            OSError: the folder cannot be written.
        """
        with matplotlib.rc_context(SETTINGS):
            stem = variant.file.stem
            if files.first_and_last:
                self._save(f"{stem}-filters", _filters(variant.name, files.first_and_last))
                self._save(f"{stem}-feature-maps", _feature_maps(variant.name, found.feature_maps))
            if files.matched.pairs:
                self._save(f"{stem}-weights", _histograms(variant.name, files.matched.pairs))
            if found.maps:
                pixels = images.decoded(image, files.baseline.model)
                self._save(f"{stem}-activation-maps", _activation_maps(variant.name, found, pixels))
            if found.moved and found.moved.distances:
                self._save(f"{stem}-moved-maps", _moved_maps(variant.name, files, found, images))
            if predictions and {variant.name, variant.baseline} <= set(predictions.variants):
                cloud = point_cloud(predictions, variant.baseline, variant.name)
                self._save(f"{stem}-point-cloud", _point_cloud(variant.name, cloud))
            if found.errors:
                self._save(f"{stem}-layer-errors", _layer_errors(variant.name, found))
            self._save(f"{stem}-bytes", _bytes(variant.name, found))

    def _save(self, name: str, figure: Figure) -> None:
        figure.savefig(self._folder / f"{name}.png", dpi=DPI)
        # The second file has the layout of the first: to find it takes longer than to draw.
        figure.set_layout_engine("none")
        figure.savefig(self._folder / f"{name}.svg", metadata={"Date": None})
        self.written.append(name)


def _filters(name: str, pairs: Sequence[LayerPair]) -> Figure:
    """Of each layer three rows: float, compressed, difference. Of a filter with many input channels the strongest."""
    shown = [compare_filters(pair) for pair in pairs]
    rows = []
    for filters in shown:
        channel = int((filters.baseline**2).sum(axis=(0, 1, 2)).argmax())
        other = min(channel, filters.other.shape[3] - 1)
        of = f"{filters.pair.baseline.name}, input channel {channel + 1}"
        difference = filters.difference
        gap = None if difference is None else list(difference[:COLUMNS, :, :, channel])
        both = (list(filters.baseline[:COLUMNS, :, :, channel]), list(filters.other[:COLUMNS, :, :, other]))
        rows.append((of, both, gap, filters.scale, "RdBu_r"))
    return _rows_of_images(f"Filters of the first and the last convolution: baseline and {name}", rows)


def _feature_maps(name: str, shown: Sequence[FeatureMaps]) -> Figure:
    rows = []
    for maps in shown:
        difference = maps.difference
        gap = None if difference is None else _channels(difference)
        both = (_channels(maps.baseline), _channels(maps.other))
        rows.append((maps.pair.baseline.name, both, gap, maps.scale, "viridis"))
    return _rows_of_images(f"Feature maps of the first and the last convolution: baseline and {name}", rows)


def _channels(maps: np.ndarray) -> list[np.ndarray]:
    return [maps[:, :, channel] for channel in range(min(COLUMNS, maps.shape[2]))]


def _rows_of_images(title: str, layers: Sequence[tuple[str, Any, Any, tuple[float, float], str]]) -> Figure:
    figure = Figure(figsize=(COLUMNS * 1.05 + 1.6, 3.3 * len(layers) + 0.5), layout="constrained")
    figure.suptitle(title)
    parts = figure.subfigures(len(layers), 1, squeeze=False)[:, 0]
    for part, (of, (first, second), gap, (low, high), colours) in zip(parts, layers, strict=True):
        part.suptitle(of, fontsize=9)
        grid = part.subplots(3, COLUMNS, squeeze=False)
        most = max((float(np.abs(one).max()) for one in gap), default=0.0) if gap else 0.0
        kinds = (
            ("float", first, low, high, colours),
            ("compressed", second, low, high, colours),
            ("difference", gap or [], -(most or 1.0), most or 1.0, "RdBu_r"),
        )
        for axes, (label, images, least, greatest, colour) in zip(grid, kinds, strict=True):
            shown = None
            for place, one in enumerate(axes):
                _bare(one)
                if place < len(images):
                    shown = one.imshow(images[place], vmin=least, vmax=greatest, cmap=colour, interpolation="nearest")
                else:
                    one.set_visible(place == 0)
            axes[0].set_ylabel(label if images else f"{label}:\nother shape")
            if shown is not None:
                part.colorbar(shown, ax=list(axes), shrink=0.9, aspect=12, pad=0.01)
    return figure


def _histograms(name: str, pairs: Sequence[LayerPair]) -> Figure:
    """All layers, or the first and last of many."""
    half = HISTOGRAMS // 2
    shown = pairs if len(pairs) <= HISTOGRAMS else [*pairs[:half], *pairs[-half:]]
    columns = min(4, len(shown))
    rows = -(-len(shown) // columns)
    figure = Figure(figsize=(2.6 * columns, 1.6 * rows + 0.8), layout="constrained")
    left = "" if len(shown) == len(pairs) else f" (first and last {half} of {len(pairs)} layers)"
    figure.suptitle(f"Weights per layer: baseline and {name}{left}")
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, pair in zip(grid, shown, strict=False):
        found = weight_histograms(pair)
        axes.stairs(found.baseline, found.edges, fill=True, color=FLOAT_COLOUR, alpha=0.35, label="float")
        axes.stairs(found.other, found.edges, color=COMPRESSED_COLOUR, label="compressed")
        axes.set_yscale("symlog", linthresh=1)
        axes.set_ylim(bottom=0)
        axes.set_title(f"{pair.baseline.number} {pair.baseline.name}")
    for axes in grid[len(shown) :]:
        axes.set_visible(False)
    figure.legend(*grid[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    figure.supylabel("weights per bin (log)", fontsize=8)
    return figure


def _activation_maps(name: str, found: VariantFindings, pixels: np.ndarray) -> Figure:
    maps, record = found.maps, found.record
    assert maps is not None
    assert record.activation_maps is not None
    of = record.activation_maps
    method = "class activation map" if of.method == "cam" else "Grad-CAM"
    distance = "no evidence for it" if of.distance is None else f"distance {of.distance:.2g}"
    figure = Figure(figsize=(9.2, 2.75), layout="constrained")
    height, width = maps[0].values.shape
    method += f" of {height}×{width} pixels"
    figure.suptitle(f'Where "{of.class_name}" is seen ({method}): baseline and {name}, {distance}')
    axes = figure.subplots(1, 4)
    _image(axes[0], pixels, "image")
    decisions = (record.baseline_decision, record.decision)
    for place, (map_, decided) in enumerate(zip(maps, decisions, strict=True), start=1):
        _overlaid(axes[place], pixels, map_, f"{'float' if place == 1 else 'compressed'}: decides {decided}")
    _difference(axes[3], figure, maps)
    return figure


def _moved_maps(name: str, files: ComparedFiles, found: VariantFindings, images: PairedImages) -> Figure:
    """The images whose map moved farthest although the class stayed."""
    assert found.moved is not None
    farthest = [one for one in found.moved.stayed if one.distance is not None][:MOVED]
    figure = Figure(figsize=(7.0, 2.3 * len(farthest) + 0.5), layout="constrained")
    figure.suptitle(f"Maps that moved farthest although the class stayed: baseline and {name}")
    grid = figure.subplots(len(farthest), 3, squeeze=False)
    for axes, moved in zip(grid, farthest, strict=True):
        pixels = images.decoded(moved.path, files.baseline.model)
        maps = []
        for file in (files.baseline, files.other):
            file.look_at(file.model.fed(pixels))
            maps.append(ActivationMaps(file).of_class(moved.decided))
        _image(axes[0], pixels, "/".join(Path(moved.path).parts[-2:]))
        _overlaid(axes[1], pixels, maps[0], f"float: {files.baseline.model.classes[moved.decided]}")
        _overlaid(axes[2], pixels, maps[1], f"compressed: distance {map_distance(*maps) or 0.0:.3f}")
    return figure


def _image(axes: Axes, pixels: np.ndarray, title: str) -> None:
    _bare(axes)
    axes.imshow(_shown(pixels), cmap="gray")
    axes.set_title(title)


def _overlaid(axes: Axes, pixels: np.ndarray, map_: ActivationMap, title: str) -> None:
    """The evidence over the image, each map by its own greatest value: only where it lies is compared."""
    _image(axes, pixels, title)
    height, width = pixels.shape[:2]
    evidence = map_.evidence / (map_.evidence.max() or 1.0)
    axes.imshow(
        evidence,
        cmap="inferno",
        vmin=0,
        vmax=1.1,
        # The image shows through where there is no evidence.
        alpha=0.15 + 0.5 * evidence,
        interpolation="bilinear",
        extent=(-0.5, width - 0.5, height - 0.5, -0.5),
    )


def _difference(axes: Axes, figure: Figure, maps: tuple[ActivationMap, ActivationMap]) -> None:
    _bare(axes)
    axes.set_title("compressed − float")
    first, second = maps
    if first.values.shape != second.values.shape:
        axes.text(0.5, 0.5, "maps of\nother sizes", ha="center", va="center", transform=axes.transAxes)
        return
    gap = second.values - first.values
    most = float(np.abs(gap).max()) or 1.0
    figure.colorbar(axes.imshow(gap, cmap="RdBu_r", vmin=-most, vmax=most), ax=axes, shrink=0.8)


def _point_cloud(name: str, cloud: PointCloud) -> Figure:
    figure = Figure(figsize=(6.2, 4.4), layout="constrained")
    axes = figure.subplots()
    axes.plot((0, 1), (0, 1), color="0.7", linewidth=1, zorder=0)
    for right, colour, label in ((True, RIGHT_COLOUR, "right"), (False, WRONG_COLOUR, "wrong")):
        rows = cloud.right == right
        axes.scatter(
            cloud.baseline[rows], cloud.other[rows], s=14, alpha=0.6, linewidths=0, color=colour,
            label=f"{label}: {int(rows.sum()):,}",
        )  # fmt: skip
    changed = ~cloud.stayed
    if changed.any():
        axes.scatter(
            cloud.baseline[changed], cloud.other[changed], s=36, facecolors="none", edgecolors="black", linewidths=0.8,
            label=f"decided otherwise: {int(changed.sum()):,}",
        )  # fmt: skip
    axes.set(
        xlim=(-0.03, 1.03),
        ylim=(-0.03, 1.03),
        aspect="equal",
        xlabel=f"float: {cloud.of}",
        ylabel=f"{name}: {cloud.of}",
    )
    axes.set_title(f"{len(cloud.paths):,} test images", fontsize=10)
    axes.legend(loc="center left", bbox_to_anchor=(1.02, 0.5), frameon=False)
    return figure


def _layer_errors(name: str, found: VariantFindings) -> Figure:
    shown = found.errors[:BARS]
    figure = Figure(figsize=(7.5, 0.2 * len(shown) + 1.3), layout="constrained")
    axes = figure.subplots()
    places = np.arange(len(shown))
    finite = [value for error in shown for value in (error.output_sqnr_db, error.weight_sqnr_db) if np.isfinite(value)]
    longest = max(finite, default=1.0)
    outputs = [error.output_sqnr_db for error in shown]
    axes.barh(places, np.clip(outputs, None, longest), color=COMPRESSED_COLOUR, label="output of the layer")
    weights = [error.weight_sqnr_db for error in shown]
    axes.plot(np.clip(weights, None, longest), places, "o", markersize=3.5, color="black", label="its weights alone")
    for place, value in enumerate(outputs):
        if np.isposinf(value):
            axes.text(longest, place, "  equal", va="center")
    if np.isposinf(outputs[-1]):
        axes.set_xlim(right=1.12 * longest)
    axes.set_yticks(places, [f"{error.pair.baseline.number} {error.pair.baseline.name}" for error in shown])
    axes.invert_yaxis()
    axes.margins(y=0.01)
    axes.set_xlabel(f"SQNR in dB over {found.record.error_images} test images; shorter is worse")
    left = f" (worst {BARS} of {len(found.errors)})" if len(shown) < len(found.errors) else ""
    axes.set_title(f"Error per layer of {name}, worst first{left}", fontsize=10)
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    return figure


def _bytes(name: str, found: VariantFindings) -> Figure:
    largest = sorted(found.layout, key=lambda part: -part.raw_bytes)
    shown = [part for part in found.layout if part in largest[:BARS]]
    figure = Figure(figsize=(7.5, 0.26 * len(shown) + 1.4), layout="constrained")
    axes = figure.subplots()
    places = np.arange(len(shown))
    axes.barh(places - 0.2, [part.raw_bytes / 1024 for part in shown], 0.4, color=FLOAT_COLOUR, label="raw")
    axes.barh(
        places + 0.2,
        [part.zipped_bytes / 1024 for part in shown],
        0.4,
        color=COMPRESSED_COLOUR,
        label="zipped, its share",
    )
    axes.set_yticks(places, [part.name for part in shown])
    axes.invert_yaxis()
    axes.margins(y=0.01)
    axes.set_xlabel("KiB")
    record = found.record
    axes.set_title(
        f"Bytes of {name}: {record.model_bytes / 1024:,.1f} KiB raw, {record.zipped_bytes / 1024:,.1f} KiB zipped",
        fontsize=10,
    )
    axes.legend(loc="best", frameon=False)
    return figure


def _shown(pixels: np.ndarray) -> np.ndarray:
    """Pixels of 16 bits as fractions of their own greatest value."""
    return pixels if pixels.dtype == np.uint8 else pixels / max(int(pixels.max()), 1)


def _bare(axes: Axes) -> None:
    axes.set_xticks([])
    axes.set_yticks([])
    for side in axes.spines.values():
        side.set_visible(False)
