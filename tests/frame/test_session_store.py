"""Sessions and accounts as every request reads them, without the ORM: never stale."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from crew.rules import Role
from segmentacion.mongo import ahead
from segmentacion.mongo.clients import main_collection

SESSIONS = "django_session"


def status(client: Client) -> int:
    return client.get("/api/batches").status_code


def test_a_session_that_ended_opens_nothing(lead_client: Client) -> None:
    assert status(lead_client) == 200
    past = datetime.now(UTC) - timedelta(seconds=1)
    main_collection(SESSIONS).update_many({}, {"$set": {"expire_date": past}})
    assert status(lead_client) == 401


def test_a_session_that_is_gone_opens_nothing(lead_client: Client) -> None:
    main_collection(SESSIONS).delete_many({})
    assert status(lead_client) == 401


def test_a_session_that_was_altered_opens_nothing(lead_client: Client) -> None:
    main_collection(SESSIONS).update_many({}, {"$set": {"session_data": "otra:cosa:x"}})
    assert status(lead_client) == 401


def test_what_an_account_may_do_is_read_at_every_request(
    viewer: User, groups: dict[Role, Group]
) -> None:
    client = Client()
    client.force_login(viewer)
    assert status(client) == 200
    viewer.groups.clear()
    assert status(client) == 403
    viewer.groups.add(groups[Role.VIEWER])
    assert status(client) == 200
    viewer.is_active = False
    viewer.save()
    assert status(client) == 401


def test_what_is_changed_by_hand_in_the_database_counts_within_seconds(
    viewer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "ACCOUNT_SECONDS", 0.2)
    client = Client()
    client.force_login(viewer)
    assert {status(client) for _ in range(3)} == {200}
    main_collection(ahead.ACCOUNTS).update_one({"_id": viewer.pk}, {"$set": {"is_active": False}})
    time.sleep(0.3)
    assert status(client) == 401


def test_a_new_password_ends_the_sessions_of_before(viewer: User) -> None:
    client = Client()
    client.force_login(viewer)
    viewer.set_password("otra-clave-larga-1")
    viewer.save()
    assert status(client) == 401
