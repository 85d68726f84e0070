"""What nobody means: operators, broken texts, endless numbers, dates at the end of time.

The answer is a refusal in Spanish or the usual page, never an error of ours.
"""

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from exports.rules.jobs import JobKind
from exports.services.jobs import records
from tests.factories import ACTOR, make_batch, stored

pytestmark = pytest.mark.usefixtures("mongo")
BROKEN = "\ud800"  # half a character: MongoDB cannot store it
ENDLESS = "9" * 5_000
FOREVER = "9999-12-31"
ONE = {"ids": ["batch_1"]}
BODIES: list[tuple[str, str, Any]] = [
    *(
        ("PATCH", "/api/batches/batch_1", {name: BROKEN})
        for name in ("assignee", "comments", "folder", "due_date")
    ),
    ("PATCH", "/api/batches/batch_1", {"comments": {"$gt": ""}}),
    ("PATCH", "/api/batches/batch_1", {"$set": {"status": "S"}}),
    ("POST", "/api/batches/bulk", {"select": {"ids": [BROKEN]}, "set": {"comments": "x"}}),
    ("POST", "/api/batches/bulk", {"select": {"range": BROKEN}, "set": {"comments": "x"}}),
    ("POST", "/api/batches/bulk", {"select": {"filter": {"q": "a\0b"}}, "set": {"comments": "x"}}),
    ("POST", "/api/batches/bulk", {"select": {"filter": {"q": {"$ne": ""}}}, "set": {}}),
    ("POST", "/api/batches/bulk", {"select": ONE, "set": {"metadata.total_masks": 1}}),
    ("POST", "/api/transfer", {"from_person": BROKEN, "to": ["Flor"]}),
    ("POST", "/api/add-segmentador", {"name": "Ana", "role": BROKEN}),
    ("POST", "/api/add-segmentador", {"name": {"$gt": ""}}),
    ("DELETE", "/api/remove-segmentador", {"name": BROKEN}),
    ("POST", "/force_archive_image", {"image": BROKEN}),
]
PAGES = [
    "/api/batches?q=%00", "/dashboard?q=%00", "/batch-management?q=%00",
    "/api/export/batches?q=%00", "/dashboard?cursor=no-es-de-aqui", "/dashboard?page[$gt]=1",
    f"/historial?to={FOREVER}", f"/historial/accesos?to={FOREVER}", f"/masks?to={FOREVER}",
    f"/api/masks?to={FOREVER}", "/historial?from=0001-01-01", "/masks?from=0001-01-01",
]  # fmt: skip
FORMS = [
    ("/batch/batch_1", {"total_masks": ENDLESS}),
    ("/batch/batch_1", {"total_masks": "7", "seen-total_masks": "²", "version": "0"}),
    ("/papelera/vaciar", {"word": "VACIAR", "until": "0001-01-01T00:00:00+14:00"}),
    ("/papelera/vaciar", {"word": "VACIAR", "until": "9999-12-31T23:59:59-14:00"}),
]


@pytest.fixture(autouse=True)
def batch() -> None:
    make_batch("batch_1", status="In", comments="como estaba")


@pytest.fixture
def client(lead_client: Client) -> Client:
    lead_client.raise_request_exception = False
    return lead_client


@pytest.mark.parametrize(("method", "path", "body"), BODIES)
def test_a_body_that_cannot_be_meant_is_refused(
    client: Client, method: str, path: str, body: Any
) -> None:
    answer = client.generic(method, path, json.dumps(body), "application/json")
    assert answer.status_code in {400, 404}
    assert answer.json()["error"]
    assert (stored("batch_1")["comments"], stored("batch_1")["status"]) == ("como estaba", "In")


def test_an_operator_among_ids_is_the_id_of_nothing(client: Client) -> None:
    body = {"select": {"ids": [{"$gt": ""}]}, "set": {"comments": "x"}}
    answer = client.post("/api/batches/bulk", body, content_type="application/json").json()
    assert (answer["matched"], answer["changed"], len(answer["refused"])) == (0, 0, 1)
    assert stored("batch_1")["comments"] == "como estaba"


def test_an_address_that_cannot_be_meant_is_refused(client: Client) -> None:
    statuses = {path: client.get(path).status_code for path in PAGES}
    assert statuses == dict.fromkeys(PAGES, 400)


@pytest.mark.parametrize(("path", "form"), FORMS)
def test_a_form_that_cannot_be_meant_changes_nothing(
    client: Client, path: str, form: dict[str, str]
) -> None:
    assert client.post(path, form).status_code < 500
    assert stored("batch_1")["comments"] == "como estaba"


def test_a_page_of_rows_beyond_all_numbers_is_the_last_or_first(client: Client) -> None:
    key = records.create(JobKind.COMPARE, actor=ACTOR, options={}, label="x")
    records.succeed(key, {"rows": 5, "counts": {}, "names": ["a", "b"]})
    assert client.get(f"/data-management/trabajos/{key}?page={ENDLESS}").status_code == 200


def test_a_number_without_end_in_a_file_is_named(client: Client) -> None:
    file = SimpleUploadedFile("batches.json", f'[{{"id": {ENDLESS}}}]'.encode())
    answer = client.post("/data-management/importar", {"file": file}, follow=True)
    assert answer.status_code == 200
    assert "no es JSON válido" in answer.content.decode()


def test_a_body_beyond_measure_is_a_413_that_says_how_much_may_come(
    client: Client, settings: Any
) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 2**20
    long = {"comments": "a" * 2**20}
    answer = client.patch("/api/batches/batch_1", long, "application/json")
    assert (answer.status_code, answer["Content-Type"]) == (413, "application/json")
    assert "1.0 MB como máximo" in answer.json()["error"]
    assert client.post("/batch/batch_1", {"version": "1"} | long).status_code == 413
    assert stored("batch_1")["comments"] == "como estaba"
