"""Wrong passwords cost growing pauses, counted for all processes together, and nobody for ever."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from crew import logins
from crew.logins import TooManyTriesError, begin, spoken, succeed, unlock, unlock_all, waiting
from segmentacion.http.pauses import COLLECTION, Pace, PausedError, check, count
from segmentacion.mongo.clients import main_collection
from tests.factories import PASSWORD

pytestmark = pytest.mark.usefixtures("mongo")
HOME, OFFICE = "203.0.113.7", "198.51.100.9"


def fail(times: int, username: str = "lider", address: str = HOME) -> int:
    """Fail that often; return how many attempts were let through."""
    passed = 0
    for _ in range(times):
        try:
            begin(username, address)
        except TooManyTriesError:
            continue
        passed += 1
    return passed


def later(**past: float) -> None:
    """Move all counts into the past, as if that much time had gone by."""
    ago = timedelta(**past)
    for document in list(main_collection(COLLECTION).find()):
        moved = {
            name: document[name] - ago for name in ("until", "expires_at") if document.get(name)
        }
        main_collection(COLLECTION).update_one({"_id": document["_id"]}, {"$set": moved})


def post(client: Client, password: str = "equivocada", **extra: Any) -> Any:
    return client.post("/login", {"username": "lider", "password": password}, **extra)


def test_five_wrong_passwords_are_free_and_the_sixth_waits() -> None:
    assert fail(8) == 5


def test_the_pause_doubles_and_has_an_end(settings: Any) -> None:
    pauses = []
    for _ in range(12):
        pauses.append(begin("lider", HOME).pause)
        later(seconds=901)
    assert pauses[:7] == [0, 0, 0, 0, 30, 60, 120]
    assert max(pauses) == pauses[-1] == settings.LOGIN_MAX_PAUSE_SECONDS == 900


def test_after_the_pause_the_right_password_counts_anew() -> None:
    fail(5)
    later(seconds=31)
    succeed(begin("lider", HOME))
    assert fail(8) == 5


def test_after_six_hours_of_quiet_it_begins_anew() -> None:
    assert fail(5) == 5
    later(hours=7)
    assert begin("lider", HOME).pause == 0


def test_a_name_written_otherwise_is_the_same_account() -> None:
    for name in ("lider", "LIDER", " Lider", "ｌｉｄｅｒ", "lider "):
        begin(name, HOME)
    with pytest.raises(TooManyTriesError):
        begin("lider", HOME)


def test_other_addresses_and_accounts_are_not_held() -> None:
    fail(6)
    assert fail(1, address=OFFICE) == 1
    assert fail(1, username="flor") == 1


def test_many_addresses_together_guess_no_further() -> None:
    assert sum(fail(4, address=f"192.0.2.{number}") for number in range(1, 30)) == 50


def test_nobody_is_locked_out_of_where_the_person_works() -> None:
    succeed(begin("lider", OFFICE))
    for number in range(1, 30):
        fail(4, address=f"192.0.2.{number}")
    with pytest.raises(TooManyTriesError):
        begin("lider", HOME)
    succeed(begin("lider", OFFICE))


def test_a_hundred_guesses_from_one_address_leave_the_owner_every_other_one(lead: User) -> None:
    assert fail(100) == 5
    assert post(Client(REMOTE_ADDR=HOME), PASSWORD).status_code == 429
    assert post(Client(REMOTE_ADDR=OFFICE), PASSWORD)["Location"] == "/dashboard"


def test_a_hundred_guesses_from_many_leave_the_owner_known_places_and_the_reset(lead: User) -> None:
    assert post(Client(REMOTE_ADDR=OFFICE), PASSWORD)["Location"] == "/dashboard"
    assert sum(fail(1, address=f"192.0.2.{number}") for number in range(100)) == 50
    assert post(Client(REMOTE_ADDR=OFFICE), PASSWORD)["Location"] == "/dashboard"
    new_place, new = Client(REMOTE_ADDR=HOME), f"{PASSWORD}-otra"
    assert post(new_place, PASSWORD).status_code == 429
    key = urlsafe_base64_encode(force_bytes(str(lead.pk)))
    mailed = default_token_generator.make_token(User.objects.get(pk=lead.pk))
    link = f"/cuenta/recuperar/{key}/{mailed}"
    form = new_place.get(link, follow=True).redirect_chain[-1][0]
    assert new_place.post(form, {"new_password1": new, "new_password2": new}).status_code == 302
    assert post(new_place, new)["Location"] == "/dashboard"


def test_one_address_tries_no_more_than_fifty_accounts() -> None:
    assert sum(fail(1, username=f"cuenta{number}") for number in range(70)) == 50


def test_an_office_is_not_locked_out_by_one_computer_in_it() -> None:
    succeed(begin("flor", OFFICE))
    for number in range(70):
        fail(1, username=f"cuenta{number}", address=OFFICE)
    succeed(begin("flor", OFFICE))


def test_logins_that_go_well_do_not_add_up_for_an_office() -> None:
    for number in range(80):
        succeed(begin(f"persona{number}", OFFICE))


def test_a_whole_ipv6_network_counts_as_one_place() -> None:
    passed = sum(fail(1, address=f"2001:db8:0:1::{number:x}") for number in range(1, 9))
    assert passed == 5


def test_many_at_once_do_not_slip_through_together() -> None:
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(fail, [4] * 8)) == 5


def test_unlocking_ends_the_pauses_of_one_account_only() -> None:
    fail(6)
    fail(6, username="flor")
    assert unlock("Lider") == 1
    assert fail(1) == 1
    assert fail(1, username="flor") == 0
    assert unlock_all() == 1


def test_who_is_waiting_is_known_by_name_and_nobody_else_is() -> None:
    fail(6)
    fail(6, username="no-existe")
    assert list(waiting(["lider", "flor"])) == ["lider"]
    stored = str(list(main_collection(COLLECTION).find()))
    assert "lider" not in stored
    assert HOME not in stored


def test_counts_remove_themselves() -> None:
    indexes = main_collection(COLLECTION).index_information().values()
    assert any(index.get("expireAfterSeconds") == 0 for index in indexes)


@hypothesis_settings(max_examples=40, deadline=None)
@given(st.lists(st.booleans(), max_size=30))
def test_whatever_the_order_the_free_ones_are_never_exceeded(outcomes: list[bool]) -> None:
    main_collection(COLLECTION).delete_many({})
    failures = 0
    for goes_well in outcomes:
        try:
            attempt = begin("lider", HOME)
        except TooManyTriesError:
            assert failures >= 5
            continue
        assert failures < 5
        failures += 1
        if goes_well:
            succeed(attempt)
            failures = 0


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(1, "1 segundo"), (30, "30 segundos"), (90, "90 segundos"), (91, "2 minutos"),
     (120, "2 minutos"), (900, "15 minutos"), (5400, "90 minutos"), (5401, "2 horas")],
)  # fmt: skip
def test_a_wait_is_said_so_that_nobody_comes_too_early(seconds: int, text: str) -> None:
    assert spoken(seconds) == text


def test_checking_counts_nothing() -> None:
    pace = Pace(free=1, first=30, longest=60)
    check(["x"])
    count("x", pace)
    with pytest.raises(PausedError):
        check(["y", "x"])
    with pytest.raises(PausedError):
        count("x", pace)


def test_the_page_says_how_long_to_wait(lead: User, stranger: Client) -> None:
    for _ in range(5):
        assert post(stranger).status_code == 200
    answer = post(stranger, PASSWORD)
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 30
    text = answer.content.decode()
    assert "Demasiados intentos. Espera" in text
    assert 'value="lider"' in text
    assert PASSWORD not in text
    unlock("lider")
    assert post(stranger, PASSWORD)["Location"] == "/dashboard"


def test_an_account_that_does_not_exist_is_answered_alike(lead: User) -> None:
    answers = []
    for name in ("lider", "nadie"):
        client = Client()
        form = {"username": name, "password": "x"}
        statuses = [client.post("/login", form).status_code for _ in range(7)]
        answers.append(statuses)
    assert answers[0] == answers[1] == [200] * 5 + [429] * 2


def test_the_admin_has_no_other_door(lead: User, stranger: Client) -> None:
    answer = stranger.post("/admin/login/", {"username": "lider", "password": PASSWORD})
    assert answer.status_code == 302
    assert answer["Location"].startswith("/login?next=")
    assert "_auth_user_id" not in stranger.session


def test_a_made_up_address_does_not_count_without_a_proxy(lead: User, stranger: Client) -> None:
    statuses = [post(stranger, headers={"X-Forwarded-For": f"192.0.2.{n}"}).status_code
                for n in range(7)]  # fmt: skip
    assert statuses == [200] * 5 + [429] * 2


def test_behind_a_proxy_only_what_it_wrote_counts(
    lead: User, stranger: Client, settings: Any
) -> None:
    settings.PROXY_COUNT = 1
    for number in range(5):
        post(stranger, headers={"X-Forwarded-For": f"192.0.2.{number}, {HOME}"})
    assert post(stranger, headers={"X-Forwarded-For": HOME}).status_code == 429
    assert post(stranger, headers={"X-Forwarded-For": f"{HOME}, {OFFICE}"}).status_code == 200


def test_the_command_unlocks(lead: User, capsys: pytest.CaptureFixture[str]) -> None:
    fail(6)
    call_command("unlock_login", "lider")
    assert "terminaron: 1" in capsys.readouterr().out
    assert fail(1) == 1
    call_command("unlock_login", all=True, json=True)
    assert capsys.readouterr().out.strip() == '{"success":true,"ended":0}'


def test_the_command_asks_for_one_account_or_all() -> None:
    with pytest.raises(CommandError):
        call_command("unlock_login")


def test_odd_names_do_no_harm(stranger: Client) -> None:
    for name in ("", "\0", "a" * 5000, "$where", "{'$ne': 1}", "🔑"):
        answer = stranger.post("/login", {"username": name, "password": "x"})
        assert answer.status_code == 200, name
    assert logins.unlock("\0") == 0
