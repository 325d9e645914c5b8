"""What fixes a finding: an edit of the recipe as typed data, with the text of its button.

A place is a path of keys, as a finding names it: "chains[0].steps[1]", "backbone.freeze_base".
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from engine.contract.carried_places import ChainOrigin, carried_search
from engine.contract.document import Document
from engine.contract.recipe import Recipe
from engine.contract.recipe_file import build_recipe, recipe_document

KEY = re.compile(r"[^.\[\]]+")


class _Edit(BaseModel):
    """Base of all repairs."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    place: str
    sentence: str
    """What it does, as the imperative on a button: "Put pruning 80 % before 32 clusters"."""

    def edit(self, document: Document) -> None:
        """Change a recipe's document in place."""
        raise NotImplementedError


class SetValue(_Edit):
    """Another value for a key."""

    repair: Literal["set_value"] = "set_value"
    value: object

    def edit(self, document: Document) -> None:
        table, key = _at(document, self.place)
        table[key] = self.value


class RemoveEntry(_Edit):
    """Remove a chain or a step, or a key, which then has its default."""

    repair: Literal["remove_entry"] = "remove_entry"

    def edit(self, document: Document) -> None:
        entries, index = _at(document, self.place)
        del entries[index]


class MoveStep(_Edit):
    """A step elsewhere in its chain."""

    repair: Literal["move_step"] = "move_step"
    to: int
    """The index that it has then."""

    def edit(self, document: Document) -> None:
        steps, index = _at(document, self.place)
        steps.insert(self.to, steps.pop(index))


class InsertStep(_Edit):
    """A new step right before the one at `place`, or right after it."""

    repair: Literal["insert_step"] = "insert_step"
    step: Document
    """Its parameters, as the recipe has them."""
    after: bool = False

    def edit(self, document: Document) -> None:
        steps, index = _at(document, self.place)
        steps.insert(int(index) + self.after, self.step)


class GiveOwnChain(_Edit):
    """A step leaves its chain and ends a new one, right after it, that begins with some of the same steps."""

    repair: Literal["give_own_chain"] = "give_own_chain"
    after: tuple[int, ...]
    """Indices of the steps that come before it in the new chain too."""
    name: str
    """Of the new chain; a number follows where there is one of that name."""

    def edit(self, document: Document) -> None:
        steps, index = _at(document, self.place)
        chains = document["chains"]
        taken = {chain["name"].lower() for chain in chains}
        candidates = [self.name, *(f"{self.name} {number}" for number in range(2, len(taken) + 3))]
        name = next(name for name in candidates if name.lower() not in taken)
        own = {"name": name, "steps": [*(steps[place] for place in self.after), steps.pop(index)]}
        position = next(place for place, chain in enumerate(chains) if chain["steps"] is steps)
        chains.insert(position + 1, own)


Repair = Annotated[
    SetValue | RemoveEntry | MoveStep | InsertStep | GiveOwnChain,
    Field(discriminator="repair"),
]


def repaired(recipe: Recipe, repair: Repair) -> Recipe:
    """The recipe with the repair made.

    Raises:
        RecipeError: the repair does not fit the recipe, because it was found on another one.
    """
    document = recipe_document(recipe)
    # An edit moves the chains and steps themselves, so that each is known again.
    chains = tuple((chain, tuple(chain["steps"])) for chain in document["chains"])
    repair.edit(document)
    found = build_recipe(document)
    named = {id(chain): chain["name"] for chain, _ in chains}
    placed = {id(step): (chain["name"], index) for chain, steps in chains for index, step in enumerate(steps)}
    origins = tuple(
        ChainOrigin(chain["name"], named.get(id(chain)), tuple(placed.get(id(step)) for step in chain["steps"]))
        for chain in document["chains"]
    )
    return found.model_copy(update={"search": carried_search(recipe, origins)})


def _at(document: Document, place: str) -> tuple[Any, int | str]:
    """The table or list that has the place, and its key or index there."""
    *path, last = (int(key) if key.isdecimal() else key for key in KEY.findall(place))
    holder: Any = document
    for key in path:
        holder = holder[key]
    return holder, last
