"""Going through the pages of «Datos» as the lead does."""

import re
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from exports.services.backups import keeping
from segmentacion.mongo.clients import main_collection


def upload(client: Client, text: str, name: str = "lista.csv", **form: str) -> str:
    """Upload a list and return the address of its plan."""
    file = SimpleUploadedFile(name, text.encode())
    answer = client.post("/data-management/importar", {"file": file, **form})
    assert answer.status_code == 302
    return str(answer.url)  # type: ignore[attr-defined]


def post(client: Client, path: str, **form: Any) -> str:
    """Send a form, follow where it leads, and return the text of that page."""
    answer = client.post(path, form, follow=True)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def shown(client: Client, path: str = "/data-management") -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", client.get(path).content.decode()))


def make(client: Client) -> dict[str, Any]:
    """Make a backup from the page and return its record."""
    assert "está entero" in post(client, "/data-management/respaldar")
    return keeping.listed()[0]


def kept(batch_id: str) -> dict[str, Any] | None:
    return main_collection("batches").find_one({"id": batch_id})


def plan_of(client: Client, record: dict[str, Any], **form: Any) -> str:
    """Plan a restore and return the address of the plan."""
    form = {"backup": record["id"], "what": "all", **form}
    answer: Any = client.post("/data-management/restaurar", form)
    return str(answer.url)
