"""Which operators of a file the delegates of phones and accelerators leave to the CPU: by rule, not measured.

The rules stand in `resources/delegates.toml`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from datetime import date
from functools import lru_cache

from pydantic import BaseModel, ConfigDict

from engine.contract.runtime_figures import DelegateForecast
from engine.launch.resources import RESOURCES
from engine.measurement.tflite_graph import BORDER_OPERATORS, Operator

DELEGATES_FILE = RESOURCES / "delegates.toml"
FLOAT = "float32"
HYBRID = "int8"
DEPTHWISE = "DEPTHWISE_CONV_2D"


class DelegateRule(BaseModel):
    """What one delegate takes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    values: frozenset[str]
    weights: frozenset[str]
    widens: frozenset[str] = frozenset()
    hybrid: bool = False
    one_part: bool = False
    depthwise_widths: tuple[int, ...] = ()
    operators: frozenset[str]
    source: str
    note: str = ""
    date: date

    def takes(self, operator: Operator) -> bool:
        """Whether it computes an operator, wherever that stands."""
        if operator.name == "DEQUANTIZE" and operator.is_of_constants:
            return operator.input_dtypes[0] in self.widens
        if operator.name not in self.operators or operator.output_dtype not in self.values:
            return False
        values = operator.input_dtypes[0] if operator.input_dtypes else FLOAT
        return values in self.values and self._takes_kernel(operator, values)

    def _takes_kernel(self, operator: Operator, values: str) -> bool:
        if operator.name == DEPTHWISE and self.depthwise_widths and operator.kernel_width not in self.depthwise_widths:
            return False
        if not operator.kernel_dtype:
            return True
        if operator.kernel_dtype != operator.input_dtypes[1]:
            return operator.kernel_dtype in self.widens
        if values == FLOAT and operator.kernel_dtype == HYBRID:
            return self.hybrid
        return operator.kernel_dtype in self.weights


@lru_cache(maxsize=1)
def delegate_rules() -> dict[str, DelegateRule]:
    """Key → rule, in the order of the file."""
    read = tomllib.loads(DELEGATES_FILE.read_text(encoding="utf-8"))
    return {key: DelegateRule.model_validate(rule) for key, rule in read.items()}


def delegate_forecasts(operators: Sequence[Operator]) -> dict[str, DelegateForecast]:
    """Delegate's key → what it leaves to the CPU.

    Args:
        operators: of the file, in their order.
    """
    return {key: _forecast(rule, operators) for key, rule in delegate_rules().items()}


def _forecast(rule: DelegateRule, operators: Sequence[Operator]) -> DelegateForecast:
    left = [operator for operator, taken in zip(operators, _taken(rule, operators), strict=True) if not taken]
    macs = sum(operator.macs for operator in operators)
    return DelegateForecast(
        title=rule.title,
        operators=len(operators),
        on_cpu=len(left),
        on_cpu_operators=tuple(dict.fromkeys(operator.name for operator in left)),
        macs_on_cpu=sum(operator.macs for operator in left) / max(macs, 1),
        source=rule.source,
        date=rule.date,
    )


def _taken(rule: DelegateRule, operators: Sequence[Operator]) -> list[bool]:
    taken = [rule.takes(operator) for operator in operators]
    if not rule.one_part:
        return taken
    # What only changes number types at the file's beginning is not in the way.
    begun = next((place for place, one in enumerate(operators) if one.name not in BORDER_OPERATORS), len(operators))
    end = next((place for place in range(begun, len(operators)) if not taken[place]), len(operators))
    return [*taken[:end], *[False] * (len(operators) - end)]
