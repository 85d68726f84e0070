"""The weekly mail that goes by itself: once its time has come, once a week, by one host."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command

from exports.services.mailing.weekly import end_turn, take_turn
from segmentacion.env import Weekly, parse_weekly
from segmentacion.mongo.clients import main_collection, main_database
from tests.exports.smtp import MailServer
from tests.frame.processes import on_test_server
from tests.site import ROOT
from tests.waiting import until

ALL = ["ceci@equipo.mx", "flor@equipo.mx", "jefa@equipo.mx", "nandu@equipo.mx"]


@pytest.fixture
def due(mail_server: MailServer, mail_team: None, settings: Any) -> None:
    """The moment of this week has come."""
    settings.WEEKLY_MAIL_AT = parse_weekly("mon 00:00")
    settings.SUMMARY_MAIL_TO = ["jefa@equipo.mx"]


@pytest.mark.parametrize("text", ["", "  "])
def test_nothing_set_is_never(text: str) -> None:
    assert parse_weekly(text) is None


@pytest.mark.parametrize("text", ["lunes", "mon 8:00", "mon 24:00", "lun 08:00", "08:00", "mon"])
def test_a_moment_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="mon 08:00"):
        parse_weekly(text)


@pytest.mark.parametrize(
    ("now", "has_come"),
    [("2026-11-16T07:59", False), ("2026-11-16T08:00", True), ("2026-11-22T23:59", True),
     ("2026-11-23T00:00", False)],
)  # fmt: skip
def test_a_moment_has_come_until_its_week_ends(now: str, has_come: bool) -> None:
    assert isinstance(moment := parse_weekly("mon 08:00"), Weekly)
    assert moment.has_come(datetime.fromisoformat(now)) is has_come


def test_it_sends_workloads_and_summary_once(mail_server: MailServer, due: None) -> None:
    call_command("send_weekly", "--if-due")
    call_command("send_weekly", "--if-due")
    assert sorted(mail_server.recipients()) == ALL


def test_it_sends_nothing_before_its_time_or_without_one(
    mail_server: MailServer, due: None, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.WEEKLY_MAIL_AT = None
    call_command("send_weekly", "--if-due", "--json")
    assert json.loads(capsys.readouterr().out) == {"success": True, "due": False}
    assert mail_server.inbox == []


def test_what_failed_is_left_for_a_person(mail_server: MailServer, due: None) -> None:
    mail_server.refused.add("flor@equipo.mx")
    with pytest.raises(CommandError, match="fallaron"):
        call_command("send_weekly", "--if-due")
    mail_server.refused.clear()
    call_command("send_weekly", "--if-due")
    assert "flor@equipo.mx" not in mail_server.recipients()
    call_command("send_weekly")
    assert sorted(mail_server.recipients()) == ALL


def test_without_anybody_for_the_summary_the_workloads_go(
    mail_server: MailServer, due: None, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.SUMMARY_MAIL_TO = []
    call_command("send_weekly", "--if-due")
    assert len(mail_server.inbox) == 3
    assert "No hay a quién enviar el resumen" in capsys.readouterr().err


def test_a_server_that_was_down_is_tried_again_an_hour_later(
    mail_server: MailServer, due: None, settings: Any
) -> None:
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 1
    with pytest.raises(CommandError, match="no responde"):
        call_command("send_weekly", "--if-due")
    settings.EMAIL_PORT = port
    call_command("send_weekly", "--if-due")
    assert mail_server.inbox == []
    main_collection("mailings").update_one(
        {"kind": "week"}, {"$set": {"next_at": datetime.now(UTC) - timedelta(seconds=1)}}
    )
    call_command("send_weekly", "--if-due")
    assert sorted(mail_server.recipients()) == ALL


def test_one_host_has_the_turn(due: None) -> None:
    assert [take_turn(), take_turn()] == [True, False]
    end_turn()
    assert take_turn() is False


def test_the_supervisor_of_the_site_sends_it(mail_server: MailServer, due: None) -> None:
    env = on_test_server(
        main_database().name,
        EMAIL_URL=f"smtp://127.0.0.1:{mail_server.port}",
        WEEKLY_MAIL="mon 00:00",
        SUMMARY_MAIL_TO="jefa@equipo.mx",
    )
    command = ["-m", "segmentacion.supervisor", "--mail", "--parent", str(os.getpid())]
    supervisor = subprocess.Popen([sys.executable, *command], env=env, cwd=ROOT)
    try:
        until(lambda: len(mail_server.inbox) >= 4, "four letters")
    finally:
        supervisor.terminate()
        supervisor.wait(60)
    assert sorted(mail_server.recipients()) == ALL
