"""How often an account may ask for what is dear: 429 with Retry-After, each thing by itself."""

from typing import Any

import pytest
from django.test import Client

from segmentacion.env import Rate
from segmentacion.urls import api

pytestmark = pytest.mark.usefixtures("mongo")
JSON = "application/json"
DEAR = [
    ("POST", "/api/sync-batch-files"), ("POST", "/api/sync-with-training-metrics"),
    ("GET", "/api/check-mongo-files"), ("POST", "/api/masks/verify"),
    ("POST", "/api/masks/reconcile"), ("POST", "/api/auto-create-batches"),
    ("PUT", "/api/uploads/batch_000129F"), ("POST", "/api/batches/bulk"),
    ("POST", "/api/batches/bulk/delete"), ("POST", "/api/distribute"), ("POST", "/api/undo/x"),
    ("GET", "/api/export/batches"), ("GET", "/api/export/all-assignments"),
    ("GET", "/api/export/segmentador/Flor"), ("GET", "/api/backup/database"),
    ("GET", "/api/metrics/team?format=csv"), ("POST", "/api/transfer"),
    ("GET", "/masks/file/x"), ("GET", "/masks/preview/x"), ("GET", "/masks/preview/x.webp"),
    ("POST", "/data-management/respaldar"), ("POST", "/data-management/comparar"),
    ("POST", "/data-management/restaurar"), ("POST", "/data-management/importar"),
    ("POST", "/data-management/respaldos/x/comprobar"),
    ("GET", "/data-management/respaldos/x/descargar"),
    ("POST", "/data-management/correo/enviar"), ("POST", "/data-management/cargas"),
    ("POST", "/data-management/cargas/aplicar"), ("POST", "/cuenta/tokens"),
    ("POST", "/masks/conciliacion"),
]  # fmt: skip


def ask(client: Client, method: str, path: str) -> Any:
    body = '{"outstanding": true}' if "verify" in path else '{"select": {"ids": []}, "set": {}}'
    if path.startswith("/api/"):
        return client.generic(method, path, body if method == "POST" else "", JSON)
    return client.generic(method, path)


@pytest.fixture
def spent(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next request of anything dear is one too many."""
    from segmentacion.http import throttling

    settings.HEAVY_LIMIT = settings.EXPORT_LIMIT = Rate(1, 86_400)
    count = throttling._count
    monkeypatch.setattr(throttling, "_count", lambda key, rate: count(key, rate) | {"count": 2})


def test_beyond_the_limit_everything_dear_is_a_429(lead_client: Client, spent: None) -> None:
    for method, path in DEAR:
        answer = ask(lead_client, method, path)
        assert answer.status_code == 429, (path, answer.content.decode()[:500])
        assert int(answer["Retry-After"]) > 0
        assert "Demasiadas peticiones" in answer.content.decode()


def test_each_account_and_thing_has_its_own_count(
    lead_client: Client, viewer_client: Client, settings: Any
) -> None:
    settings.HEAVY_LIMIT = Rate(1, 86_400)
    path = "/api/check-mongo-files"
    assert [lead_client.get(path).status_code for _ in range(2)] == [200, 429]
    assert viewer_client.get(path).status_code == 200
    assert lead_client.post("/api/masks/reconcile").status_code == 200


def test_without_a_limit_nothing_is_counted(lead_client: Client, settings: Any) -> None:
    settings.HEAVY_LIMIT = None
    statuses = [lead_client.get("/api/check-mongo-files").status_code for _ in range(3)]
    assert statuses == [200] * 3


def test_the_document_describes_the_429() -> None:
    paths = api.get_openapi_schema()["paths"]
    for method, path in DEAR:
        for known, methods in paths.items():
            if known == path and known.startswith("/api/"):
                assert 429 in methods[method.lower()]["responses"], path
