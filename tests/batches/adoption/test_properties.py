"""What holds of any document: adopted once is adopted, and nothing unknown is lost."""

from datetime import UTC
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from batches.models import empty_file_info, empty_metadata
from batches.rules.adoption import (
    adopt_batch,
    adopt_person,
)
from tests.batches.adoption.older import MEXICO, SETTING, applied

moments = st.datetimes(timezones=st.just(UTC))
texts = st.sampled_from(
    ["", " ", "Ceci ", "Roberto", "ns", "S", "Segmentado", "MEDIA", "urgente", "aprobado", "80",
     "true", "2025-10-20", "2025-02-30", "2025-10-20 23:00", "2025-10-20T23:00:00-06:00", "x"]
) | st.text(max_size=8)  # fmt: skip
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts | moments
anything = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=4,
)
NAMES = ["assignee", "status", "folder", "comments", "mongo_uploaded", "version", "history",
         "metadata", "file_info", "training_metrics_info", "created_at", "updated_at"]  # fmt: skip
KNOWN = [*empty_metadata(), *empty_file_info(), "latest_upload"]
sections = st.dictionaries(st.sampled_from([*KNOWN, "nota"]), anything, max_size=6)
documents = st.fixed_dictionaries(
    {"id": texts | anything},
    optional=dict.fromkeys([*NAMES, "comentario_viejo"], anything | sections),
)


@given(documents)
def test_it_changes_nothing_in_what_it_has_adopted(document: dict[str, Any]) -> None:
    first = adopt_batch(document, SETTING)
    second = adopt_batch(applied(document, first), SETTING)
    assert second.values == {}
    assert second.problems == first.problems


@given(documents)
def test_it_never_loses_an_unknown_field(document: dict[str, Any]) -> None:
    result = applied(document, adopt_batch(document, SETTING))
    assert result.keys() >= document.keys()
    assert result.get("comentario_viejo") == document.get("comentario_viejo")
    for name in ("metadata", "file_info"):
        if isinstance(document.get(name), dict):
            assert result[name].keys() >= document[name].keys()
            assert result[name].get("nota") == document[name].get("nota")
    assert result.get("training_metrics_info") == document.get("training_metrics_info")


PERSON = ["name", "role", "email", "active", "created_at", "telefono"]


@given(st.dictionaries(st.sampled_from(PERSON), anything))
def test_it_adopts_a_person_once(document: dict[str, Any]) -> None:
    first = adopt_person(document, MEXICO)
    second = adopt_person(applied(document, first), MEXICO)
    assert (second.values, second.problems) == ({}, first.problems)
    assert applied(document, first).get("telefono") == document.get("telefono")
