"""The page «Correo»: what would go to whom, sending it, and how that went."""

from typing import Any

import pytest
from django.test import Client

from crew.rules import Role
from exports.services.mailing import plan_workloads
from segmentacion.mongo.clients import main_collection
from tests.exports.smtp import MailServer

PAGE = "/data-management/correo"


def test_the_page_shows_what_would_go_and_sends_what_is_marked(
    mail_server: MailServer, mail_team: None, lead_client: Client
) -> None:
    page = lead_client.get(PAGE).content.decode()
    assert "Hola, Flor:" in page
    assert "Sin Correo" in page
    assert mail_server.inbox == []
    flor, ceci = (plan_workloads([name]).messages[0].key for name in ("Flor", "Ceci"))
    mail_server.refused.add("ceci@equipo.mx")
    form = {"kind": "workload", "message": [flor, ceci]}
    answer = lead_client.post(f"{PAGE}/enviar", form).content.decode()
    assert "550 No existe ese buzón" in answer
    assert "Reintentar el que falló" in answer
    mail_server.refused.clear()
    lead_client.post(f"{PAGE}/enviar", {"kind": "workload", "only": "failed"})
    lead_client.post(f"{PAGE}/enviar", form)  # sent by now: a form of before changes nothing
    assert mail_server.recipients() == ["flor@equipo.mx", "ceci@equipo.mx"]
    lead_client.post(f"{PAGE}/enviar", {"kind": "workload", "again": [flor]})
    assert mail_server.recipients()[2:] == ["flor@equipo.mx"]


def test_a_request_sends_for_a_while_and_the_page_asks_for_the_rest(
    mail_server: MailServer, mail_team: None, lead_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exports.views.mail.SECONDS", 0)
    keys = [message.key for message in plan_workloads().messages]
    form = {"kind": "workload", "message": keys}
    answer = lead_client.post(f"{PAGE}/enviar", form, headers={"HX-Request": "true"})
    page = answer.content.decode()
    assert "Enviando: 1 de 3" in page
    assert 'hx-trigger="load, submit"' in page
    assert keys[0] not in page.split("mail__going")[1].split("</form>")[0]
    assert len(mail_server.inbox) == 1


def test_the_page_says_what_is_wrong(
    mail_server: MailServer, mail_team: None, lead_client: Client
) -> None:
    keys = [message.key for message in plan_workloads().messages]
    nobody = lead_client.post(f"{PAGE}/enviar", {"kind": "workload"}).content.decode()
    assert "No elegiste a nadie" in nobody
    assert lead_client.post(f"{PAGE}/enviar", {"kind": "otro"}).status_code == 400
    mail_server.stop()
    form = {"kind": "workload", "message": keys}
    assert "no responde" in lead_client.post(f"{PAGE}/enviar", form).content.decode()
    assert main_collection("mailings").count_documents({}) == 0


@pytest.mark.parametrize("role", list(Role))
def test_only_leads_may_mail(client_of: Any, role: Role) -> None:
    expected = 200 if role is Role.LEAD else 403
    client = client_of(role)
    assert client.get(PAGE).status_code == expected
    assert client.post(f"{PAGE}/enviar", {"kind": "workload"}).status_code == expected
