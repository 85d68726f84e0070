"""Every answer of the API is one that its OpenAPI document describes, whatever is asked.

schemathesis makes the requests from the document: what it allows, and what it does not.
"""

from collections.abc import Iterator
from traceback import format_exception
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.faults.writers import SOAK
from tests.site import Answer, Site, Visitor, manage

pytestmark = pytest.mark.faults

EXAMPLES = 200 if SOAK else 8
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = Site(tmp_path_factory.mktemp("openapi"), settings={"HEAVY_RATE": "100000/m"})
    site.start()
    yield site
    site.stop()


@pytest.fixture(scope="module")
def bearer(site: Site) -> dict[str, str]:
    token = manage("create_token", "admin", env=site.env).stdout.strip()
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture(scope="module")
def document(site: Site, bearer: dict[str, str]) -> dict[str, Any]:
    answer: dict[str, Any] = Visitor(site.url).get("/api/openapi.json", **bearer).json()
    return answer


def check_shape(status: int, body: Any, text: str) -> None:
    """Assert that an answer says whether it went well, and an error says why and no more."""
    assert "Traceback" not in text
    if status == 304:
        return
    assert body["success"] is (status < 400), text
    if status >= 400:
        assert isinstance(body["error"], str)
        assert body["error"]
    assert status != 500, text


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_every_answer_is_as_the_document_says(
    site: Site, bearer: dict[str, str], mode: GenerationMode
) -> None:
    schema = schemathesis.openapi.from_url(f"{site.url}/api/openapi.json", headers=bearer)
    tried, failures = 0, []
    for result in schema.get_all_operations():
        operation = result.ok()
        try:
            tried += probe(operation.as_strategy(generation_mode=mode), bearer)
        except (AssertionError, ExceptionGroup, Failure) as error:
            failures.append(f"{operation.label}: {''.join(format_exception(error))[-3000:]}")
    assert not failures, "\n".join(failures)
    assert tried > 10 * EXAMPLES


def probe(cases: Any, bearer: dict[str, str]) -> int:
    """Send some requests of one operation and check their answers; return how many."""
    sent: list[int] = []

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=not SOAK,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def check(case: Case) -> None:
        response = case.call(headers=bearer)
        if "content-disposition" not in {name.lower() for name in response.headers}:  # no file
            check_shape(response.status_code, response.json(), response.text)
        case.validate_response(response, checks=CHECKS)
        sent.append(response.status_code)

    check()
    return len(sent)


def test_a_day_of_work_is_answered_as_the_document_says(site: Site, bearer: dict[str, str]) -> None:
    schema = schemathesis.openapi.from_url(f"{site.url}/api/openapi.json", headers=bearer)

    def ask(method: str, path: str, status: int = 200, **parts: Any) -> Any:
        if "body" in parts:
            parts["media_type"] = "application/json"
        response = (
            schema[path][method].Case(**parts).call_and_validate(headers=bearer, checks=CHECKS)
        )
        assert response.status_code == status, response.text
        return response.json()

    assert ask("GET", "/api/segmentadores")["team_size"] >= 5
    ask("POST", "/api/sync-batch-files", body={})
    first = ask("GET", "/api/batches", query={"sort": "-updated_at"})["batches"][0]
    one = {"path_parameters": {"batch_id": first["id"]}}
    ask("GET", "/api/batches/{batch_id}", **one, query={"history": "1"})
    given_out = {"select": {"ids": [first["id"]]}, "set": {"assignee": "Flor"}}
    operation = ask("POST", "/api/batches/bulk", body=given_out)["operation"]
    ask("POST", "/api/undo/{operation}", path_parameters={"operation": operation})
    changed = {"comments": "x", "version": first["version"]}
    stale = ask("PATCH", "/api/batches/{batch_id}", 409, **one, body=changed)
    assert stale["batch"]["version"] > first["version"]
    ask("PATCH", "/api/batches/{batch_id}", **one, body={"due_date": "2025-10-20"})
    ask("POST", "/api/batches/{batch_id}/comments", 201, **one, body={"text": "Hola"})
    ask("DELETE", "/api/batches/{batch_id}", **one)
    ask("GET", "/api/batches/{batch_id}", 404, **one)


def test_the_document_describes_every_answer(document: dict[str, Any]) -> None:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            answers = operation["responses"]
            assert {"400", "401", "403", "503"} <= set(answers), (method, path)
            for status, answer in answers.items():
                if "text/csv" in answer["content"] or "headers" in answer:
                    continue  # a file, not an answer about one
                shown = answer["content"]["application/json"]["schema"]
                assert shown["$ref"].split("/")[-1] in document["components"]["schemas"]
                assert int(status) < 400 or shown["$ref"].endswith(("ErrorAnswer", "StaleAnswer"))


def test_a_wrong_method_is_an_error_like_all_others(
    site: Site, bearer: dict[str, str], document: dict[str, Any]
) -> None:
    for path, methods in document["paths"].items():
        used = {method.upper() for place, others in document["paths"].items()
                for method in others if place == path} | served(path, document)  # fmt: skip
        for method in set(METHODS) - used:
            answer: Answer = Visitor(site.url).request(method, path, b"{}", **bearer)
            assert answer.status == 405, (method, path)
            assert answer.json() == {"success": False, "error": "Ese método no se puede usar aquí."}
            assert set(answer.headers["Allow"].split(", ")) >= {m.upper() for m in methods}


def served(path: str, document: dict[str, Any]) -> set[str]:
    """Return the methods that another path, with a parameter, serves under the same address."""
    parts = path.split("/")
    found: set[str] = set()
    for place, methods in document["paths"].items():
        others = place.split("/")
        if len(others) == len(parts) and all(
            a == b or a.startswith("{") for a, b in zip(others, parts, strict=True)
        ):
            found |= {method.upper() for method in methods}
    return found


@pytest.mark.parametrize("path", ["/api/batches", "/api/nada", "/api/batches/x/y/z"])
def test_without_a_login_it_is_401_and_an_unknown_path_404(
    site: Site, bearer: dict[str, str], path: str
) -> None:
    assert Visitor(site.url).get("/api/batches").status == 401
    answer = Visitor(site.url).get(path, **bearer)
    assert answer.status == (200 if path == "/api/batches" else 404)
    check_shape(answer.status, answer.json(), answer.text)
