"""The links of `/team` that download what a person has."""

import re
from typing import Any
from urllib.parse import unquote

import pytest
from django.test import Client

from crew.rules import Role
from crew.services import add_person
from tests.factories import make_batch

pytestmark = pytest.mark.usefixtures("mongo")
ODD = "Ñandú / 50% & Cía. 😀"


def links(client: Client) -> list[str]:
    page = client.get("/team").content.decode()
    return re.findall(r'href="(/api/export/segmentador/[^"]+)"', page)


def test_who_holds_batches_has_both_files_whatever_the_name(lead_client: Client) -> None:
    for name in (ODD, "Sin Trabajo"):
        add_person(name=name)
    make_batch("batch_1", assignee=ODD)
    csv, xlsx = links(lead_client)
    assert unquote(csv).endswith(ODD)
    assert f"batch_1,{ODD}," in lead_client.get(csv).getvalue().decode()
    assert lead_client.get(xlsx).getvalue().startswith(b"PK")


def test_who_may_not_export_sees_no_links(client_of: Any) -> None:
    add_person(name="Flor")
    make_batch("batch_1", assignee="Flor")
    assert links(client_of(Role.SEGMENTER)) == []
