"""The log of accesses: what it tells, to whom, and that nothing of it happens unseen."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bson import ObjectId
from django.contrib.auth.models import Group, User
from django.test import Client, RequestFactory

from crew import audit
from crew.events import LABELS, Event, parse_events
from crew.filters import FilterError
from crew.models import AUDIT
from crew.rules import Role
from segmentacion.actors import Actor, Channel
from segmentacion.http.addresses import address_of, household, shortened
from segmentacion.mongo.clients import main_collection, main_database
from tests.factories import ACTOR, PASSWORD, make_batch

pytestmark = pytest.mark.usefixtures("mongo")
PAGE = "/historial/accesos"
HTMX = {"HX-Request": "true"}


def told() -> list[dict[str, Any]]:
    return list(main_collection(AUDIT).find().sort([("at", 1), ("_id", 1)]))


def only() -> dict[str, Any]:
    (event,) = told()
    return event


def log_in(client: Client, username: str = "lider", password: str = PASSWORD) -> Any:
    form = {"username": username, "password": password}
    return client.post("/login", form, REMOTE_ADDR="203.0.113.7")


def test_logging_in_and_out_is_told(lead: User, stranger: Client) -> None:
    log_in(stranger)
    stranger.post("/logout")
    assert [(e["kind"], e["who"]) for e in told()] == [("login", "lider"), ("logout", "lider")]


def test_leaving_through_the_admin_is_told_too(lead: User, lead_client: Client) -> None:
    lead_client.post("/admin/logout/")
    assert (only()["kind"], only()["who"]) == ("logout", "lider")


def test_the_admin_changes_no_own_password_unseen(lead_client: Client) -> None:
    assert lead_client.post("/admin/password_change/", {})["Location"] == "/cuenta"


def test_an_address_is_kept_cut_short(lead: User, stranger: Client) -> None:
    log_in(stranger)
    assert only()["place"] == "203.0.113.0/24"
    assert "203.0.113.7" not in str(told())


def test_a_wrong_password_and_the_pause_are_told(lead: User, stranger: Client) -> None:
    for _ in range(7):
        log_in(stranger, password="equivocada")
    kinds = [event["kind"] for event in told()]
    assert kinds == ["login_failed"] * 4 + ["login_paused"]
    assert told()[-1]["who"] == told()[-1]["about"] == "lider"
    assert told()[-1]["detail"] == "espera de 30 segundos"


def test_what_is_typed_as_a_name_is_not_kept(lead: User, stranger: Client) -> None:
    log_in(stranger, username="mi-contraseña-secreta")
    assert only()["about"] == "una cuenta que no existe"
    assert "secreta" not in str(told())


def test_exports_and_backups_are_told_before_their_first_byte(lead_client: Client) -> None:
    make_batch("batch_000129F", assignee="Flor")
    answer = lead_client.get("/api/export/batches")
    assert only()["about"] in answer["Content-Disposition"]
    answer = lead_client.get("/api/backup/database")
    assert told()[-1]["kind"] == "backup_downloaded"
    assert told()[-1]["about"] in answer["Content-Disposition"]


def test_an_export_that_is_refused_is_not_told(viewer_client: Client) -> None:
    viewer_client.get("/api/export/segmentador/Nadie")
    viewer_client.get("/api/backup/database")
    assert told() == []


def test_entries_remove_themselves(settings: Any) -> None:
    settings.AUDIT_DAYS = 30
    audit.write(Event.LOGIN, actor=ACTOR)
    assert only()["expires_at"] - only()["at"] == timedelta(days=30)
    indexes = main_collection(AUDIT).index_information().values()
    assert any(index.get("expireAfterSeconds") == 0 for index in indexes)


def test_what_cannot_be_told_is_not_done(lead: User, stranger: Client) -> None:
    """A database that refuses the log (here by a rule on the collection) refuses the login."""
    rule = {"$jsonSchema": {"required": ["never"]}}
    main_database().command("collMod", AUDIT, validator=rule)
    try:
        stranger.raise_request_exception = False
        assert log_in(stranger).status_code == 500
        assert "_auth_user_id" not in stranger.session
    finally:
        main_database().command("collMod", AUDIT, validator={})


def user_form(user: User, **changes: Any) -> dict[str, Any]:
    """Return the form of an account in the admin, as it is but for these changes."""
    form: dict[str, Any] = {
        "username": user.username, "email": user.email, "first_name": "", "last_name": "",
        "is_active": "on", "groups": [str(group.pk) for group in user.groups.all()],
        "date_joined_0": "2025-01-01", "date_joined_1": "10:00:00",
        "last_login_0": "", "last_login_1": "",
    }  # fmt: skip
    form |= changes
    return {name: value for name, value in form.items() if value is not None}


def save(client: Client, user: User, **changes: Any) -> None:
    answer = client.post(f"/admin/auth/user/{user.pk}/change/", user_form(user, **changes))
    assert answer.status_code == 302, answer.content.decode()[:3000]


def test_another_role_is_told_old_and_new(
    lead_client: Client, viewer: User, groups: dict[Role, Group]
) -> None:
    save(lead_client, viewer, groups=[str(groups[Role.LEAD].pk)])
    event = only()
    assert (event["kind"], event["about"], event["channel"]) == (
        "account_changed", "lectora", "admin")  # fmt: skip
    assert "Lectura → Líder" in event["detail"]


def test_closing_an_account_and_making_it_a_superuser_is_told(
    lead_client: Client, viewer: User
) -> None:
    save(lead_client, viewer, is_active=None, is_superuser="on")
    detail = only()["detail"]
    assert "sí → no" in detail
    assert "no → sí" in detail


def test_an_address_of_mail_is_told_without_itself(lead_client: Client, viewer: User) -> None:
    save(lead_client, viewer, email="otra@example.com")
    assert only()["detail"]
    assert "example.com" not in str(told())


def test_saving_without_a_change_is_not_told(lead_client: Client, viewer: User) -> None:
    viewer.date_joined = datetime(2025, 1, 1, 16, tzinfo=UTC)
    viewer.save()
    save(lead_client, viewer)
    assert told() == []


def test_new_accounts_passwords_and_removals_are_told(lead_client: Client, viewer: User) -> None:
    new = {"username": "nueva", "password1": PASSWORD, "password2": PASSWORD,
           "usable_password": "true"}  # fmt: skip
    assert lead_client.post("/admin/auth/user/add/", new).status_code == 302
    given = {"password1": "muy-distinta-9", "password2": "muy-distinta-9",
             "usable_password": "true", "set-password": "1"}  # fmt: skip
    assert lead_client.post(f"/admin/auth/user/{viewer.pk}/password/", given).status_code == 302
    removal = f"/admin/auth/user/{viewer.pk}/delete/"
    assert lead_client.post(removal, {"post": "yes"}).status_code == 302
    assert [(event["kind"], event["about"]) for event in told()] == [
        ("account_created", "nueva"), ("password_changed", "lectora"),
        ("account_removed", "lectora")]  # fmt: skip


def test_a_group_is_told(lead_client: Client, groups: dict[Role, Group]) -> None:
    group = groups[Role.VIEWER]
    answer = lead_client.post(f"/admin/auth/group/{group.pk}/change/", {"name": "Otra"})
    assert answer.status_code == 302
    assert (only()["kind"], only()["about"]) == ("role_changed", "Otra")
    assert "Lectura → Otra" in only()["detail"]


def fill(count: int) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    main_collection(AUDIT).insert_many(
        {"_id": ObjectId(), "at": start + timedelta(hours=number // 2), "kind": "export",
         "who": "lider" if number % 2 else "flor", "channel": "web", "about": f"f{number:03}.csv",
         "detail": "", "place": ""}
        for number in range(count)
    )  # fmt: skip


def listed(answer: Any) -> list[str]:
    return [f"{row.who}{row.about}" for row in answer.context["rows"]]


def test_the_page_shows_the_newest_first_and_all_of_them_in_pages(lead_client: Client) -> None:
    fill(120)
    answer, seen = lead_client.get(PAGE), []
    while True:
        seen += listed(answer)
        if not answer.context["more"]:
            break
        answer = lead_client.get(PAGE + answer.context["more"], headers=HTMX)
    assert len(seen) == len(set(seen)) == 120
    assert [text[-7:-4] for text in seen] == [f"{n:03}" for n in range(119, -1, -1)]


def test_filters_find_what_they_say(lead_client: Client) -> None:
    fill(20)
    audit.write(Event.LOGIN, actor=Actor("flor", Channel.WEB))
    assert len(listed(lead_client.get(f"{PAGE}?who=flor"))) == 11
    assert len(listed(lead_client.get(f"{PAGE}?who=flor&kind=export"))) == 10
    assert len(listed(lead_client.get(f"{PAGE}?from=2025-12-31&to=2025-12-31"))) == 12
    assert "Nada coincide" in lead_client.get(f"{PAGE}?kind=restore").content.decode()


@pytest.mark.parametrize(
    "query",
    ["kind=nada", "from=ayer", "from=0001-01-01", "to=9999-12-31", "cursor=x", "cursor=1_2",
     "cursor=nan_6560d8b0c0ffee0000000000", "otro=1", "from=2026-01-02&to=2026-01-01"],
)  # fmt: skip
def test_a_filter_that_cannot_be_is_said_and_all_is_shown(lead_client: Client, query: str) -> None:
    fill(3)
    answer = lead_client.get(f"{PAGE}?{query}")
    assert answer.status_code == 400
    assert "no se entiende" in answer.content.decode()
    assert len(listed(answer)) == 3


def test_an_empty_log_says_what_it_is_for(lead_client: Client) -> None:
    assert "Todavía no hay nada" in lead_client.get(PAGE).content.decode()


@pytest.mark.parametrize("path", [PAGE, "/historial"])
def test_it_is_for_the_lead(viewer_client: Client, path: str) -> None:
    answer = viewer_client.get(path)
    assert answer.status_code == (403 if path == PAGE else 200)
    assert PAGE not in answer.content.decode()
    assert viewer_client.post(f"{PAGE}/desbloquear", {"account": "x"}).status_code == 403


def test_who_waits_is_shown_and_can_be_let_in(
    lead: User, lead_client: Client, stranger: Client
) -> None:
    for _ in range(5):
        log_in(stranger, password="x")
    page = lead_client.get(PAGE)
    assert [name for name, _ in page.context["waiting"]] == ["lider"]
    assert lead_client.post(f"{PAGE}/desbloquear", {"account": "lider"})["Location"] == PAGE
    assert lead_client.get(PAGE).context["waiting"] == []
    assert told()[-1]["kind"] == "unlocked"
    assert log_in(stranger)["Location"] == "/dashboard"


def test_every_kind_has_its_words() -> None:
    assert set(LABELS) == set(Event)


def test_an_unknown_parameter_is_named() -> None:
    with pytest.raises(FilterError, match="color"):
        parse_events({"color": "rojo"})


@pytest.mark.parametrize(
    ("given", "short", "place"),
    [("203.0.113.7", "203.0.113.0/24", "203.0.113.7"),
     ("2001:db8:1:2:3::4", "2001:db8:1::/48", "2001:db8:1:2::/64"),
     ("::ffff:203.0.113.7", "203.0.113.0/24", None), ("", "", ""), ("unix:", "", "unix:")],
)  # fmt: skip
def test_an_address_is_cut_for_the_log_and_grouped_for_limits(
    given: str, short: str, place: str | None
) -> None:
    assert shortened(given) == short
    assert place is None or household(given) == place


@pytest.mark.parametrize(
    ("proxies", "told_by_proxy", "expected"),
    [(0, "198.51.100.1", "203.0.113.7"), (1, "", "203.0.113.7"),
     (1, "198.51.100.1", "198.51.100.1"),
     (1, "6.6.6.6, 198.51.100.1", "198.51.100.1"), (2, "198.51.100.1, 10.0.0.1", "198.51.100.1"),
     (2, "198.51.100.1", "203.0.113.7"), (1, "basura", "203.0.113.7"), (1, ",", "203.0.113.7")],
)  # fmt: skip
def test_only_our_own_proxies_are_believed(
    settings: Any, proxies: int, told_by_proxy: str, expected: str
) -> None:
    settings.PROXY_COUNT = proxies
    headers = {"X-Forwarded-For": told_by_proxy} if told_by_proxy else {}
    request = RequestFactory().get("/", headers=headers, REMOTE_ADDR="203.0.113.7")
    assert address_of(request) == expected
