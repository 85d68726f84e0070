"""What comes along with a session: one command for a page that many ask, and never old news."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.contrib.auth.models import Group, User
from django.core.cache import cache
from django.test import Client

from crew.rules import Role
from segmentacion.mongo import ahead, versions
from segmentacion.mongo.clients import main_collection
from segmentacion.telemetry import facts
from segmentacion.telemetry.tally import TALLY
from tests.factories import batch_document, make_batch

LIST = "/api/batches"


def ids(client: Client, query: str = "") -> list[str]:
    return [batch["id"] for batch in client.get(LIST + query).json()["batches"]]


@contextmanager
def commands() -> Iterator[dict[str, int]]:
    """Count what the databases are asked meanwhile, by name."""
    TALLY.take()
    counted: dict[str, int] = {}
    yield counted
    counted |= {name: counts.count for name, counts in TALLY.take().commands.items()}


@pytest.fixture
def known(lead_client: Client) -> Client:
    """A client whose session has been seen before, and nothing is kept of answers."""
    lead_client.get(LIST)
    cache.clear()
    return lead_client


def test_a_page_that_was_just_made_takes_one_command(known: Client) -> None:
    make_batch("Mx-1")
    assert ids(known) == ["Mx-1"]
    with commands() as asked:
        assert ids(known) == ["Mx-1"]
    assert asked == {"aggregate": 1}


def test_another_page_takes_one_command_more_once_it_was_counted(known: Client) -> None:
    for number in range(3):
        make_batch(f"Mx-{number}")
    assert ids(known, "?per_page=1&page=1") == ["Mx-0"]
    with commands() as asked:
        assert ids(known, "?per_page=1&page=2") == ["Mx-1"]
    assert asked == {"aggregate": 1, "find": 1}


def test_what_another_program_writes_is_there_in_the_next_answer(known: Client) -> None:
    assert ids(known) == []
    main_collection("batches").insert_one(batch_document("Mx-1"))
    assert ids(known) == ["Mx-1"]
    main_collection("batches").update_one({"id": "Mx-1"}, {"$set": {"folder": "otra"}})
    assert known.get(LIST).json()["batches"][0]["folder"] == "otra"
    main_collection("batches").delete_many({})
    assert (ids(known), known.get(LIST).json()["total"]) == ([], 0)


def test_what_is_kept_for_one_is_shown_to_another_only_if_they_may_read(
    known: Client, groups: dict[Role, Group], viewer: User
) -> None:
    make_batch("Mx-1")
    ids(known)
    other = Client()
    other.force_login(viewer)
    assert ids(other) == ["Mx-1"]
    viewer.groups.clear()
    assert other.get(LIST).status_code == 403
    assert Client().get(LIST).status_code == 401


def test_an_account_that_does_not_own_the_session_is_not_used(
    lead_client: Client, viewer: User
) -> None:
    lead_client.get(LIST)
    ahead.remember_owner(lead_client.session.session_key or "", viewer.pk)
    assert "lider" in lead_client.get("/cuenta").content.decode()


def test_a_request_that_changes_something_does_not_go_by_what_was() -> None:
    facts.begin(None, reading=False).ahead = ahead.Ahead(versions={"batches": 7})
    assert ahead.seen() is None
    facts.begin(None, reading=True).ahead = ahead.Ahead(versions={"batches": 7})
    assert versions.seen("batches") == 7
    facts.end()
    assert ahead.seen() is None


def test_what_a_person_changes_is_in_the_next_answer(known: Client) -> None:
    make_batch("Mx-1")
    assert ids(known, "?status=In") == []
    answer = known.patch("/api/batches/Mx-1", {"status": "In"}, content_type="application/json")
    assert answer.status_code == 200, answer.content
    assert ids(known, "?status=In") == ["Mx-1"]


def test_where_the_server_does_not_tell_its_writes_pages_are_made_for_each(
    known: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "_watched", {"no_such_collection"})
    make_batch("Mx-1")
    ids(known)
    with commands() as asked:
        assert ids(known) == ["Mx-1"]
    assert asked["find"] >= 1


def test_hints_of_owners_do_not_pile_up(monkeypatch: pytest.MonkeyPatch, viewer: User) -> None:
    monkeypatch.setattr(ahead, "MAX_OWNERS", 3)
    for number in range(10):
        ahead.remember_owner(f"k{number}", viewer.pk)
    assert len(ahead._owners) <= 3
    ahead.remember_owner("odd", "not an id")
    assert "odd" not in ahead._owners
