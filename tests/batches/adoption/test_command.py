"""`manage.py adopt_database` as the operator sees it."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.batches.adoption.older import (
    everything,
    text_of,
)
from tests.factories import batch_document, make_batches

pytestmark = pytest.mark.usefixtures("older_server")


def test_it_names_each_leftover_in_spanish(legacy: Any) -> None:
    shown = text_of("--yes", "--duplicates", "keep-first")
    assert "batches · batch_000004F · status «x»" in shown
    assert "batches · batch_000004F · assignee «Roberto»: no está en el equipo" in shown
    assert "Movidos a la papelera: 1" in shown


def test_it_names_fifty_leftovers_and_counts_the_rest() -> None:
    make_batches(batch_document(f"batch_{n}", status="x") for n in range(60))
    shown = text_of("--dry-run")
    assert shown.count("status «x»") == 50
    assert "… y 10 más" in shown


def test_it_refuses_to_change_anything_unasked_without_a_terminal(legacy: Any) -> None:
    before = everything()
    with pytest.raises(CommandError, match="--yes"):
        text_of()
    assert everything() == before


def test_it_prints_one_json_object_when_it_refuses(legacy: Any) -> None:
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("adopt_database", "--json", stdout=out)
    assert json.loads(out.getvalue())["success"] is False
