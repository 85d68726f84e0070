"""Figures and logs of a site with two workers: sums, lines, what a worker leaves when it ends."""

import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.site import Site, Visitor
from tests.waiting import until

pytestmark = pytest.mark.faults

TOKEN = "un-token-de-monitoreo-de-mas-de-32-letras"
ROUTE = "/api/segmentadores"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Two workers; their log is JSON, since nobody looks at it on a terminal."""
    settings = {"METRICS_TOKEN": TOKEN}
    site = Site(tmp_path_factory.mktemp("monitoring"), demo=False, settings=settings)
    site.start()
    yield site
    site.stop()


def figure(site: Site, name: str, **labels: str) -> float:
    """Return the sum of the samples with these labels."""
    answer = Visitor(site.url).get("/metrics/prometheus", Authorization=f"Bearer {TOKEN}")
    assert answer.status == 200, answer.text
    return sum(
        sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
        if sample.name == f"segmentacion_{name}" and labels.items() <= sample.labels.items()
    )


def answered(site: Site) -> float:
    return figure(site, "http_requests_total", route=ROUTE)


def lines(site: Site) -> list[dict[str, Any]]:
    """Return the lines of the log; what `serve` says to people, and the guard's, are not of it."""
    found = [one for one in site.log.read_text(encoding="utf-8").splitlines() if one[:1] == "{"]
    return [line for line in map(json.loads, found) if "logger" in line]


def ask_often(site: Site, times: int) -> None:
    cookies = site.visitor().cookies

    def ask(number: int) -> int:
        visitor = Visitor(site.url)
        for cookie in cookies:
            visitor.cookies.set_cookie(cookie)
        return visitor.get(ROUTE, X_Request_ID=f"prueba-{number:04}").status

    with ThreadPoolExecutor(8) as clients:
        assert set(clients.map(ask, range(times))) == {200}


def test_the_sum_over_two_workers_is_what_was_asked(site: Site) -> None:
    ask_often(site, 120)
    served = [line for line in lines(site) if line.get("route") == ROUTE]
    assert len({line["pid"] for line in served}) == 2
    until(lambda: answered(site) == 120, "both workers hand on what they counted")
    histogram = "http_request_duration_seconds"
    assert figure(site, f"{histogram}_count", route=ROUTE) == 120
    assert figure(site, f"{histogram}_bucket", route=ROUTE, le="+Inf") == 120
    assert figure(site, "http_request_database_commands_total", route=ROUTE) == sum(
        line["db"] for line in served
    )


def test_each_request_has_exactly_one_line_with_its_id(site: Site) -> None:
    asked = [line["request"] for line in lines(site) if line.get("route") == ROUTE]
    assert sorted(asked) == [f"prueba-{number:04}" for number in range(120)]


def test_a_worker_that_ends_hands_on_what_it_counted(site: Site) -> None:
    before = answered(site)
    for worker in site.worker_processes():
        ask_often(site, 10)
        worker.terminate()
        worker.wait(60)
    site.wait_until_up()
    until(lambda: answered(site) == before + 20, "the sum holds what the ended ones counted")


def test_gunicorns_own_lines_have_the_same_form(site: Site) -> None:
    with socket.create_connection(("127.0.0.1", site.port)) as raw:
        raw.sendall(b"NADA DE ESTO ES HTTP?clave=secreta\r\n\r\n")
        raw.recv(1_000)
    until(lambda: "gunicorn.error" in {line["logger"] for line in lines(site)}, "gunicorn's line")
    assert "secreta" not in site.log.read_text(encoding="utf-8")


def test_a_database_that_is_gone_is_told_with_the_id_of_the_request(site: Site) -> None:
    visitor = site.visitor()
    site.mongod().suspend()
    try:
        page = visitor.get("/dashboard", Accept="text/html", X_Request_ID="cuando-no-hubo-base")
        figures = Visitor(site.url).get("/metrics/prometheus", Authorization=f"Bearer {TOKEN}")
    finally:
        site.mongod().resume()
    assert page.status == 503
    assert "cuando-no-hubo-base" in page.text
    assert 'segmentacion_database_up{database="main"} 0' in figures.text
    until(lambda: figure(site, "errors_today") >= 1, "the error is counted")
    found = [one for one in lines(site) if one.get("request") == "cuando-no-hubo-base"]
    assert {line["level"] for line in found} == {"ERROR", "INFO"}
