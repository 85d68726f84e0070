"""What comes along with a session: one command for a page that many ask, and never old news."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from bson import ObjectId
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.cache import cache
from django.test import Client

from crew.rules import Role
from segmentacion.http import etags
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


@pytest.fixture(autouse=True)
def no_half_minute_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept ends with each half minute: not in the middle of a test."""
    monkeypatch.setattr(etags, "_stretch", lambda: 0)


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


def test_hints_do_not_pile_up(monkeypatch: pytest.MonkeyPatch, groups: object) -> None:
    monkeypatch.setattr(ahead, "MAX_KNOWN", 3)
    for number in range(6):
        client = Client()
        client.force_login(User.objects.create_user(f"persona{number}"))
        for _ in range(3):
            client.get("/cuenta")
    assert 0 < len(ahead._known) <= 3
    assert 0 < len(ahead._kept) <= 3
    ahead.remember_owner("odd", "not an id")
    assert "odd" not in ahead._known


def test_the_account_is_read_once_for_many_requests_and_again_after_a_while(
    known: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    known.get(LIST)
    pipelines: list[list[object]] = []
    read = ahead._with

    def noting(collection: str, *pipeline: dict[str, object]) -> dict[str, object]:
        pipelines[-1].append(collection)
        return read(collection, *pipeline)

    monkeypatch.setattr(ahead, "_with", noting)

    def asked() -> list[object]:
        pipelines.append([])
        assert known.get(LIST).status_code == 200
        return pipelines[-1]

    assert ahead.ACCOUNTS not in asked()
    monkeypatch.setattr(ahead, "ACCOUNT_SECONDS", -1.0)
    ahead.forget_accounts()
    assert ahead.ACCOUNTS in asked()
    assert ahead.ACCOUNTS in asked()


@contextmanager
def another_process() -> Iterator[None]:
    """What happens here does not drop what this process keeps: it is done elsewhere."""
    kept = dict(ahead._kept)
    assert kept
    yield
    ahead._kept.update(kept)


def test_what_another_process_changes_of_an_account_counts_at_once(
    client: Client, groups: dict[Role, Group], viewer: User
) -> None:
    client.force_login(viewer)

    def may() -> int:
        client.get("/cuenta")
        return client.get(LIST).status_code

    assert may() == 200
    with another_process():
        viewer.groups.clear()
    assert client.get(LIST).status_code == 403
    assert may() == 403
    with another_process():
        viewer.groups.add(groups[Role.VIEWER])
    assert client.get(LIST).status_code == 200
    assert may() == 200
    with another_process():
        groups[Role.VIEWER].delete()
    assert client.get(LIST).status_code == 403
    assert may() == 403
    with another_process():
        User.objects.filter(pk=viewer.pk).first().delete()  # type: ignore[union-attr]
    assert client.get(LIST).status_code == 401


def close(account: User) -> None:
    account.is_active = False


def change_password(account: User) -> None:
    account.set_password("otra-clave-larga-1")


@pytest.mark.parametrize("change", [close, change_password])
def test_an_account_that_another_process_changes_is_out_at_once(
    client: Client, viewer: User, change: Callable[[User], None]
) -> None:
    client.force_login(viewer)
    client.get(LIST)
    assert client.get(LIST).status_code == 200
    with another_process():
        change(viewer)
        viewer.save()
    assert client.get(LIST).status_code == 401


def test_a_session_that_was_ended_or_changed_its_key_or_ran_out_is_nobodys(known: Client) -> None:
    sessions = main_collection(ahead.SESSIONS)
    key = known.session.session_key or ""
    mine = {"session_key": key}
    stored = sessions.find_one(mine)
    assert stored is not None
    for change in (
        {"$set": {"expire_date": datetime(2020, 1, 1, tzinfo=UTC)}},
        {"$set": {"expire_date": "mañana"}},
        {"$unset": {"expire_date": 1}},
        {"$set": {"session_key": "0" * 32}},
    ):
        assert known.get(LIST).status_code == 200
        sessions.update_one({"_id": stored["_id"]}, change)
        assert known.get(LIST).status_code == 401, change
        sessions.replace_one({"_id": stored["_id"]}, stored)
        known.cookies[settings.SESSION_COOKIE_NAME] = key  # the answer took it away
    known.get(LIST)
    sessions.delete_one(mine)
    assert known.get(LIST).status_code == 401


def test_a_session_put_back_under_another_id_is_found(known: Client) -> None:
    known.get(LIST)
    sessions = main_collection(ahead.SESSIONS)
    stored = sessions.find_one_and_delete({"session_key": known.session.session_key})
    assert stored is not None
    sessions.insert_one({**stored, "_id": ObjectId()})
    assert known.get(LIST).status_code == 200
