"""What did not change is not sent again."""

import pytest
from django.test import Client

from batches.rules.changes import Asker
from batches.services.changing import change_batch
from tests.factories import ACTOR, make_batch

pytestmark = pytest.mark.usefixtures("mongo")
FRAGMENT = {"HX-Request": "true"}


def change() -> None:
    asker = Asker("lider", may_edit=True)
    change_batch("batch_1", {"priority": "alta"}, asker=asker, actor=ACTOR)


@pytest.mark.parametrize(
    ("path", "headers"),
    [("/dashboard/version", {}), ("/dashboard?status=NS", FRAGMENT), ("/api/batches", {})],
)
def test_it_answers_304_until_something_changes(
    lead_client: Client, path: str, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("segmentacion.http.etags.time.time", lambda: 1_000.0)
    make_batch("batch_1")
    first = lead_client.get(path, headers=headers)
    again = {**headers, "If-None-Match": first["ETag"]}
    same = lead_client.get(path, headers=again)
    assert (same.status_code, same.content) == (304, b"")
    change()
    changed = lead_client.get(path, headers=again)
    assert changed.status_code == 200
    assert changed["ETag"] != first["ETag"]
    assert changed["Cache-Control"] == "private, no-cache"


def test_a_list_is_compared_anew_after_half_a_minute(
    lead_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1_000.0]
    monkeypatch.setattr("segmentacion.http.etags.time.time", lambda: now[0])
    etag = lead_client.get("/api/batches")["ETag"]
    now[0] += 31
    assert lead_client.get("/api/batches", headers={"If-None-Match": etag}).status_code == 200
    version = lead_client.get("/dashboard/version")["ETag"]
    now[0] += 31
    headers = {"If-None-Match": version}
    assert lead_client.get("/dashboard/version", headers=headers).status_code == 304


def test_another_query_and_another_person_have_another_etag(
    lead_client: Client, viewer_client: Client
) -> None:
    make_batch("batch_1")
    tags = {
        client.get(path, headers=FRAGMENT)["ETag"]
        for client in (lead_client, viewer_client)
        for path in ("/dashboard", "/dashboard?status=NS")
    }
    assert len(tags) == 4


def test_an_error_has_no_etag(lead_client: Client) -> None:
    answer = lead_client.get("/api/batches?color=rojo")
    assert (answer.status_code, answer.has_header("ETag")) == (400, False)


def test_the_version_is_for_who_may_read(stranger: Client) -> None:
    assert stranger.get("/dashboard/version").status_code in {302, 401, 403}
