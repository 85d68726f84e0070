"""Selecting batches and distributing them: the rules alone."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batches.rules.distributing import DistributionError, plan_distribution
from batches.rules.filters import BatchFilter
from batches.rules.selecting import (
    MAX_BATCHES,
    Selection,
    in_series,
    parse_list,
    parse_range,
    parse_selection,
)
from crew.filters import FilterError


def test_ids_are_read_tolerantly_once_each_and_the_rest_is_named() -> None:
    asked = ["000129f", "batch_000129F", "Batch-T000044", "lote 9", 7]
    assert parse_selection({"ids": asked}) == Selection(
        ids=("batch_000129F", "batch_T000044"), unknown=("lote 9", "7")
    )


def test_a_pasted_list_takes_any_separator() -> None:
    pasted = parse_list("000129F, batch_T000044;\n\t 400|nada")
    assert pasted.ids == ("batch_000129F", "batch_T000044", "batch_400")
    assert pasted.unknown == ("nada",)


def test_a_filter_is_read_as_on_the_page() -> None:
    asked = {"filter": {"status": ["NS", "In"], "assignee": "", "uploaded": True}}
    assert parse_selection(asked).filter == BatchFilter(
        status=("NS", "In"), assignee=("",), uploaded=True
    )


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("000100F-000200F", ("batch_000100F", "batch_000200F")),
        ("000200F – 000100F", ("batch_000100F", "batch_000200F")),
        ("batch_T000001 a batch_T000009", ("batch_T000001", "batch_T000009")),
        ("000100F..000200F", ("batch_000100F", "batch_000200F")),
    ],
)
def test_a_range_has_two_ends_in_order(text: str, ends: tuple[str, str]) -> None:
    assert parse_range(text) == ends


def test_a_range_stays_in_its_series() -> None:
    assert in_series("batch_000150F", "batch_000100F")
    assert not in_series("batch_000150", "batch_000100F")
    assert not in_series("batch_T000150", "batch_000100F")


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (None, "select: di «ids», «filter» o «range», uno solo"),
        ({}, "select: di «ids»"),
        ({"ids": [], "range": "1-2"}, "uno solo"),
        ({"todo": True}, "select: no se entiende «todo»"),
        ({"range": 5}, "select: no se entiende «range»"),
        ({"ids": "000129F"}, "ids: debe ser una lista"),
        (
            {"ids": ["1"] * (MAX_BATCHES + 1)},
            "ids: son demasiados batches (máximo 50,000 a la vez)",
        ),
        ({"range": "hola"}, "range: «hola» no es un rango como 000100F-000200F"),
        ({"range": "000100F-T000200"}, "range: los dos extremos deben ser de la misma serie"),
        ({"range": "100-000200"}, "de la misma serie"),
        ({"filter": {"status": "X"}}, "status: «X» no existe"),
        ({"filter": {"color": "rojo"}}, "color"),
    ],
)
def test_what_is_no_selection_is_said(asked: Any, reason: str) -> None:
    with pytest.raises(FilterError) as refused:
        parse_selection(asked)
    assert reason in str(refused.value)


@pytest.mark.parametrize(
    ("weights", "reason"),
    [
        ({}, "Elige al menos a una persona."),
        ({"Flor": 0}, "El peso de Flor debe ser mayor que 0 y hasta 100."),
        ({"Flor": 1, "Ceci": 101}, "El peso de Ceci debe"),
        ({"Flor": float("nan")}, "El peso de Flor debe"),
    ],
)
def test_a_distribution_without_sense_is_refused(weights: dict[str, float], reason: str) -> None:
    with pytest.raises(DistributionError) as refused:
        plan_distribution(["batch_1"], loads={}, weights=weights)
    assert reason in str(refused.value)


people = st.sampled_from(["Ana", "Ceci", "Flor", "ignacio", "Maggie"])


@given(
    st.integers(0, 120),
    st.dictionaries(people, st.integers(0, 40)),
    st.dictionaries(people, st.floats(0.25, 8), min_size=1),
)
def test_each_batch_goes_once_to_who_has_room(
    count: int, loads: dict[str, int], weights: dict[str, float]
) -> None:
    ids = [f"batch_{number}" for number in range(count)]
    shares = plan_distribution(ids, loads=loads, weights=weights)
    assert shares == plan_distribution(ids, loads=loads, weights=dict(reversed(weights.items())))
    assert Counter(i for share in shares for i in share.ids) == Counter(ids)
    assert [share.person for share in shares] == sorted(weights, key=str.casefold)
    for giver in shares:
        assert giver.after == giver.before + len(giver.ids)
        for other in shares:  # nobody got a batch that another had more room for
            if giver.ids:
                level = giver.after / weights[giver.person]
                assert level <= (other.after + 1) / weights[other.person] + 1e-9


@given(st.integers(0, 200), st.integers(1, 5))
def test_equals_get_the_same_within_one(count: int, size: int) -> None:
    weights = dict.fromkeys(["Ana", "Ceci", "Flor", "Maggie", "Nacho"][:size], 1.0)
    shares = plan_distribution([f"batch_{n}" for n in range(count)], loads={}, weights=weights)
    given_out = [len(share.ids) for share in shares]
    assert max(given_out) - min(given_out) <= 1
