"""Mail with the work: over a real SMTP server, each message once, whatever fails."""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import threading
from email.message import EmailMessage
from typing import Any

import openpyxl
import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from crew.rules import Role
from crew.services import change_person
from exports.services.mailing import MailReport, MailServerError, plan_workloads, send
from segmentacion.mongo.clients import main_collection, main_database
from tests.exports.smtp import MailServer
from tests.factories import ACTOR, make_batch
from tests.frame.processes import on_test_server
from tests.site import ROOT

PAGE = "/data-management/correo"


def sending(*args: str) -> None:
    call_command("send_workloads", *args)


def told(capsys: pytest.CaptureFixture[str], *args: str) -> Any:
    """Run the command with --json; return what it printed, whether it failed or not."""
    capsys.readouterr()
    with contextlib.suppress(CommandError):
        sending("--json", *args)
    return json.loads(capsys.readouterr().out)


def outcomes(report: Any) -> dict[str, str]:
    return {result["recipient"]: result["outcome"] for result in report["results"]}


def attached(mail: EmailMessage) -> dict[str, bytes]:
    return {
        str(part.get_filename()): part.get_payload(decode=True)  # type: ignore[misc]
        for part in mail.iter_attachments()
    }


def mail_to(mail_server: MailServer, address: str) -> EmailMessage:
    (mail,) = [mail for mail in mail_server.inbox if mail["To"] == address]
    return mail


def stored_states() -> dict[str, str]:
    return {m["recipient"]: m["state"] for m in main_collection("mailings").find()}


def test_each_person_gets_the_own_work_as_csv(mail_server: MailServer, mail_team: None) -> None:
    sending()
    mail = mail_to(mail_server, "flor@equipo.mx")
    assert len(mail_server.inbox) == 3
    assert mail["Subject"].startswith("Tu carga de trabajo (")
    assert "Hola, Flor:" in mail.get_body().get_content()  # type: ignore[union-attr]
    ((name, content),) = attached(mail).items()
    assert name.startswith("Flor_")
    assert content == (
        b"\xef\xbb\xbfBatch ID,Responsable,Estatus\r\nbatch_1,Flor,\r\nbatch_2,Flor,\r\n"
    )


def test_a_name_with_accents_and_emoji_arrives_as_it_is(
    mail_server: MailServer, mail_team: None
) -> None:
    sending("--person", "Ñandú 😀")
    mail = mail_to(mail_server, "nandu@equipo.mx")
    assert mail["From"] == "Segmentación <avisos@equipo.mx>"
    assert "Hola, Ñandú 😀:" in mail.get_body().get_content()  # type: ignore[union-attr]
    ((name, content),) = attached(mail).items()
    assert name.startswith("Ñandú 😀_")
    assert "batch_4,Ñandú 😀,".encode() in content


def test_a_week_sends_once_and_again_only_when_asked(
    mail_server: MailServer, mail_team: None, capsys: pytest.CaptureFixture[str]
) -> None:
    sending()
    assert set(outcomes(told(capsys)).values()) == {"already"}
    assert len(mail_server.inbox) == 3
    assert outcomes(told(capsys, "--again", "--person", "Flor")) == {"Flor": "sent"}
    first, second = (m["Message-ID"] for m in mail_server.inbox if m["To"] == "flor@equipo.mx")
    assert first != second


def test_renaming_a_person_does_not_send_twice(mail_server: MailServer, mail_team: None) -> None:
    sending("--person", "Flor")
    change_person("Flor", actor=ACTOR, name="Flora")
    sending("--person", "Flora")
    assert len(mail_server.inbox) == 1


def test_an_address_that_fails_does_not_stop_the_rest_and_is_tried_again(
    mail_server: MailServer, mail_team: None, capsys: pytest.CaptureFixture[str]
) -> None:
    mail_server.refused.add("flor@equipo.mx")
    report = told(capsys)
    assert report["success"] is False
    assert outcomes(report) == {"Ceci": "sent", "Flor": "failed", "Ñandú 😀": "sent"}
    assert "550 No existe ese buzón" in next(r["error"] for r in report["results"] if r["error"])
    with pytest.raises(CommandError, match="fallaron"):
        sending()
    mail_server.refused.clear()
    sending()
    assert mail_server.recipients()[2:] == ["flor@equipo.mx"]
    assert set(stored_states().values()) == {"sent"}


def test_a_server_that_is_down_sends_nothing_and_says_so(
    mail_server: MailServer, mail_team: None
) -> None:
    mail_server.stop()
    with pytest.raises(CommandError, match=rf"127.0.0.1:{mail_server.port} no responde"):
        sending()
    assert stored_states() == {}


def test_a_server_that_goes_away_in_the_middle_leaves_the_rest_to_send(
    mail_server: MailServer, mail_team: None
) -> None:
    plan, report = plan_workloads(), MailReport()
    steps = send(plan.messages, actor=ACTOR, report=report)
    while next(steps).done < 1:
        pass
    mail_server.stop()
    with pytest.raises(MailServerError, match="no responde"):
        next(steps)
    assert [result.outcome for result in report.results] == ["sent"]
    assert list(stored_states()) == ["Ceci"]


def test_without_a_mail_server_set_nothing_passes_for_sent(
    settings: Any, mongo: None, mail_team: None
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    with pytest.raises(CommandError, match="define EMAIL_URL"):
        sending()
    assert stored_states() == {}


def test_a_connection_cut_in_the_delivery_is_not_repeated_unless_asked(
    mail_server: MailServer, mail_team: None, capsys: pytest.CaptureFixture[str]
) -> None:
    mail_server.breaks_off = True
    report = told(capsys)
    assert set(outcomes(report).values()) == {"unconfirmed"}
    mail_server.breaks_off = False
    assert set(outcomes(told(capsys)).values()) == {"unconfirmed"}
    assert len(mail_server.inbox) == 3
    assert set(outcomes(told(capsys, "--again")).values()) == {"sent"}


def test_a_process_killed_in_the_delivery_leaves_its_mail_unconfirmed(
    mail_server: MailServer, mail_team: None, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"smtp://127.0.0.1:{mail_server.port}"
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), "send_workloads", "--person", "Flor"],
        env=on_test_server(main_database().name, EMAIL_URL=url), cwd=ROOT,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    mail_server.on_data = lambda: os.kill(process.pid, signal.SIGKILL)
    process.wait(60)
    mail_server.on_data = lambda: None
    assert stored_states() == {"Flor": "sending"}
    assert "en curso" in told(capsys)["error"]
    main_collection("leases").delete_one({"_id": "mailing"})  # it expired
    assert outcomes(told(capsys, "--person", "Flor")) == {"Flor": "unconfirmed"}
    taken = len(mail_server.inbox)
    assert outcomes(told(capsys, "--person", "Flor", "--again")) == {"Flor": "sent"}
    assert len(mail_server.inbox) == taken + 1


def test_whoever_claims_a_message_second_does_not_send_it(
    mail_server: MailServer, mail_team: None
) -> None:
    messages = plan_workloads(["Flor"]).messages
    second = MailReport()

    def another_host() -> None:
        main_collection("leases").delete_many({})  # the first stood still for too long
        list(send(messages, actor=ACTOR, report=second))

    def meanwhile() -> None:
        mail_server.on_data = lambda: None
        thread = threading.Thread(target=another_host)
        thread.start()
        thread.join(60)

    mail_server.on_data = meanwhile
    first = MailReport()
    list(send(messages, actor=ACTOR, report=first))
    assert [result.outcome for result in (*first.results, *second.results)] == [
        "sent",
        "unconfirmed",
    ]
    assert len(mail_server.inbox) == 1


def test_a_plan_of_before_sends_nothing_that_was_sent_since(
    mail_server: MailServer, mail_team: None
) -> None:
    messages = plan_workloads(["Flor"]).messages
    sending("--person", "Flor")
    report = MailReport()
    list(send(messages, actor=ACTOR, report=report))
    assert [result.outcome for result in report.results] == ["already"]
    assert len(mail_server.inbox) == 1


def test_a_dry_run_shows_all_and_sends_nothing(
    mail_server: MailServer, mail_team: None, capsys: pytest.CaptureFixture[str]
) -> None:
    report = told(capsys, "--dry-run")
    ceci = report["messages"][0]
    assert (ceci["recipient"], ceci["address"], ceci["state"]) == ("Ceci", "ceci@equipo.mx", "new")
    assert ceci["attachments"][0]["rows"] == 1
    assert "1 batch" in ceci["subject"]
    assert report["without_address"] == ["Sin Correo"]
    assert report["without_work"] == ["Sin Trabajo"]
    assert (mail_server.inbox, stored_states()) == ([], {})


def test_an_address_that_would_break_a_header_counts_as_none(
    mail_server: MailServer, mail_team: None, capsys: pytest.CaptureFixture[str]
) -> None:
    main_collection("segmentadores").update_one(
        {"name": "Flor"}, {"$set": {"email": "flor@equipo.mx\r\nBcc: otra@equipo.mx"}}
    )
    assert told(capsys)["without_address"] == ["Flor", "Sin Correo"]
    assert "otra@equipo.mx" not in mail_server.recipients()


def test_a_name_with_line_ends_stays_one_line_of_the_text(
    mail_server: MailServer, mail_team: None
) -> None:
    name = "Ana\r\nBcc: otra@equipo.mx"
    main_collection("segmentadores").insert_one({"name": name, "email": "ana@equipo.mx"})
    make_batch("batch_9", assignee=name)
    sending()
    mail = mail_to(mail_server, "ana@equipo.mx")
    assert mail["Bcc"] is None
    assert "Hola, Ana Bcc: otra@equipo.mx:" in mail.get_body().get_content()  # type: ignore[union-attr]


def test_somebody_unknown_or_not_active_is_named(mail_server: MailServer, mail_team: None) -> None:
    with pytest.raises(CommandError, match="'Nadie' no existe"):
        sending("--person", "Nadie")
    change_person("Ceci", actor=ACTOR, active=False)
    with pytest.raises(CommandError, match="'Ceci' no está en activo"):
        sending("--person", "Ceci")
    sending()
    assert "ceci@equipo.mx" not in mail_server.recipients()


def test_the_summary_goes_to_the_leads_with_both_files(
    mail_server: MailServer, mail_team: None, lead: User, client_of: Any
) -> None:
    lead.email = "lider@equipo.mx"
    lead.save()
    client_of(Role.LEAD)
    change_person("Ceci", actor=ACTOR, login="alguien-lead")
    call_command("send_summary")
    assert sorted(mail_server.recipients()) == ["ceci@equipo.mx", "lider@equipo.mx"]
    csv, book = attached(mail_server.inbox[0]).items()
    assert (csv[0][-4:], book[0][-5:]) == (".csv", ".xlsx")
    assert b"Flor,2,1,1,0,0.0%" in csv[1]
    assert openpyxl.load_workbook(io.BytesIO(book[1])).active["A2"].value == "Ceci"
    assert "Flor: 2 batches" in mail_server.inbox[0].get_body().get_content()  # type: ignore[union-attr]
    call_command("send_summary")
    assert len(mail_server.inbox) == 2


def test_the_summary_goes_where_the_setting_or_the_option_says(
    mail_server: MailServer, mail_team: None, settings: Any
) -> None:
    with pytest.raises(CommandError, match="SUMMARY_MAIL_TO"):
        call_command("send_summary")
    with pytest.raises(CommandError, match="No es un correo: nada"):
        call_command("send_summary", "--to", "nada")
    settings.SUMMARY_MAIL_TO = ["jefa@equipo.mx", "JEFA@equipo.mx"]
    call_command("send_summary")
    call_command("send_summary", "--to", "otra@equipo.mx")
    assert mail_server.recipients() == ["jefa@equipo.mx", "otra@equipo.mx"]
