"""Chains are called what the papers call them; their files have names that every system takes."""

from __future__ import annotations

import re

import pytest

from engine.chain.run_directory import model_file_name, new_run_id


@pytest.mark.parametrize("name", ["PRQ", "pruned + dynamic range", "int8", "Müller 80 %"])
def test_a_plain_name_is_kept(name: str) -> None:
    assert model_file_name(name) == f"{name}.tflite"


@pytest.mark.parametrize("name", ["PRN", "con", "../../etc", "a/b", "F16: half", "what?", "dots..."])
def test_a_name_that_a_system_refuses_is_changed(name: str) -> None:
    changed = model_file_name(name)
    assert re.fullmatch(r'[^<>:"/\\|?*]+-[0-9a-f]{4}\.tflite', changed)
    assert not changed.startswith(".")


def test_changed_names_stay_apart() -> None:
    assert model_file_name("a/b") != model_file_name("a:b")


def test_run_ids_differ_and_sort_by_time() -> None:
    ids = [new_run_id("Ultrasound PRQ!") for _ in range(20)]
    assert len(set(ids)) == 20
    assert all(re.fullmatch(r"\d{8}-\d{6}-ultrasound-prq-[0-9a-f]{4}", one) for one in ids)
