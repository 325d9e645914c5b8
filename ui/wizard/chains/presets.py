"""What the papers ran, ready to put into a recipe; read from `resources/presets.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import lru_cache

from pydantic import Field

from engine.chain.stage_tree import plan
from engine.contract.carried_places import carried_search
from engine.contract.document import Document
from engine.contract.recipe import ChainSettings, Recipe
from engine.contract.recipe_file import build_recipe, recipe_document
from engine.contract.section import Section
from engine.launch.resources import RESOURCES

PRESETS_FILE = RESOURCES / "presets.toml"


class Preset(Section):
    """Some chains, and for an image grid the image settings, of one paper."""

    title: str
    paper: str
    does: str
    costs: str
    expect: str
    """What the paper found."""
    chains: tuple[ChainSettings, ...]
    images: Document = Field(default_factory=dict)
    """Keys of `[images]` that it sets."""

    @property
    def epochs(self) -> int:
        """Trained beside the baseline; what chains share is trained once."""
        return sum(stage.epochs for stage in plan(Recipe(chains=self.chains), PRESETS_FILE.name).stages[1:])

    def put_into(self, recipe: Recipe, replace: bool) -> Recipe:
        """The recipe with the preset's image settings, and its chains after the others or in their place.

        A chain whose steps the recipe has already is not added again; one whose name is taken gets a number.

        Raises:
            RecipeError: image settings of the recipe and of the preset do not go together.
        """
        if replace:
            recipe = recipe.model_copy(update={"chains": (), "search": carried_search(recipe, ())})
        document = recipe_document(recipe)
        document["images"] |= self.images
        chains = list(recipe.chains)
        for chain in self.chains:
            if _same_steps(chain, chains) is None:
                chains.append(chain.model_copy(update={"name": free_name(chain.name, chains)}))
        document["chains"] = chains
        return build_recipe(document)

    def there_already(self, recipe: Recipe) -> dict[str, str]:
        """Names of its chains whose steps the recipe has → what they are called there."""
        found = {chain.name: _same_steps(chain, recipe.chains) for chain in self.chains}
        return {name: same.name for name, same in found.items() if same is not None}


def _same_steps(chain: ChainSettings, others: Sequence[ChainSettings]) -> ChainSettings | None:
    return next((other for other in others if other.steps == chain.steps), None)


def free_name(wanted: str, chains: Sequence[ChainSettings]) -> str:
    """The name, followed by a number where a chain has it."""
    taken = {chain.name.lower() for chain in chains}
    candidates = [
        wanted,
        *(f"{wanted} {number}" for number in range(2, len(taken) + 3)),
    ]
    return next(name for name in candidates if name.lower() not in taken)


@lru_cache(maxsize=1)
def presets() -> tuple[Preset, ...]:
    """All presets, in the order of the file."""
    document = tomllib.loads(PRESETS_FILE.read_text(encoding="utf-8"))
    return tuple(Preset.model_validate(preset) for preset in document["presets"])
