"""What is wrong between a file and a recipe is named: the backbone, the width, or the file itself, each with its own
remedy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.backbones.backbone import BACKBONES, PUBLISHED_INPUT
from engine.backbones.recognition import Recognised, recognised, width_of_file
from engine.chain.preflight import preflight
from engine.contract.backbone_options import BackboneOptions
from engine.contract.backbone_settings import BackboneSettings
from engine.contract.findings import Finding, Severity
from engine.contract.image_settings import ImageSettings
from engine.contract.recipe import Recipe
from engine.contract.repairs import SetValue, repaired
from engine.graph.graph_builder import GraphBuilder
from engine.weights.matching import weight_shapes
from tests.engine.weights.torch_writing import save

PARTS = ("weight", "bias", "running_mean", "running_var")
Write = Callable[[str, float], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes the base of a residual network as torchvision names it."""

    def written(kind: str, width: float) -> Path:
        layout = next(one for one in BACKBONES[kind].layouts if one.library == "torchvision")
        builder = GraphBuilder(PUBLISHED_INPUT, width, layout=layout)
        BACKBONES[kind](BackboneOptions()).base(builder)
        graph = builder.graph()
        channels = {layer.name: layer.shape[-1] for layer in graph.layers}
        arrays = {}
        for layer in (one for one in graph.layers if one.parameters):
            shapes = weight_shapes(layer, channels[layer.inputs[0]])
            for part, shape in zip(PARTS, shapes, strict=False):
                keras = np.ones(shape, np.float32)
                arrays[f"{layer.name}.{part}"] = np.ascontiguousarray(
                    keras.transpose(3, 2, 0, 1) if keras.ndim == 4 else keras
                )
        path = tmp_path / f"{kind}_{width:g}.pth"
        save(path, arrays)
        return path

    return written


def recipe(path: Path, kind: str, width: float, color: str = "rgb") -> Recipe:
    return Recipe(
        images=ImageSettings.model_validate({"size": 64, "color": color}),
        backbone=BackboneSettings(kind=kind, width=width, weights=str(path)),
    )


def said(one: Recipe) -> Finding:
    (finding,) = [finding for finding in preflight(one) if finding.where == "backbone.weights"]
    return finding


def test_a_file_that_fits_a_larger_network_in_part_is_named_by_its_own(write: Write) -> None:
    """A ResNet-34 has every layer of a ResNet-18, and as many more."""
    path = write("resnet18", 0.125)
    fault = said(recipe(path, "resnet34", 0.125))
    assert fault.severity is Severity.ERROR
    assert fault.message == "resnet18_0.125.pth is not of resnet34: it has the layers of resnet18."
    assert isinstance(fault.repair, SetValue)
    mended = said(repaired(recipe(path, "resnet34", 0.125), fault.repair))
    assert mended.severity is Severity.NOTE
    assert "a resnet18 of torchvision; 40 of 40 layers" in mended.message
    assert (
        "is not of resnet18: it has the layers of resnet34"
        in said(recipe(write("resnet34", 0.125), "resnet18", 0.125)).message
    )


@pytest.mark.parametrize("ours", [0.25, 1.0])
@pytest.mark.parametrize("theirs", [0.125, 0.35, 0.05])
def test_another_width_is_named_and_offered(ours: float, theirs: float, write: Write) -> None:
    path = write("resnet18", theirs)
    one = recipe(path, "resnet18", ours)
    fault = said(one)
    assert fault.severity is Severity.ERROR
    assert fault.message == (
        f"resnet18_{theirs:g}.pth has the layers of resnet18 at the width {theirs:g}; the recipe's width is "
        f"{ours:g}, and weights cannot be scaled."
    )
    assert fault.repair == SetValue(place="backbone.width", value=theirs, sentence=f"Use the width {theirs:g}")
    assert said(repaired(one, fault.repair)).severity is Severity.NOTE


def test_another_backbone_of_another_width_takes_two_repairs(write: Write) -> None:
    path = write("resnet18", 0.125)
    one = recipe(path, "vgg16", 0.5)
    fault = said(one)
    assert fault.message == "resnet18_0.125.pth is not of vgg16: it has the layers of resnet18 at the width 0.125."
    assert recognised(path, 0.5) == Recognised("resnet18", 0.125)
    assert fault.repair is not None
    one = repaired(one, fault.repair)
    fault = said(one)
    assert fault.repair is not None
    assert said(repaired(one, fault.repair)).severity is Severity.NOTE


def test_grey_images_are_no_other_width(write: Write) -> None:
    one = recipe(write("resnet18", 0.125), "resnet18", 0.125, color="grayscale")
    finding = said(one)
    assert finding.severity is Severity.WARNING
    assert "another shape in the file: conv1;" in finding.message
    assert width_of_file(one.backbone) == 0.125


def test_a_file_that_is_none_is_not_a_matter_of_width(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    for content in (b"", b"hello", b"PK\x03\x04 torn", b"\x80\x02N."):
        path.write_bytes(content)
        fault = said(recipe(path, "resnet18", 0.25))
        assert fault.severity is Severity.ERROR
        assert "width" not in fault.message
        assert fault.repair is None


def test_a_network_of_nobody_is_not_a_matter_of_width(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    save(path, {"one.weight": np.zeros((2, 3, 3, 3), np.float32), "two.weight": np.zeros((2, 2), np.float32)})
    fault = said(recipe(path, "resnet18", 0.25))
    assert "its layers are one, two, the network's stem_conv" in fault.message
    assert "scaled" not in fault.message
    assert fault.repair is None
    assert recognised(path, 0.25) is None
