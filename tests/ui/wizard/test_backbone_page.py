"""Page 3: the network's figures as the user chooses, and what cannot be built or read."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QLineEdit, QSpinBox

from engine.backbones.backbone import BACKBONES, layer_graph
from engine.contract.backbone_settings import BackboneSettings
from engine.preferences.entries.weights_folder import WeightsFolder
from engine.preferences.preferences_file import change_preferences
from engine.weights.matching import weight_shapes
from tests.engine.weights import published_networks as published
from tests.engine.weights.torch_writing import save
from tests.ui.wizard.conftest import OpenWizard


@pytest.fixture
def backbone_page(open_wizard: OpenWizard) -> OpenWizard:
    """The third page, over the demo's images."""
    open_wizard.next(2)
    return open_wizard


def _figures(wizard: OpenWizard) -> tuple[str, str, str]:
    return tuple(wizard.child(QLabel, f"backbone.{name}").text() for name in ("parameters", "trainable", "macs"))  # type: ignore[return-value]


@pytest.mark.parametrize(("kind", "head"), [*((kind, "gap") for kind in BACKBONES), ("vgg16", "flatten")])
def test_the_figures_are_those_of_the_network(backbone_page: OpenWizard, kind: str, head: str) -> None:
    backbone_page.choose("backbone.kind", kind)
    backbone_page.choose("backbone.head", head)
    backbone_page.write("backbone.width", "0.125")
    graph = layer_graph(BackboneSettings(kind=kind, width=0.125, head=head), (64, 64, 1), 2)  # type: ignore[arg-type]
    assert _figures(backbone_page) == (
        f"{graph.parameters:,}",
        f"{graph.trainable_parameters():,}",
        f"{graph.macs / 1e6:,.1f} million",
    )


def test_a_backbone_with_options_shows_them_and_another_does_not(backbone_page: OpenWizard) -> None:
    backbone_page.write("backbone.width", "0.125")
    backbone_page.choose("backbone.kind", "wide_resnet")
    published = _figures(backbone_page)
    backbone_page.choose("backbone.options.depth", 16)
    backbone_page.child(QSpinBox, "backbone.options.widening").setValue(4)
    backbone = backbone_page.recipe.backbone
    assert backbone == BackboneSettings(kind="wide_resnet", width=0.125, options={"depth": 16, "widening": 4})  # type: ignore[arg-type]
    assert _figures(backbone_page)[0] == f"{layer_graph(backbone, (64, 64, 1), 2).parameters:,}"
    assert _figures(backbone_page) != published
    backbone_page.choose("backbone.kind", "vgg16")
    assert backbone_page.recipe.backbone.options is None, "the defaults of another backbone"
    backbone_page.choose("backbone.options.variant", "batch_norm")
    backbone_page.choose("backbone.kind", "resnet18")
    assert backbone_page.recipe.backbone == BackboneSettings(width=0.125)
    assert backbone_page.wizard.findChild(QSpinBox, "backbone.options.widening") is None


def test_a_frozen_base_trains_its_head_only(backbone_page: OpenWizard) -> None:
    backbone_page.child(QCheckBox, "backbone.freeze_base").click()
    graph = layer_graph(backbone_page.recipe.backbone, (64, 64, 1), 2)
    trainable = graph.trainable_parameters(freeze_base=True)
    assert 0 < trainable < graph.parameters / 100
    assert _figures(backbone_page)[1] == f"{trainable:,}"
    assert "frozen with random weights" in backbone_page.wait_for_message("backbone.message")
    assert backbone_page.can_go_on, "it is a warning"


@pytest.mark.parametrize("width", ["0", "-1", "wide", ""])
def test_a_width_that_is_none_keeps_the_page_shut(backbone_page: OpenWizard, width: str) -> None:
    before = backbone_page.recipe
    line = backbone_page.child(QLineEdit, "backbone.width")
    line.selectAll()
    line.del_()
    backbone_page.qtbot.keyClicks(line, width)
    line.textEdited.emit(width)
    assert backbone_page.wait_for_message("backbone.message").startswith("Width: ")
    assert not backbone_page.can_go_on
    assert backbone_page.recipe == before
    backbone_page.write("backbone.width", "0.25")
    assert backbone_page.can_go_on
    assert not backbone_page.child(QLabel, "backbone.message").isVisible()


def test_weights_that_are_not_there_are_refused(backbone_page: OpenWizard, tmp_path: Path) -> None:
    backbone_page.write("backbone.weights", str(tmp_path / "nothing.h5"))
    assert "There is no weights file at" in backbone_page.wait_for_message("backbone.message")
    assert not backbone_page.can_go_on


def test_training_reaches_the_recipe(backbone_page: OpenWizard) -> None:
    backbone_page.child(QSpinBox, "training.epochs").setValue(3)
    backbone_page.child(QSpinBox, "training.batch_size").setValue(8)
    backbone_page.choose("training.optimizer", "sgd")
    backbone_page.write("training.learning_rate", "5e-2")
    backbone_page.child(QCheckBox, "training.augment.hflip").click()
    training = backbone_page.recipe.training
    assert (training.epochs, training.batch_size, training.optimizer) == (3, 8, "sgd")
    assert (training.learning_rate, training.augment) == (0.05, ("hflip", "small_shift"))


def test_weights_that_fit_are_found_and_chosen(
    backbone_page: OpenWizard, settings: QSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In Keras' folder, in the one of the preferences, and nothing of another network."""
    fitting, other = tmp_path / "keras" / "models" / "fitting.h5", tmp_path / "mine" / "other.h5"
    for path, channels in ((fitting, 64), (other, 32)):
        path.parent.mkdir(parents=True)
        write_vgg16(path, channels)
    (tmp_path / "mine" / "torn.keras").write_bytes(b"PK")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    change_preferences({WeightsFolder: tmp_path / "mine"})
    backbone_page.choose("backbone.kind", "vgg16")
    backbone_page.write("backbone.width", "1")
    found = backbone_page.child(QComboBox, "backbone.found_weights")
    backbone_page.qtbot.waitUntil(lambda: found.isVisible() and found.count() == 2, timeout=20_000)
    assert found.itemText(1) == "fitting.h5"
    found.setCurrentIndex(1)
    found.activated.emit(1)
    assert backbone_page.recipe.backbone.weights == str(fitting)
    assert backbone_page.can_go_on


def test_a_file_of_pytorch_is_found_recognised_and_its_scale_offered(
    backbone_page: OpenWizard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the folder where torchvision keeps what it has downloaded."""
    path = tmp_path / "hub" / "checkpoints" / "mobilenet_v3_small-047dcff4.pth"
    path.parent.mkdir(parents=True)
    made = published.Pass(1e-3)
    published.mobilenet_v3(published.V3_SMALL)(made, np.zeros((1, 3, 32, 32)))
    save(path, made.weights)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    images = backbone_page.recipe.images.model_copy(update={"color": "rgb", "size": 48, "dwt": None})
    backbone_page.wizard._draft.change(images=images)
    backbone_page.choose("backbone.kind", "mobilenet_v3_small")
    backbone_page.write("backbone.width", "1")
    plain = _figures(backbone_page)
    found = backbone_page.child(QComboBox, "backbone.found_weights")
    backbone_page.qtbot.waitUntil(lambda: found.isVisible() and found.count() == 2, timeout=20_000)
    found.setCurrentIndex(1)
    found.activated.emit(1)
    assert backbone_page.recipe.backbone.weights == str(path)
    # Below 64 pixels the network itself keeps the resolution at first; that of the file never does.
    graph = layer_graph(backbone_page.recipe.backbone, (48, 48, 3), 2)
    macs = f"{graph.macs / 1e6:,.1f} million"
    assert macs != plain[2]
    backbone_page.qtbot.waitUntil(lambda: _figures(backbone_page)[2] == macs, timeout=20_000)
    said = backbone_page.wait_for_message("backbone.message")
    assert 'of torchvision, whose ImageNet weights were trained on images of the scale "imagenet_rgb"' in said
    assert backbone_page.can_go_on


def write_vgg16(path: Path, first_filters: int) -> None:
    """A weights file of VGG-16 for grey images, as Keras lays it out, with no numbers stored."""
    graph = layer_graph(BackboneSettings(kind="vgg16"), (64, 64, 1), 2)
    channels = {layer.name: layer.shape[-1] for layer in graph.layers}
    weighted = [layer for layer in graph.layers if layer.parameters and not layer.in_head]
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [layer.name for layer in weighted]
        for layer in weighted:
            group = file.create_group(layer.name)
            shapes = list(weight_shapes(layer, channels[layer.inputs[0]]))
            if layer is weighted[0]:
                shapes = [tuple(first_filters if side == 64 else side for side in shape) for shape in shapes]
            group.attrs["weight_names"] = [f"{layer.name}/{place}" for place in range(len(shapes))]
            for place, shape in enumerate(shapes):
                group.create_dataset(f"{layer.name}/{place}", shape, "f4")


def test_a_refused_value_stays_while_others_change(backbone_page: OpenWizard) -> None:
    backbone_page.write("backbone.width", "wide")
    backbone_page.choose("backbone.kind", "vgg16")
    backbone_page.child(QSpinBox, "training.batch_size").setValue(16)
    assert backbone_page.recipe.backbone.kind == "vgg16"
    assert backbone_page.child(QLineEdit, "backbone.width").text() == "wide"
    assert backbone_page.wait_for_message("backbone.message").startswith("Width: ")
    assert not backbone_page.can_go_on
    backbone_page.wizard.undo_action.trigger()
    assert backbone_page.child(QLineEdit, "backbone.width").text() == "0.25"
    assert backbone_page.can_go_on
    assert backbone_page.recipe.backbone.kind == "vgg16", "only the refused text is undone"
