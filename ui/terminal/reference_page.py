"""The reference of all recipe keys, as Markdown, from the declarations that also check recipes and make the forms."""

from __future__ import annotations

from pydantic import BaseModel

from engine.contract.augmentation import AUGMENTATIONS, usual_order
from engine.contract.backbone_options import BACKBONE_OPTIONS
from engine.contract.backbone_settings import BackboneSettings
from engine.contract.dataset_options import DATASET_OPTIONS
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.image_settings import DwtSettings, ImageGrid
from engine.contract.repeat_settings import RepeatSettings
from engine.contract.search_settings import SearchSettings
from engine.contract.target_settings import TargetSettings
from engine.contract.training_settings import TrainingSettings
from engine.datasets.source import DATASETS
from engine.workbench.step import STEPS
from ui.guide.key_table import key_table

GRID = """
`size`, `jpeg_quality` and `dwt` may be lists. Each combination of their values is an image setting, and the recipe
trains one baseline per setting, with all chains from each; images are decoded once per size and quality. A setting
shares its stages with the recipe that names it alone, so each reuses what the other has finished.

```toml
[images]
size = [[224, 224], [150, 150], [100, 100], [64, 64]]   # [96, 64] alone is one size, 96 high and 64 wide
jpeg_quality = [0, 75]
dwt = ["off", { wavelet = "haar" }, { wavelet = "db2", level = 2 }]
```
"""

REPEATS = """
Each seed and each fold is a repetition: a baseline of its own, with all chains from it, and one summary over all. A
repetition shares its stages with the recipe that names its seed alone. `run --seeds 1,2,3` does the same without an
edit. How mean, deviation and interval are found stands in `resources/docs/measuring.md`.
"""

AUGMENTATION = """### `augment`

Each augmentation has one strength, and is drawn anew for every image of every epoch, from a stream of random numbers
that belongs to its key, the epoch and the batch: adding one changes nothing that the others draw. They are applied in
the order of the list; usual is that of this table. By default images are moved a little, by `small_shift`. Nothing else
is on by default, since each assumes something of the images: a flipped heart is another heart.

- Rotation, shift and zoom become one map where they follow each other, so pixels are interpolated once.
- Values stay within the range of their type. Images of 16 bits are changed at 16 bits, except by the policies.
  Strengths are relative to the image's own values, so images that use 12 of 16 bits are changed as much as others;
  `stain_jitter` counts from the largest value of the type.
- A recipe may have one policy: `autoaugment_cifar`, `randaugment` or `trivialaugment`.
- `mixup` and `cutmix` mix two images of a batch. The loss is that of both labels by their shares, which equals the
  cross-entropy with mixed labels as targets, also with label smoothing, class weights and distillation. The training
  accuracy counts the class with the larger share as the right one, so it is lower than without mixing; validation and
  test images are never changed. Where both are in the list, one of them is drawn for each batch.
"""

TABLES: tuple[tuple[str, type[BaseModel], str], ...] = (
    ("Seeds and folds, above all tables", RepeatSettings, REPEATS),
    ("[dataset]", DatasetSettings, ""),
    ("[images]", ImageGrid, GRID),
    ("[images.dwt]", DwtSettings, ""),
    ("[backbone]", BackboneSettings, ""),
    ("[training]", TrainingSettings, ""),
    ("[target]", TargetSettings, ""),
    ("[search]", SearchSettings, ""),
)
"""Title, declaration, and what is to be said below it."""

HEAD = """# The recipe

A recipe is one study as a TOML file. The wizard writes it, `python main.py run` runs it, `python main.py check` says
what it would do. A key that is not listed here is an error that names the nearest one that is. Every key but `schema`
has a default, so a recipe says only what differs. `resources/recipes/demo.toml` is a complete example.

```toml
schema = 1            # of this format
name = "my-study"
seed = 7              # of everything that is drawn at random
```

This page is printed by `python main.py reference`.
"""


def reference_page() -> str:
    """The page's text."""
    parts = [HEAD]
    for title, model, more in TABLES:
        parts.append(f"## `{title}`\n\n{key_table(model)}{more}")
        if model is DatasetSettings:
            parts.append(_sources())
            parts += [
                f'### Keys of `kind = "{key}"` alone\n\n{key_table(DATASET_OPTIONS[key])}' for key in DATASET_OPTIONS
            ]
        if model is TrainingSettings:
            parts.append(_augmentations())
        if model is BackboneSettings:
            parts += [
                f'### `options` of `kind = "{key}"`\n\n{key_table(BACKBONE_OPTIONS[key])}' for key in BACKBONE_OPTIONS
            ]
    parts.append(
        "## `[[chains]]`\n\nEach chain has a `name` and `steps`, applied in their order to the trained baseline. A "
        "chain whose last step leaves a trainable network is converted to a float32 `.tflite`.\n"
    )
    for key in STEPS:
        step = STEPS[key]
        parts.append(
            f"### `{key}`\n\n{step.summary} ({step.paper})\n\n"
            f"More: [{step.title}](steps/{key}.md).\n\n{key_table(step.Parameters, leave_out='step')}"
        )
    return "\n".join(parts)


def _sources() -> str:
    lines = ["| `kind` | `path` | more keys | what it reads |", "| --- | --- | --- | --- |"]
    for key in DATASETS:
        source = DATASETS[key]
        keys = ", ".join(f"`{more}`" for more in source.more_keys()) or "–"
        lines.append(f"| `{key}` | {source.path_need.in_full() or '–'} | {keys} | {source.summary} |")
    return "\n".join(lines) + "\n"


def _augmentations() -> str:
    lines = ["| `augment` | what it does | what it assumes | papers |", "| --- | --- | --- | --- |"]
    for key in usual_order(AUGMENTATIONS):
        kind = AUGMENTATIONS[key]
        lines.append(f"| `{key}` | {kind.summary} | {kind.assumes} | {kind.paper} |")
    return AUGMENTATION + "\n" + "\n".join(lines) + "\n"
