"""What each delegate leaves to the CPU, of real files in every number type."""

from __future__ import annotations

import pytest

from engine.contract.runtime_figures import DelegateForecast
from engine.figures.runtime_words import delegates_sentences, delegates_text
from engine.measurement.delegate_rules import delegate_forecasts, delegate_rules
from engine.measurement.tflite_file import TfliteFile
from engine.measurement.tflite_graph import Operator, enum_names
from tests.engine.measurement.conftest import SampleFiles
from tests.ui.study_events import variant

KERNELS = {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"}


def forecasts(sample_files: SampleFiles, name: str) -> dict[str, DelegateForecast]:
    return delegate_forecasts(TfliteFile.read(sample_files.path(name)).operators)


def test_every_rule_has_a_source_and_names_operators_that_there_are() -> None:
    rules = delegate_rules()
    assert list(rules) == ["edge_tpu", "hexagon", "nnapi", "coreml", "gpu"]
    known = set(enum_names("BuiltinOperator").values())
    for rule in rules.values():
        assert rule.operators <= known
        assert "https://" in rule.source
        assert rule.operators >= KERNELS


@pytest.mark.parametrize(
    ("name", "takes_all_kernels"),
    [
        ("float32", {"nnapi", "coreml", "gpu"}),
        ("converter_float16", {"nnapi", "coreml", "gpu"}),
        ("converter_dynamic_range", {"nnapi"}),
        ("converter_int8", {"edge_tpu", "hexagon", "nnapi", "gpu"}),
        ("converter_int8_io", {"edge_tpu", "hexagon", "nnapi", "gpu"}),
        ("converter_int16x8", set()),
        ("quantizer_int4", set()),
    ],
)
def test_which_delegates_take_the_arithmetic(sample_files: SampleFiles, name: str, takes_all_kernels: set[str]) -> None:
    found = forecasts(sample_files, name)
    assert {key for key, one in found.items() if one.macs_on_cpu == 0} == takes_all_kernels
    for one in found.values():
        assert (one.how, one.on_cpu == 0) == ("by rule, not measured", not one.on_cpu_operators)


def test_float_ends_stay_on_the_cpu_and_do_not_cut_the_edge_tpus_part(sample_files: SampleFiles) -> None:
    ends = forecasts(sample_files, "converter_int8")["edge_tpu"]
    assert ends.on_cpu_operators == ("QUANTIZE", "DEQUANTIZE")
    assert (ends.on_cpu, ends.macs_on_cpu) == (2, 0.0)
    assert forecasts(sample_files, "converter_int8_io")["edge_tpu"].on_cpu == 0


def conv(width: int = 3, name: str = "CONV_2D") -> Operator:
    return Operator(name, False, 100, ("int8", "int8", "int32"), "int8", "int8", width)


def test_all_after_an_unknown_operator_is_cut_off_on_an_edge_tpu_alone() -> None:
    swish = Operator("HARD_SWISH", False, 0, ("int8",), "int8")
    found = delegate_forecasts([conv(), swish, conv(), conv()])
    assert (found["edge_tpu"].on_cpu, found["edge_tpu"].macs_on_cpu) == (3, pytest.approx(2 / 3))
    assert found["edge_tpu"].on_cpu_operators == ("HARD_SWISH", "CONV_2D")
    assert found["hexagon"].on_cpu == 0


def test_wide_depthwise_kernels_are_not_for_hexagon() -> None:
    found = delegate_forecasts([conv(3, "DEPTHWISE_CONV_2D"), conv(5, "DEPTHWISE_CONV_2D"), conv(5)])
    assert (found["hexagon"].on_cpu, found["hexagon"].on_cpu_operators) == (1, ("DEPTHWISE_CONV_2D",))
    assert found["nnapi"].on_cpu == 0


def test_it_is_said_to_be_by_rule(sample_files: SampleFiles) -> None:
    told = variant("int8", delegates=forecasts(sample_files, "converter_int8"))
    assert delegates_text(told) == "Edge TPU, Hexagon, NNAPI, GPU"
    first, *_, last = delegates_sentences(told).splitlines()
    operators = told.delegates["edge_tpu"].operators
    assert first == (
        f"Edge TPU: leaves 2 of {operators} operators to the CPU (QUANTIZE, DEQUANTIZE), with 0 % of the arithmetic, "
        "by rule, not measured."
    )
    assert last == f"GPU: takes all {operators} operators, by rule, not measured."
    assert (delegates_text(variant("int8")), delegates_sentences(variant("int8"))) == ("–", "")
