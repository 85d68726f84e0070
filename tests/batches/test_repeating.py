"""A request repeated with its key: one result, whatever happened to the first one."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from batches.models import Batch
from batches.services.bulk import Many
from crew.models import Segmenter
from crew.services import add_person, change_person
from segmentacion.mongo import requests, trash
from segmentacion.mongo.clients import main_collection
from tests.factories import ACTOR, batch_document, make_batch, make_batches, stored

pytestmark = pytest.mark.usefixtures("team")

KEY = "pedido-0001"
OPERATIONS = "operations"


def send(client: Client, method: str, path: str, payload: Any = None, key: str = KEY) -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    body = json.dumps(payload or {})
    return client.generic(method, path, body, "application/json", headers=headers)


def make_six(**fields: Any) -> list[str]:
    ids = [f"batch_{number}" for number in range(6)]
    make_batches([batch_document(batch_id, **fields) for batch_id in ids])
    return ids


def held() -> dict[str, str]:
    found = main_collection(Batch.COLLECTION).find({}, {"id": 1, "assignee": 1})
    return {document["id"]: document["assignee"] for document in found}


def events() -> list[int]:
    return [len(d["history"]) for d in main_collection(Batch.COLLECTION).find()]


ACTS: list[tuple[str, str, Any]] = [
    ("POST", "/api/batches/bulk", {"select": {"filter": {}}, "set": {"priority": "alta"}}),
    ("POST", "/api/distribute", {"select": {"filter": {}}, "weights": {"Flor": 1, "Ceci": 1}}),
    ("POST", "/api/transfer", {"from_person": "Ana", "to": ["Flor", "Ceci"]}),
    ("POST", "/api/batches/bulk/delete",
     {"select": {"filter": {}}, "word": "ELIMINAR", "count": 6}),
    ("DELETE", "/api/batches/batch_1", None),
    ("PATCH", "/api/batches/batch_1", {"priority": "alta", "version": 1}),
    ("POST", "/api/batches/batch_1/comments", {"text": "Hola"}),
    ("POST", "/api/views", {"name": "Mías", "query": "status=NS", "default": True}),
    ("POST", "/api/add-segmentador", {"name": "Roberto"}),
    ("DELETE", "/api/remove-segmentador", {"name": "Ana", "reassign_to": "Flor"}),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "payload"), ACTS)
def test_a_repeated_request_is_answered_the_same_and_does_nothing_twice(
    lead_client: Client, method: str, path: str, payload: Any
) -> None:
    add_person(name="Ana")
    make_six(assignee="Ana")
    first = send(lead_client, method, path, payload)
    assert first.status_code in {200, 201}, first.content
    before = list(main_collection(Batch.COLLECTION).find())
    again = send(lead_client, method, path, payload)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert list(main_collection(Batch.COLLECTION).find()) == before


class Killed(BaseException):
    """Stands for SIGKILL: nothing after it runs, nothing is answered."""


def cut(monkeypatch: pytest.MonkeyPatch, place: Any, name: str, *, after: int) -> None:
    """Let a function run some times, then cut the request off for good."""
    real: Callable[..., Any] = getattr(place, name)
    calls: list[int] = []

    def dying(*args: Any, **kwargs: Any) -> Any:
        calls.append(1)
        if len(calls) > after:
            raise Killed
        return real(*args, **kwargs)

    monkeypatch.setattr(place, name, dying)
    monkeypatch.setattr(requests.Hold, "release", lambda self: None)


def forget_hold() -> None:
    """Let the hold of the killed request run out."""
    past = {"$set": {"until": requests.EPOCH}}
    main_collection(requests.COLLECTION).update_many({}, past)


def test_a_distribution_cut_off_is_completed_by_its_own_plan(
    lead_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = make_six()
    asked = {"select": {"ids": [*ids, "batch_77"]}, "weights": {"Flor": 1, "Ceci": 1}}
    with monkeypatch.context() as patch:
        cut(patch, Many, "write", after=1)
        with pytest.raises(Killed):
            send(lead_client, "POST", "/api/distribute", asked)
    forget_hold()
    assert sorted(map(str, held().values())) == ["Ceci"] * 3 + ["None"] * 3
    # Load that would make a new plan give everything to Ceci.
    make_batches([batch_document(f"batch_9{n}", assignee="Flor") for n in range(9)])
    answer = send(lead_client, "POST", "/api/distribute", asked).json()
    assert (answer["matched"], answer["changed"], answer["operation"]) == (6, 6, KEY)
    assert answer["refused"] == [{"id": "batch_77", "error": "no existe"}]
    assert [held()[batch_id] for batch_id in ids].count("Flor") == 3
    assert [len(stored(batch_id)["history"]) for batch_id in ids] == [1] * 6
    assert [share["count"] for share in answer["shares"]] == [3, 3]


def test_what_somebody_changed_in_between_stays_and_is_named(
    lead_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_six()
    asked = {"select": {"filter": {}}, "weights": {"Flor": 1}}
    with monkeypatch.context() as patch:
        cut(patch, Many, "write", after=0)
        with pytest.raises(Killed):
            send(lead_client, "POST", "/api/distribute", asked)
    forget_hold()
    send(lead_client, "PATCH", "/api/batches/batch_3", {"assignee": "Ceci"}, key="otro-0001")
    answer = send(lead_client, "POST", "/api/distribute", asked).json()
    assert answer["changed"] == 5
    assert answer["refused"] == [{"id": "batch_3", "error": "cambió mientras tanto"}]
    assert stored("batch_3")["assignee"] == "Ceci"


def test_a_bulk_cut_off_goes_on_with_the_batches_it_was_about(
    lead_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_six()
    asked = {"select": {"filter": {"assignee": ""}}, "set": {"assignee": "Flor"}}
    with monkeypatch.context() as patch:
        cut(patch, Many, "write", after=0)
        with pytest.raises(Killed):
            send(lead_client, "POST", "/api/batches/bulk", asked)
    forget_hold()
    make_batch("batch_99")
    answer = send(lead_client, "POST", "/api/batches/bulk", asked).json()
    assert (answer["matched"], answer["changed"], answer["refused"]) == (6, 6, [])
    assert stored("batch_99")["assignee"] is None


@pytest.mark.parametrize("after", [0, 1])
def test_a_deletion_cut_off_is_completed(
    lead_client: Client, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    from batches.services import trash as service

    make_batch("batch_1")
    place = [(service.trash, "put"), (service.operations, "finish")][after]
    with monkeypatch.context() as patch:
        cut(patch, *place, after=0)
        with pytest.raises(Killed):
            send(lead_client, "DELETE", "/api/batches/batch_1")
    forget_hold()
    assert send(lead_client, "DELETE", "/api/batches/batch_1").status_code == 200
    assert [entry["key"] for entry in trash.of_kind("batch")] == ["batch_1"]
    assert main_collection(Batch.COLLECTION).count_documents({}) == 0


def test_identical_requests_at_once_have_one_result(lead: User, lead_client: Client) -> None:
    make_six()
    asked = {"select": {"filter": {}}, "weights": {"Flor": 1, "Ceci": 2}}

    def ask(_: int) -> bytes:
        client = Client()
        client.cookies = lead_client.cookies
        content: bytes = send(client, "POST", "/api/distribute", asked).content
        return content

    with ThreadPoolExecutor(5) as pool:
        answers = set(pool.map(ask, range(5)))
    assert len(answers) == 1
    assert json.loads(answers.pop())["changed"] == 6
    assert events() == [1] * 6
    assert main_collection(OPERATIONS).count_documents({"kind": "distribute"}) == 1


def test_a_key_is_not_for_another_request_nor_for_another_person(
    lead_client: Client, flor_client: Client
) -> None:
    make_six(assignee="Flor")
    path = "/api/batches/batch_1"
    assert send(lead_client, "PATCH", path, {"priority": "alta"}).status_code == 200
    for client, method, where, body in (
        (lead_client, "PATCH", path, {"priority": "baja"}),
        (lead_client, "PATCH", "/api/batches/batch_2", {"priority": "alta"}),
        (lead_client, "DELETE", path, {}),
        (flor_client, "PATCH", path, {"priority": "alta"}),
    ):
        answer = send(client, method, where, body)
        assert answer.status_code == 409
        assert "ya se usó" in answer.json()["error"]
    assert sum(events()) == 1


def test_an_operation_of_something_else_is_not_taken_up(lead_client: Client) -> None:
    make_six()
    bulk = {"select": {"filter": {}}, "set": {"priority": "alta"}}
    send(lead_client, "POST", "/api/batches/bulk", bulk)
    main_collection(requests.COLLECTION).delete_many({})  # a week later
    answer = send(lead_client, "DELETE", "/api/batches/batch_1")
    assert (answer.status_code, KEY in answer.json()["error"]) == (409, True)
    assert len(held()) == 6


@pytest.mark.parametrize("key", ["corta", "x" * 65, "con espacio", "con/diagonal", "acción-00"])
def test_a_malformed_key_is_400(lead_client: Client, key: str) -> None:
    make_batch("batch_1")
    bulk = {"select": {"filter": {}}, "set": {"priority": "alta"}, "operation": key}
    answers = [send(lead_client, "POST", "/api/batches/bulk", bulk, key="")]
    if key.isascii():
        answers.append(send(lead_client, "DELETE", "/api/batches/batch_1", key=key))
    for answer in answers:
        assert (answer.status_code, "8 a 64" in answer.json()["error"]) == (400, True)
    assert events() == [0]


def test_a_refused_request_leaves_its_key_free(lead_client: Client) -> None:
    make_batch("batch_1")
    path = "/api/batches/batch_1"
    assert send(lead_client, "PATCH", path, {"status": "S"}).status_code == 409
    assert send(lead_client, "PATCH", path, {"priority": "alta"}).status_code == 200


def test_a_deletion_at_an_older_version_is_409_with_the_batch_as_it_is(lead_client: Client) -> None:
    make_batch("batch_1", version=3)
    path = "/api/batches/batch_1"
    for stale in (
        send(lead_client, "DELETE", path, {"version": 2}, key=""),
        send(lead_client, "DELETE", f"{path}?version=2", key=""),
        lead_client.delete(path, headers={"If-Match": '"2"'}),
    ):
        assert (stale.status_code, stale.json()["batch"]["version"]) == (409, 3)
    assert send(lead_client, "DELETE", path, {"version": 3}, key="").status_code == 200


def test_nothing_matched_is_no_operation(lead_client: Client) -> None:
    none: dict[str, Any] = {"select": {"filter": {"status": "S"}}}
    for path, more in (
        ("/api/batches/bulk", {"set": {"priority": "alta"}}),
        ("/api/batches/bulk/delete", {"word": "ELIMINAR", "count": 0}),
        ("/api/distribute", {"weights": {"Flor": 1}}),
    ):
        assert send(lead_client, "POST", path, none | more, key="").json()["operation"] is None
    moved = {"from_person": "Flor", "to": ["Ceci"]}
    assert send(lead_client, "POST", "/api/transfer", moved, key="").json()["operation"] is None
    assert main_collection(OPERATIONS).count_documents({}) == 0


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"from_person": "Nadie", "to": ["Ceci"]}, "«Nadie»"),
        ({"from_person": "Flor", "to": ["Ceci", "Nadie"]}, "«Nadie»"),
        ({"from_person": "Flor", "to": ["Ana"]}, "«Ana»"),
    ],
)
def test_a_transfer_names_whom_it_cannot_be_with(
    lead_client: Client, asked: dict[str, Any], named: str
) -> None:
    add_person(name="Ana")
    change_person("Ana", actor=ACTOR, active=False)
    make_six(assignee="Flor")
    answer = send(lead_client, "POST", "/api/transfer", asked)
    assert (answer.status_code, named in answer.json()["error"]) == (400, True)
    assert set(held().values()) == {"Flor"}


def test_a_transfer_to_several_is_recorded_as_one(lead_client: Client) -> None:
    add_person(name="Ana")
    make_six(assignee="Flor")
    send(lead_client, "POST", "/api/transfer", {"from_person": "Flor", "to": ["Ceci", "Ana"]})
    record = main_collection(OPERATIONS).find_one({"_id": KEY})
    assert record is not None
    assert (record["kind"], record["summary"]) == ("transfer", "Flor → Ceci, Ana")


def test_a_view_saved_as_default_says_so(lead_client: Client) -> None:
    view = {"name": "Mías", "query": "status=NS", "default": True}
    assert send(lead_client, "POST", "/api/views", view).json()["view"]["default"] is True


def test_too_many_batches_at_once_are_refused(
    lead_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("batches.rules.selecting.MAX_BATCHES", 5)
    monkeypatch.setattr("batches.queries.selection.MAX_BATCHES", 5)
    ids = make_six()
    for select in ({"ids": ids}, {"filter": {}}, {"range": "0-5"}):
        bulk = {"select": select, "set": {"priority": "alta"}}
        answer = send(lead_client, "POST", "/api/batches/bulk", bulk)
        assert (answer.status_code, "demasiados" in answer.json()["error"]) == (400, True)
    assert events() == [0] * 6


def test_a_removal_cut_off_is_answered_by_its_repetition(
    lead_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_six(assignee="Ceci")
    asked = {"name": "Ceci", "reassign_to": "Flor"}
    with monkeypatch.context() as patch:
        cut(patch, trash, "put", after=0)
        with pytest.raises(Killed):
            send(lead_client, "DELETE", "/api/remove-segmentador", asked)
    forget_hold()
    answer = send(lead_client, "DELETE", "/api/remove-segmentador", asked)
    assert (answer.status_code, answer.json()["batches_moved"]) == (200, 6)
    assert set(held().values()) == {"Flor"}
    assert not main_collection(Segmenter.COLLECTION).find_one({"name": "Ceci"})
