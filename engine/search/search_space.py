"""The settings that a search chooses among, and how a sampler is asked for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

from engine.chain.preflight import errors, guessed_classes, preflight
from engine.chain.step_order import is_refused
from engine.contract.errors import RecipeError
from engine.contract.recipe import Recipe
from engine.contract.search_settings import ANY_ORDER, SearchRange
from engine.contract.varied_recipe import CHAIN, chain_of, refuse_clashes, value_at, varied
from engine.workbench.step import STEPS, Form

if TYPE_CHECKING:
    import optuna

LONGEST_ORDERED = 6
"""Steps of a chain whose orders are all tried: 720."""


NOTHING_VARIES = "search.vary names no setting to vary"
ROUNDING = 1e-8
"""As Optuna's: 0.1 to 0.3 in steps of 0.1 has three values, though 0.2 / 0.1 is less than 2."""


@dataclass(frozen=True)
class SearchSpace:
    """What may vary in a recipe."""

    recipe: Recipe
    chosen: Mapping[str, tuple[Any, ...] | SearchRange | None]
    """As `places`; None: the orders of a chain's steps, which take a while to find."""

    @classmethod
    def of(cls, recipe: Recipe) -> SearchSpace:
        """
        Raises:
            RecipeError: the recipe has no search, or a place or a value that it does not know.
        """
        if recipe.search is None or not recipe.search.vary:
            raise RecipeError(f'{NOTHING_VARIES}; name one, such as "images.size" = [64, 96].')
        refuse_clashes(recipe, tuple(recipe.search.vary))
        chosen: dict[str, tuple[Any, ...] | SearchRange | None] = {}
        for place, values in recipe.search.vary.items():
            try:
                chosen[place] = None if isinstance(values, str) else _sorted(_distinct(recipe, place, values))
            except (KeyError, IndexError, TypeError):
                if place.startswith("chains.") and place.count(".") == 1:
                    raise RecipeError(
                        f'search.vary."{place}": a whole chain varies in the order of its steps only; '
                        f'write "{ANY_ORDER}".'
                    ) from None
                raise RecipeError(f'search.vary."{place}": there is no such place in the recipe.') from None
            if chosen[place] is None and next(_orders(recipe, place), None) is None:
                raise RecipeError(
                    f'search.vary."{place}": no order of these steps can run; see what check says of the chain.'
                )
        return cls(recipe, chosen)

    @cached_property
    def places(self) -> Mapping[str, tuple[Any, ...] | SearchRange]:
        """Place → its values, in their order where they are numbers; of a whole chain, the orders of its steps."""
        return {
            place: tuple(_orders(self.recipe, place)) if values is None else values
            for place, values in self.chosen.items()
        }

    @property
    def chains(self) -> tuple[str, ...]:
        """Among which each trial chooses; empty where there is one at most."""
        names = tuple(chain.name for chain in self.recipe.chains)
        return names if len(names) > 1 else ()

    @cached_property
    def points(self) -> int | None:
        """How many settings there are; None where a range has any number of values."""
        if any(isinstance(values, SearchRange) and not values.is_counted for values in self.places.values()):
            return None
        return sum(
            prod(_count(self.places[place]) for place in self._places_of(chain)) for chain in self.chains or ("",)
        )

    def refused_alone(self) -> Iterator[tuple[str, Any, str]]:
        """Place, value, and why the recipe cannot run with that value alone changed; others may make it possible."""
        for place, values in self.places.items():
            for value in _examples(values):
                found = errors(preflight(varied(self.recipe, {place: value})))
                if found:
                    yield place, value, found[0].message

    def asked(self, trial: optuna.Trial) -> dict[str, Any]:
        """The settings that a sampler suggests."""
        settings: dict[str, Any] = {}
        chain = ""
        if self.chains:
            chain = settings[CHAIN] = trial.suggest_categorical(CHAIN, self.chains)
        for place in self._places_of(chain):
            settings[place] = _asked(trial, place, self.places[place])
        return settings

    def all_parameters(self) -> Iterator[dict[str, Any]]:
        """What a sampler could suggest, one after the other; only where they are counted."""
        for chain in self.chains or ("",):
            places = self._places_of(chain)
            for parameters in product(*(_parameters(self.places[place]) for place in places)):
                yield ({CHAIN: chain} if chain else {}) | dict(zip(places, parameters, strict=True))

    def own_parameters(self) -> dict[str, Any] | None:
        """What the sampler would have suggested for the recipe as it is written; None where that is not among it."""
        settings = {place: value_at(self.recipe, place) for place in self._places_of(self._first_chain)}
        parameters: dict[str, Any] = {CHAIN: self._first_chain} if self.chains else {}
        for place, value in settings.items():
            values = self.places[place]
            if isinstance(values, SearchRange):
                if not isinstance(value, int | float) or not values.low <= value <= values.high:
                    return None
                parameters[place] = value
            elif value in values:
                parameters[place] = values.index(value)
            else:
                return None
        return parameters

    @property
    def _first_chain(self) -> str:
        return self.chains[0] if self.chains else ""

    def _places_of(self, chain: str) -> tuple[str, ...]:
        """Those that a trial of a chain chooses; of the only chain all."""
        own = {place: chain_of(self.recipe, place) for place in self.places}
        return tuple(place for place, of in own.items() if not of or not chain or of == chain)


def _asked(trial: optuna.Trial, place: str, values: tuple[Any, ...] | SearchRange) -> Any:
    if isinstance(values, SearchRange):
        if values.is_whole:
            low, high, step = int(values.low), int(values.high), int(values.step or 1)
            return trial.suggest_int(place, low, high, step=1 if values.log else step, log=values.log)
        drawn = trial.suggest_float(place, values.low, values.high, step=values.step, log=values.log)
        # A recipe that a person may read: 0.946, not 0.9458319210438029.
        return min(max(float(f"{drawn:.4g}"), values.low), values.high)
    if _is_ordered(values):
        # By its place among them, so that the sampler knows which values are neighbours.
        return values[trial.suggest_int(place, 0, len(values) - 1)]
    return values[trial.suggest_categorical(place, list(range(len(values))))]


def _distinct(recipe: Recipe, place: str, values: tuple[Any, ...] | SearchRange) -> tuple[Any, ...] | SearchRange:
    """The values without those that make the same recipe as an earlier one, such as [16, 16] pixels after 16."""
    made = [_plain(varied(recipe, {place: value})) for value in _examples(values)]
    if isinstance(values, SearchRange):
        return values
    return tuple(value for number, value in enumerate(values) if made[number] not in made[:number])


def _plain(recipe: Recipe) -> Recipe:
    """With the size of the images written one way."""
    if len(recipe.images.settings) > 1:
        return recipe
    images = recipe.images.first
    return recipe.model_copy(update={"images": images.model_copy(update={"size": images.height_width})})


def _sorted(values: tuple[Any, ...] | SearchRange) -> tuple[Any, ...] | SearchRange:
    return tuple(sorted(values)) if isinstance(values, tuple) and _is_ordered(values) else values


def _is_ordered(values: Sequence[Any]) -> bool:
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)


def _count(values: tuple[Any, ...] | SearchRange) -> int:
    if isinstance(values, SearchRange):
        return int((values.high - values.low) / (values.step or 1) + ROUNDING) + 1
    return len(values)


def _parameters(values: tuple[Any, ...] | SearchRange) -> Sequence[Any]:
    if not isinstance(values, SearchRange):
        return range(len(values))
    step = values.step or 1
    numbers = [min(values.low + place * step, values.high) for place in range(_count(values))]
    return [int(number) for number in numbers] if values.is_whole else numbers


def _examples(values: tuple[Any, ...] | SearchRange) -> tuple[Any, ...]:
    if not isinstance(values, SearchRange):
        return values
    return (int(values.low), int(values.high)) if values.is_whole else (values.low, values.high)


def _orders(recipe: Recipe, place: str) -> Iterator[tuple[int, ...]]:
    """Every order of a chain's steps that the pre-flight accepts."""
    name = chain_of(recipe, place)
    if place != f"chains.{name}":
        raise RecipeError(f'search.vary."{place}" = "{ANY_ORDER}" needs a whole chain, such as "chains.{name}".')
    number = next(number for number, chain in enumerate(recipe.chains) if chain.name == name)
    if len(recipe.chains[number].steps) > LONGEST_ORDERED:
        count = len(recipe.chains[number].steps)
        raise RecipeError(f'search.vary."{place}": a chain of {count} steps has too many orders; name some.')
    yield from _continued(recipe.branches()[0], number, (), guessed_classes(recipe))


def _continued(recipe: Recipe, number: int, begun: tuple[int, ...], classes: int) -> Iterator[tuple[int, ...]]:
    """Every order that begins so. What cannot begin a chain is not tried with all that could follow."""
    steps = recipe.chains[number].steps
    if len(begun) == len(steps):
        yield begun
        return
    left = [index for index in range(len(steps)) if index not in begun]
    for place, index in enumerate(left):
        ends_too_soon = STEPS[steps[index].step].gives is Form.TFLITE and len(left) > 1
        if ends_too_soon or steps[index] in [steps[earlier] for earlier in left[:place]]:
            continue
        order = (*begun, index)
        chains = list(recipe.chains)
        chains[number] = chains[number].model_copy(update={"steps": tuple(steps[one] for one in order)})
        if not is_refused(recipe.model_copy(update={"chains": tuple(chains)}), number, len(begun), classes):
            yield from _continued(recipe, number, order, classes)
