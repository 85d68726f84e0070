"""The own account: password, other sessions, a forgotten password, and how sessions end."""

import re
import threading
import time
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.core import mail
from django.test import Client
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from crew.logins import TooManyTriesError, begin
from crew.models import AUDIT
from crew.tokens import create_token
from segmentacion.mongo.clients import main_collection
from tests.factories import PASSWORD

pytestmark = pytest.mark.usefixtures("mongo")
NEW = "otra-clave-larga-2"


def change(client: Client, old: str = PASSWORD, new: str = NEW, **more: str) -> Any:
    form = {"old_password": old, "new_password1": new, "new_password2": new}
    return client.post("/cuenta/clave", form | more)


def logged_in(username: str = "lider", password: str = PASSWORD) -> Client:
    client = Client()
    assert client.login(username=username, password=password)
    return client


def is_in(client: Client) -> bool:
    return client.get("/cuenta").status_code == 200


def kinds() -> list[str]:
    return [event["kind"] for event in main_collection(AUDIT).find().sort("at")]


def with_mail(user: User) -> str:
    user.email = "lider@example.com"
    user.save()
    return user.email


def ask_link(client: Client, email: str, **extra: Any) -> Any:
    """Ask for the link, and wait until what happens beside the answer has happened."""
    answer = client.post("/cuenta/recuperar", {"email": email}, **extra)
    for thread in threading.enumerate():
        if getattr(thread, "name", "").startswith("reset"):
            thread.join(60)
    return answer


def link() -> str:
    found = re.search(r"http://testserver(/cuenta/recuperar/\S+)", mail.outbox[-1].body)
    assert found, mail.outbox[-1].body
    return found[1]


def test_the_page_says_who_one_is(lead_client: Client) -> None:
    html = lead_client.get("/cuenta").content.decode()
    assert "lider" in html
    assert "Líder" in html


def test_a_new_password_ends_the_other_sessions_and_not_this_one(lead: User) -> None:
    here, elsewhere = logged_in(), logged_in()
    assert change(here)["Location"] == "/cuenta"
    assert is_in(here)
    assert not is_in(elsewhere)
    assert logged_in(password=NEW)
    assert kinds() == ["password_changed"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [("equivocada", NEW, "no es tu contraseña de ahora"), (PASSWORD, "corta1", "por lo menos 8"),
     (PASSWORD, "123456789012", "numérica"),
     (PASSWORD, "lider1234", "muy similar"), ("", NEW, "no es tu contraseña")],
)  # fmt: skip
def test_what_cannot_be_is_said_in_spanish_and_the_old_one_stays(
    lead: User, old: str, new: str, said: str
) -> None:
    answer = change(logged_in(), old, new)
    assert answer.status_code == 400
    assert said in answer.content.decode()
    lead.refresh_from_db()
    assert lead.check_password(PASSWORD)


def test_two_that_differ_are_refused(lead: User) -> None:
    assert change(logged_in(), new_password2="otra-cosa-9").status_code == 400


def test_guessing_the_present_password_is_limited_like_logging_in(lead: User) -> None:
    client = logged_in()
    statuses = [change(client, f"intento-{number}").status_code for number in range(6)]
    assert statuses == [400] * 5 + [429]
    assert change(client).status_code == 429
    assert "Demasiados intentos" in change(client).content.decode()


def test_tokens_go_with_it_only_when_asked(lead: User) -> None:
    token = create_token("lider")
    client, headers = logged_in(), {"Authorization": f"Bearer {token}"}
    change(client)
    assert Client().get("/api/batches", headers=headers).status_code == 200
    change(client, NEW, "y-otra-clave-3", revoke="1")
    assert Client().get("/api/batches", headers=headers).status_code == 401


def test_ending_the_other_sessions_leaves_this_one_and_those_of_others(
    lead: User, viewer: User
) -> None:
    here, elsewhere, third = logged_in(), logged_in(), logged_in()
    other = logged_in("lectora")
    assert here.post("/cuenta/sesiones").status_code == 302
    assert "2 sesiones más" in here.get("/cuenta").content.decode()
    assert [is_in(client) for client in (elsewhere, third, other)] == [False, False, True]
    assert kinds() == ["logout_others"]


def age(client: Client, **seconds: float) -> None:
    session = client.session
    for name, by in seconds.items():
        session[name] = time.time() - by
    session.save()


def test_a_session_without_use_ends(lead: User, settings: Any) -> None:
    client = logged_in()
    assert is_in(client)
    age(client, seen=settings.SESSION_IDLE_HOURS * 3600 + 1)
    answer = client.get("/cuenta")
    assert answer["Location"] == "/login?next=/cuenta"
    assert "_auth_user_id" not in client.session


def test_a_session_ends_however_much_it_is_used(lead: User, settings: Any) -> None:
    client = logged_in()
    assert is_in(client)
    age(client, since=settings.SESSION_MAX_DAYS * 86_400 + 1)
    assert not is_in(client)


def test_use_is_noted_now_and_then_and_what_pages_ask_by_themselves_is_none(lead: User) -> None:
    client = logged_in()
    is_in(client)
    first = client.session["seen"]
    is_in(client)
    assert client.session["seen"] == first
    age(client, seen=3600)
    client.get("/dashboard/version")
    assert client.session["seen"] < first - 3000
    is_in(client)
    assert client.session["seen"] >= first


def test_a_session_of_before_goes_on(lead: User) -> None:
    client = logged_in()
    assert "since" not in client.session
    assert is_in(client)
    assert client.session["since"] == pytest.approx(time.time(), abs=600)


def test_whether_the_process_answers_is_said_without_a_look_at_the_session(lead: User) -> None:
    client = logged_in()
    client.get("/healthz")
    assert "since" not in client.session


def test_a_forgotten_password_is_set_anew_by_mail(lead: User) -> None:
    elsewhere = logged_in()
    client = Client()
    assert ask_link(client, with_mail(lead))["Location"] == "/cuenta/recuperar/enviado"
    assert mail.outbox[0].to == ["lider@example.com"]
    assert mail.outbox[0].subject == "Segmentación: pon una contraseña nueva"
    page = client.get(link(), follow=True)
    form = {"new_password1": NEW, "new_password2": NEW}
    assert client.post(page.redirect_chain[-1][0], form)["Location"] == "/cuenta/recuperar/listo"
    assert client.get("/cuenta/recuperar/listo").status_code == 200
    assert logged_in(password=NEW)
    assert not is_in(elsewhere)
    assert kinds() == ["password_asked", "password_reset"]


def test_the_link_works_once_and_then_says_so(lead: User) -> None:
    client = Client()
    ask_link(client, with_mail(lead))
    path = client.get(link(), follow=True).redirect_chain[-1][0]
    client.post(path, {"new_password1": NEW, "new_password2": NEW})
    again = Client().get(link(), follow=True)
    assert "ya no sirve" in again.content.decode()
    assert again["Referrer-Policy"] == "no-referrer"


def test_an_old_link_says_so(lead: User, settings: Any) -> None:
    with_mail(lead)
    key = urlsafe_base64_encode(force_bytes(str(lead.pk)))
    path = f"/cuenta/recuperar/{key}/{default_token_generator.make_token(lead)}"
    assert "ya no sirve" not in Client().get(path, follow=True).content.decode()
    settings.PASSWORD_RESET_TIMEOUT = -1
    assert "ya no sirve" in Client().get(path, follow=True).content.decode()


@pytest.mark.parametrize("path", ["x/y", "MQ/set-password", "Zm9v/abc-def"])
def test_a_made_up_link_says_so(stranger: Client, path: str) -> None:
    answer = stranger.get(f"/cuenta/recuperar/{path}", follow=True)
    assert answer.status_code == 200
    assert "ya no sirve" in answer.content.decode()


def test_nobody_learns_which_addresses_are_known(lead: User) -> None:
    with_mail(lead)
    known = ask_link(Client(), "lider@example.com")
    unknown = ask_link(Client(), "nadie@example.com")
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    assert [message.to for message in mail.outbox] == [["lider@example.com"]]


def test_asking_is_limited_without_saying_for_whom(lead: User) -> None:
    email = with_mail(lead)
    statuses = [ask_link(Client(), email).status_code for _ in range(11)]
    assert statuses == [302] * 10 + [429]
    assert len(mail.outbox) == 3


def test_a_closed_account_gets_no_link(lead: User) -> None:
    email = with_mail(lead)
    User.objects.update(is_active=False)
    ask_link(Client(), email)
    assert mail.outbox == []


def test_setting_it_anew_ends_the_pause(lead: User) -> None:
    for _ in range(5):
        begin("lider", "127.0.0.1")
    with pytest.raises(TooManyTriesError):
        begin("lider", "127.0.0.1")
    client = Client()
    ask_link(client, with_mail(lead))
    path = client.get(link(), follow=True).redirect_chain[-1][0]
    client.post(path, {"new_password1": NEW, "new_password2": NEW})
    begin("lider", "127.0.0.1")


def test_the_counts_of_a_reset_name_neither_the_mail_nor_the_address(stranger: Client) -> None:
    stranger.post("/cuenta/recuperar", {"email": "flor@ejemplo.mx"})
    kept = [str(document["_id"]) for document in main_collection("rate_limits").find()]
    assert len(kept) == 2
    assert not [key for key in kept if "flor" in key or "127.0" in key]
