"""Sessions and accounts as every request reads them, without the ORM: never stale."""

from datetime import UTC, datetime, timedelta

from django.contrib.auth.models import Group, User
from django.test import Client

from crew.rules import Role
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
    User.objects.filter(pk=viewer.pk).update(is_active=False)
    assert status(client) == 401


def test_a_new_password_ends_the_sessions_of_before(viewer: User) -> None:
    client = Client()
    client.force_login(viewer)
    viewer.set_password("otra-clave-larga-1")
    viewer.save()
    assert status(client) == 401
