"""Mail with the work: over a real SMTP server, each message once, whatever fails."""

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from email.message import EmailMessage
from typing import Any

import openpyxl
import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from crew.rules import Role
from crew.services import add_person, change_person
from exports.rules.mailing import (
    MailKind,
    campaign_of,
    mailing_key,
    message_id,
    one_line,
    usable_address,
)
from exports.services.mailing import MailReport, plan_workloads, send
from segmentacion.mongo.clients import main_collection, main_database
from tests.exports.smtp import MailServer
from tests.factories import ACTOR, make_batch
from tests.frame.processes import on_test_server
from tests.site import ROOT

PAGE = "/data-management/correo"


@pytest.fixture
def server(settings: Any, mongo: None) -> Iterator[MailServer]:
    with MailServer() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.EMAIL_TIMEOUT = 30
        settings.DEFAULT_FROM_EMAIL = "Segmentación <avisos@equipo.mx>"
        yield server


@pytest.fixture
def team(mongo: None) -> None:
    """Three with mail and work, one without an address, one without work."""
    for name, address in (
        ("Ceci", "ceci@equipo.mx"), ("Flor", "flor@equipo.mx"), ("Ñandú 😀", "nandu@equipo.mx"),
        ("Sin Correo", ""), ("Sin Trabajo", "nada@equipo.mx"),
    ):  # fmt: skip
        add_person(name=name, email=address)
    make_batch("batch_1", assignee="Flor", status="In")
    make_batch("batch_2", assignee="Flor")
    make_batch("batch_3", assignee="Ceci", status="S")
    make_batch("batch_4", assignee="Ñandú 😀")
    make_batch("batch_5", assignee="Sin Correo")


def sending(*args: str) -> None:
    call_command("send_workloads", *args)


def told(capsys: pytest.CaptureFixture[str], *args: str) -> Any:
    """Run the command with --json; return what it printed, whether it failed or not."""
    capsys.readouterr()
    try:
        sending("--json", *args)
    except CommandError:
        pass
    return json.loads(capsys.readouterr().out)


def outcomes(report: Any) -> dict[str, str]:
    return {result["recipient"]: result["outcome"] for result in report["results"]}


def attached(mail: EmailMessage) -> dict[str, bytes]:
    return {
        str(part.get_filename()): part.get_payload(decode=True)  # type: ignore[misc]
        for part in mail.iter_attachments()
    }


def mail_to(server: MailServer, address: str) -> EmailMessage:
    (mail,) = [mail for mail in server.inbox if mail["To"] == address]
    return mail


def stored_states() -> dict[str, str]:
    return {m["recipient"]: m["state"] for m in main_collection("mailings").find()}


def test_each_person_gets_the_own_work_as_csv(server: MailServer, team: None) -> None:
    sending()
    mail = mail_to(server, "flor@equipo.mx")
    assert len(server.inbox) == 3
    assert mail["Subject"].startswith("Tu carga de trabajo (")
    assert "Hola, Flor:" in mail.get_body().get_content()  # type: ignore[union-attr]
    ((name, content),) = attached(mail).items()
    assert name.startswith("Flor_")
    assert content == (
        b"\xef\xbb\xbfBatch ID,Responsable,Estatus\r\nbatch_1,Flor,\r\nbatch_2,Flor,\r\n"
    )


def test_a_name_with_accents_and_emoji_arrives_as_it_is(server: MailServer, team: None) -> None:
    sending("--person", "Ñandú 😀")
    mail = mail_to(server, "nandu@equipo.mx")
    assert mail["From"] == "Segmentación <avisos@equipo.mx>"
    assert "Hola, Ñandú 😀:" in mail.get_body().get_content()  # type: ignore[union-attr]
    ((name, content),) = attached(mail).items()
    assert name.startswith("Ñandú 😀_")
    assert "batch_4,Ñandú 😀,".encode() in content


def test_a_week_sends_once_and_again_only_when_asked(
    server: MailServer, team: None, capsys: pytest.CaptureFixture[str]
) -> None:
    sending()
    assert set(outcomes(told(capsys)).values()) == {"already"}
    assert len(server.inbox) == 3
    assert outcomes(told(capsys, "--again", "--person", "Flor")) == {"Flor": "sent"}
    first, second = (m["Message-ID"] for m in server.inbox if m["To"] == "flor@equipo.mx")
    assert first != second


def test_renaming_a_person_does_not_send_twice(server: MailServer, team: None) -> None:
    sending("--person", "Flor")
    change_person("Flor", actor=ACTOR, name="Flora")
    sending("--person", "Flora")
    assert len(server.inbox) == 1


def test_an_address_that_fails_does_not_stop_the_rest_and_is_tried_again(
    server: MailServer, team: None, capsys: pytest.CaptureFixture[str]
) -> None:
    server.refused.add("flor@equipo.mx")
    report = told(capsys)
    assert report["success"] is False
    assert outcomes(report) == {"Ceci": "sent", "Flor": "failed", "Ñandú 😀": "sent"}
    assert "550 No existe ese buzón" in next(r["error"] for r in report["results"] if r["error"])
    with pytest.raises(CommandError, match="fallaron"):
        sending()
    server.refused.clear()
    sending()
    assert sorted(server.recipients()) == ["ceci@equipo.mx", "flor@equipo.mx", "nandu@equipo.mx"]
    assert set(stored_states().values()) == {"sent"}


def test_a_server_that_is_down_sends_nothing_and_says_so(server: MailServer, team: None) -> None:
    server.stop()
    with pytest.raises(CommandError, match=rf"127.0.0.1:{server.port} no responde"):
        sending()
    assert stored_states() == {}


def test_a_server_that_goes_away_in_the_middle_leaves_the_rest_to_send(
    server: MailServer, team: None
) -> None:
    plan, report = plan_workloads(), MailReport()
    with pytest.raises(Exception, match="no responde"):
        for progress in send(plan.messages, actor=ACTOR, report=report):
            if progress.done == 1:
                server.stop()
    assert [result.outcome for result in report.results] == ["sent"]
    assert list(stored_states()) == ["Ceci"]


def test_without_a_mail_server_set_nothing_passes_for_sent(
    settings: Any, mongo: None, team: None
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    with pytest.raises(CommandError, match="define EMAIL_URL"):
        sending()
    assert stored_states() == {}


def test_a_connection_cut_in_the_delivery_is_not_repeated_unless_asked(
    server: MailServer, team: None, capsys: pytest.CaptureFixture[str]
) -> None:
    server.breaks_off = True
    report = told(capsys)
    assert set(outcomes(report).values()) == {"unconfirmed"}
    server.breaks_off = False
    assert set(outcomes(told(capsys)).values()) == {"unconfirmed"}
    assert len(server.inbox) == 3
    assert set(outcomes(told(capsys, "--again")).values()) == {"sent"}


def test_a_process_killed_in_the_delivery_leaves_its_mail_unconfirmed(
    server: MailServer, team: None, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"smtp://127.0.0.1:{server.port}"
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), "send_workloads", "--person", "Flor"],
        env=on_test_server(main_database().name, EMAIL_URL=url), cwd=ROOT,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    server.on_data = lambda: os.kill(process.pid, signal.SIGKILL)
    process.wait(60)
    server.on_data = lambda: None
    assert stored_states() == {"Flor": "sending"}
    assert "en curso" in told(capsys)["error"]
    main_collection("leases").delete_one({"_id": "mailing"})  # it expired
    assert outcomes(told(capsys, "--person", "Flor")) == {"Flor": "unconfirmed"}
    taken = len(server.inbox)
    assert outcomes(told(capsys, "--person", "Flor", "--again")) == {"Flor": "sent"}
    assert len(server.inbox) == taken + 1


def test_whoever_claims_a_message_second_does_not_send_it(server: MailServer, team: None) -> None:
    messages = plan_workloads(["Flor"]).messages
    server.on_data = lambda: main_collection("leases").delete_many({})
    list(send(messages, actor=ACTOR, report=MailReport()))
    report = MailReport()
    list(send(messages, actor=ACTOR, report=report))  # planned before the first had sent
    assert [result.outcome for result in report.results] == ["already"]
    assert len(server.inbox) == 1


def test_a_dry_run_shows_all_and_sends_nothing(
    server: MailServer, team: None, capsys: pytest.CaptureFixture[str]
) -> None:
    report = told(capsys, "--dry-run")
    ceci = report["messages"][0]
    assert (ceci["recipient"], ceci["address"], ceci["state"]) == ("Ceci", "ceci@equipo.mx", "new")
    assert ceci["attachments"][0]["rows"] == 1
    assert "1 batch" in ceci["subject"]
    assert report["without_address"] == ["Sin Correo"]
    assert report["without_work"] == ["Sin Trabajo"]
    assert (server.inbox, stored_states()) == ([], {})


def test_an_address_that_would_break_a_header_counts_as_none(
    server: MailServer, team: None, capsys: pytest.CaptureFixture[str]
) -> None:
    main_collection("segmentadores").update_one(
        {"name": "Flor"}, {"$set": {"email": "flor@equipo.mx\r\nBcc: otra@equipo.mx"}}
    )
    assert told(capsys)["without_address"] == ["Flor", "Sin Correo"]
    assert "otra@equipo.mx" not in server.recipients()


def test_a_name_with_line_ends_stays_one_line_of_the_text(server: MailServer, team: None) -> None:
    name = "Ana\r\nBcc: otra@equipo.mx"
    main_collection("segmentadores").insert_one({"name": name, "email": "ana@equipo.mx"})
    make_batch("batch_9", assignee=name)
    sending()
    mail = mail_to(server, "ana@equipo.mx")
    assert mail["Bcc"] is None
    assert "Hola, Ana Bcc: otra@equipo.mx:" in mail.get_body().get_content()  # type: ignore[union-attr]


def test_somebody_unknown_or_not_active_is_named(server: MailServer, team: None) -> None:
    with pytest.raises(CommandError, match="'Nadie' no existe"):
        sending("--person", "Nadie")
    change_person("Ceci", actor=ACTOR, active=False)
    with pytest.raises(CommandError, match="'Ceci' no está en activo"):
        sending("--person", "Ceci")
    sending()
    assert "ceci@equipo.mx" not in server.recipients()


def test_the_summary_goes_to_the_leads_with_both_files(
    server: MailServer, team: None, lead: User, client_of: Any
) -> None:
    lead.email = "lider@equipo.mx"
    lead.save()
    client_of(Role.LEAD)
    change_person("Ceci", actor=ACTOR, login="alguien-lead")
    call_command("send_summary")
    assert sorted(server.recipients()) == ["ceci@equipo.mx", "lider@equipo.mx"]
    csv, book = attached(server.inbox[0]).items()
    assert (csv[0][-4:], book[0][-5:]) == (".csv", ".xlsx")
    assert b"Flor,2,1,1,0,0.0%" in csv[1]
    assert openpyxl.load_workbook(io.BytesIO(book[1])).active["A2"].value == "Ceci"
    assert "Flor: 2 batches" in server.inbox[0].get_body().get_content()  # type: ignore[union-attr]
    call_command("send_summary")
    assert len(server.inbox) == 2


def test_the_summary_goes_where_the_setting_or_the_option_says(
    server: MailServer, team: None, settings: Any
) -> None:
    with pytest.raises(CommandError, match="SUMMARY_MAIL_TO"):
        call_command("send_summary")
    with pytest.raises(CommandError, match="No es un correo: nada"):
        call_command("send_summary", "--to", "nada")
    settings.SUMMARY_MAIL_TO = ["jefa@equipo.mx", "JEFA@equipo.mx"]
    call_command("send_summary")
    call_command("send_summary", "--to", "otra@equipo.mx")
    assert server.recipients() == ["jefa@equipo.mx", "otra@equipo.mx"]


def test_the_page_shows_what_would_go_and_sends_what_is_marked(
    server: MailServer, team: None, lead_client: Client
) -> None:
    page = lead_client.get(PAGE).content.decode()
    assert "Hola, Flor:" in page
    assert "Sin Correo" in page
    assert server.inbox == []
    flor, ceci = (plan_workloads([name]).messages[0].key for name in ("Flor", "Ceci"))
    server.refused.add("ceci@equipo.mx")
    form = {"kind": "workload", "message": [flor, ceci]}
    answer = lead_client.post(f"{PAGE}/enviar", form).content.decode()
    assert "550 No existe ese buzón" in answer
    assert "Reintentar el que falló" in answer
    server.refused.clear()
    lead_client.post(f"{PAGE}/enviar", {"kind": "workload", "only": "failed"})
    lead_client.post(f"{PAGE}/enviar", form)  # sent by now: a form of before changes nothing
    assert server.recipients() == ["flor@equipo.mx", "ceci@equipo.mx"]
    lead_client.post(f"{PAGE}/enviar", {"kind": "workload", "again": [flor]})
    assert server.recipients()[2:] == ["flor@equipo.mx"]


def test_a_request_sends_for_a_while_and_the_page_asks_for_the_rest(
    server: MailServer, team: None, lead_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exports.views.mail.SECONDS", 0)
    keys = [message.key for message in plan_workloads().messages]
    form = {"kind": "workload", "message": keys}
    answer = lead_client.post(f"{PAGE}/enviar", form, headers={"HX-Request": "true"})
    page = answer.content.decode()
    assert "Enviando: 1 de 3" in page
    assert 'hx-trigger="load, submit"' in page
    assert keys[0] not in page.split("mail__going")[1].split("</form>")[0]
    assert len(server.inbox) == 1


def test_the_page_says_what_is_wrong(
    server: MailServer, team: None, lead_client: Client
) -> None:
    keys = [message.key for message in plan_workloads().messages]
    nobody = lead_client.post(f"{PAGE}/enviar", {"kind": "workload"}).content.decode()
    assert "No elegiste a nadie" in nobody
    assert lead_client.post(f"{PAGE}/enviar", {"kind": "otro"}).status_code == 400
    server.stop()
    form = {"kind": "workload", "message": keys}
    assert "no responde" in lead_client.post(f"{PAGE}/enviar", form).content.decode()
    assert stored_states() == {}


@pytest.mark.parametrize("role", list(Role))
def test_only_leads_may_mail(client_of: Any, role: Role) -> None:
    expected = 200 if role is Role.LEAD else 403
    client = client_of(role)
    assert client.get(PAGE).status_code == expected
    assert client.post(f"{PAGE}/enviar", {"kind": "workload"}).status_code == expected


def test_a_campaign_is_an_iso_week() -> None:
    assert campaign_of(date(2027, 1, 1)) == "2026-W53"
    assert mailing_key(MailKind.WORKLOAD, "2026-W53", "x") == "workload:2026-W53:x"
    assert message_id("a", 1, "x.mx") != message_id("a", 2, "x.mx")


@pytest.mark.parametrize(
    "address", ["", "flor", "a@b.mx\nBcc: c@d.mx", "a b@c.mx", "ñ@b.mx", "a@b.mx\x00", None, 7]
)
def test_what_is_no_address_is_not_written_to(address: object) -> None:
    assert usable_address(address) == ""


@given(st.text())
def test_one_line_has_no_line_ends(text: str) -> None:
    line = one_line(text)
    assert len(line.splitlines()) <= 1
    assert one_line(line) == line
