"""Page 2 with several sizes, qualities and transforms: what is compared, what it costs, and what is refused."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGroupBox, QLabel, QSpinBox, QTabBar, QTreeWidget

from engine.contract.image_settings import DwtSettings, ImageGrid, ImageSettings
from engine.contract.recipe_file import parse_recipe, recipe_text
from tests.ui.wizard.conftest import SCAN_MS, OpenWizard
from ui.wizard.images.suggested_settings import another_quality, another_size, another_transform


@pytest.fixture
def images_page(open_wizard: OpenWizard) -> OpenWizard:
    """The demo's images on the second page."""
    open_wizard.next()
    return open_wizard


def tabs(wizard: OpenWizard, axis: str) -> list[str]:
    """The names of the values that are compared; empty where it is one."""
    bar = wizard.child(QTabBar, f"images.{axis}.tabs")
    return [bar.tabText(place) for place in range(bar.count())] if bar.isVisible() else []


def set_side(wizard: OpenWizard, side: int) -> None:
    for name in ("images.height", "images.width"):
        wizard.child(QSpinBox, name).setValue(side)


def test_one_setting_is_what_a_new_user_sees(images_page: OpenWizard) -> None:
    assert [tabs(images_page, axis) for axis in ("size", "jpeg_quality", "dwt")] == [[], [], []]
    assert not images_page.child(QLabel, "images.cost").isVisible()
    assert isinstance(images_page.recipe.images, ImageSettings)


def test_sizes_qualities_and_transforms_are_added_and_edited(images_page: OpenWizard) -> None:
    for axis in ("size", "jpeg_quality", "dwt"):
        images_page.click(f"images.{axis}.add")
    assert tabs(images_page, "size") == ["128 px", "100 px"]
    assert tabs(images_page, "jpeg_quality") == ["no JPEG", "JPEG 75"]
    assert tabs(images_page, "dwt") == ["haar LL", "no DWT"]
    assert not images_page.child(QGroupBox, "images.dwt").isChecked()
    set_side(images_page, 48)
    images_page.child(QSpinBox, "images.jpeg_quality").setValue(40)
    assert images_page.recipe.images == ImageGrid(
        size=((128, 128), (48, 48)), jpeg_quality=(0, 40), dwt=(DwtSettings(), "off"), color="grayscale"
    )
    images_page.choose("images.color", "rgb")
    assert {setting.color for setting in images_page.recipe.images.settings} == {"rgb"}
    assert len(images_page.recipe.images.settings) == 8


def test_the_chosen_setting_is_shown_and_previewed(images_page: OpenWizard) -> None:
    images_page.click("images.size.add")
    shape = images_page.child(QLabel, "images.shape")
    images_page.qtbot.waitUntil(lambda: "50×50" in shape.text(), timeout=SCAN_MS)
    bar = images_page.child(QTabBar, "images.size.tabs")
    images_page.qtbot.mouseClick(bar, Qt.MouseButton.LeftButton, pos=bar.tabRect(0).center())
    assert images_page.child(QSpinBox, "images.height").value() == 128
    images_page.qtbot.waitUntil(lambda: "64×64" in shape.text(), timeout=SCAN_MS)


def test_leaving_one_out_and_undoing_it(images_page: OpenWizard) -> None:
    before = images_page.recipe.images
    images_page.click("images.size.add")
    images_page.click("images.size.remove")
    assert images_page.recipe.images == before
    images_page.qtbot.keyClick(images_page.wizard, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert tabs(images_page, "size") == ["128 px", "100 px"]
    assert len(images_page.recipe.images.settings) == 2


def test_the_same_size_twice_is_refused_until_it_is_another(images_page: OpenWizard) -> None:
    images_page.click("images.size.add")
    set_side(images_page, 128)
    assert "contains a value twice" in images_page.wait_for_message("images.message")
    assert not images_page.can_go_on
    set_side(images_page, 64)
    images_page.qtbot.waitUntil(lambda: images_page.can_go_on, timeout=SCAN_MS)
    assert images_page.recipe.images.sizes == (128, 64)


def test_the_page_says_how_many_baselines_and_how_long(images_page: OpenWizard) -> None:
    for _ in range(2):
        images_page.click("images.size.add")
    cost = images_page.child(QLabel, "images.cost")
    assert cost.isVisible()
    assert "3 image settings: 3 baselines are trained, which takes about" in cost.text()


def test_a_recipe_with_lists_is_opened_and_reviewed(open_wizard: OpenWizard) -> None:
    text = recipe_text(open_wizard.recipe.model_copy(update={"images": ImageGrid(size=((64, 64), (48, 32)))}))
    open_wizard.wizard.set_recipe(parse_recipe(text))
    open_wizard.next()
    assert tabs(open_wizard, "size") == ["64 px", "48×32 px"]
    open_wizard.next(pages=3)
    assert parse_recipe(recipe_text(open_wizard.recipe)) == parse_recipe(text)
    plan = open_wizard.child(QTreeWidget, "review.plan")
    titles = [plan.topLevelItem(row).text(0) for row in range(plan.topLevelItemCount())]
    assert titles == ["64 px: baseline resnet18 ×0.25", "48×32 px: baseline resnet18 ×0.25"]
    assert open_wizard.can_go_on


def test_what_is_proposed_is_not_there_yet() -> None:
    sizes: list[int | tuple[int, int]] = [224]
    for _ in range(12):
        sizes.append(another_size(sizes))
    assert sizes[:4] == [224, 150, 100, 64]
    assert len(set(sizes)) == 13
    assert another_size([(96, 64)]) == 48
    assert (another_quality([0]), another_quality([75, 0])) == (75, 50)
    assert another_transform([DwtSettings()]) is None
    assert another_transform([None, DwtSettings()]) == DwtSettings(wavelet="db2")
