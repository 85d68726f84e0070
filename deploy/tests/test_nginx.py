"""Two web hosts behind nginx with TLS: two gunicorns on one database, one of them killed."""

import http.cookiejar
import os
import re
import ssl
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from pymongo import MongoClient

from deploy.tests.servers import Certificates, run
from tests.site import ROOT, Site, Visitor, free_port
from tests.waiting import until

NAME = "segmentacion.example.com"


def own_copy(folder: Path, certificates: Certificates, ports: dict[str, int]) -> Path:
    """Return a main configuration with the deployed one in it: own ports, on loopback."""
    text = (ROOT / "deploy/nginx/segmentacion.conf").read_text("utf-8")
    text = re.sub(r"\n *listen \[::\].*;", "", text)
    text = text.replace("listen 80;", f"listen 127.0.0.1:{ports['plain']};")
    text = text.replace("listen 443 ", f"listen 127.0.0.1:{ports['tls']} ")
    text = text.replace("127.0.0.1:8000", f"127.0.0.1:{ports['first']}")
    text = text.replace("# server 10.0.0.12:8000", f"server 127.0.0.1:{ports['second']}")
    text = text.replace(NAME, "localhost")
    text = text.replace("/etc/ssl/segmentacion/fullchain.pem", str(certificates.certificate))
    text = text.replace("/etc/ssl/segmentacion/privkey.pem", str(certificates.key))
    (folder / "site.conf").write_text(text, "utf-8")
    whole = folder / "nginx.conf"
    temporary = " ".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi")
    )
    temporary += f" uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;"
    whole.write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}}\n"
        f"http {{ access_log off; {temporary} include {folder}/site.conf; }}\n",
        "utf-8",
    )
    return whole


class Front(Visitor):
    """A browser of sorts before nginx, which trusts the authority of the test."""

    def __init__(self, base: str, certificates: Certificates) -> None:
        super().__init__(base)
        self.cookies = http.cookiejar.CookieJar()
        context = ssl.create_default_context(cafile=str(certificates.authority))
        self.opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPSHandler(context=context),
            urllib.request.HTTPCookieProcessor(self.cookies),
        )

    def request(self, method: str, path: str, data: bytes | None = None, **headers: str):  # type: ignore[no-untyped-def]
        return super().request(method, path, data, Referer=f"{self.base}/", **headers)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def ports() -> dict[str, int]:
    return {name: free_port() for name in ("plain", "tls", "first", "second")}


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory, ports: dict[str, int]) -> Iterator[list[Site]]:
    folder = tmp_path_factory.mktemp("hosts")
    settings = {"HTTPS": "true", "ALLOWED_HOSTS": "localhost,127.0.0.1", "MONGO_DB": "dos_hosts"}
    settings |= {"MONGO_URI": os.environ["MONGO_URI"], "TRAINING_DB": "dos_almacen"}
    sites = [
        Site(folder / name, port=ports[name], demo=name == "first", settings=settings)
        for name in ("first", "second")
    ]
    try:
        for site in sites:
            site.start()
        yield sites
    finally:
        for site in sites:
            site.stop()
        client = MongoClient[dict[str, object]](os.environ["MONGO_URI"])
        client.drop_database("dos_hosts")
        client.drop_database("dos_almacen")


@pytest.fixture(scope="module")
def nginx(
    tmp_path_factory: pytest.TempPathFactory,
    certificates: Certificates,
    ports: dict[str, int],
    hosts: list[Site],
) -> Iterator[None]:
    folder = tmp_path_factory.mktemp("nginx")
    configuration = own_copy(folder, certificates, ports)
    assert "test is successful" in run("nginx", "-t", "-c", str(configuration))
    process = subprocess.Popen(["nginx", "-c", str(configuration)])
    front = Front(f"https://localhost:{ports['tls']}", certificates)
    until(lambda: front.get("/healthz").status == 200, "nginx answers", log=folder / "error.log")
    yield
    process.terminate()
    process.wait(30)


@pytest.fixture
def front(nginx: None, ports: dict[str, int], certificates: Certificates) -> Front:
    return Front(f"https://localhost:{ports['tls']}", certificates)


def test_plain_http_leads_to_tls(nginx: None, ports: dict[str, int]) -> None:
    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: object) -> None:
            return None

    visitor = Visitor(f"http://localhost:{ports['plain']}")
    visitor.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), Stay())
    answer = visitor.get("/dashboard")
    assert (answer.status, answer.headers["Location"]) == (301, "https://localhost/dashboard")


def test_a_login_holds_on_both_hosts_and_cookies_are_for_tls_alone(front: Front) -> None:
    assert front.login().url.endswith("/dashboard")
    assert {cookie.secure for cookie in front.cookies} == {True}
    answers = [front.get("/api/batches?per_page=1") for _ in range(8)]
    assert {answer.status for answer in answers} == {200}
    assert answers[0].json()["total"] == 429
    assert "max-age=31536000" in answers[0].headers["Strict-Transport-Security"]


def test_the_request_carries_one_id_from_nginx_to_the_answer(front: Front) -> None:
    assert re.fullmatch("[0-9a-f]{32}", front.get("/healthz").headers["X-Request-ID"])


def test_what_one_host_changes_the_other_shows_and_killing_one_stops_nobody(
    front: Front, hosts: list[Site]
) -> None:
    front.login()
    one = front.get("/api/batches?per_page=1").json()["batches"][0]
    changed = front.send(
        "PATCH", f"/api/batches/{one['id']}", {"comments": "Visto", "version": one["version"]}
    )
    assert changed.status == 200, changed.text
    seen = {front.get(f"/api/batches/{one['id']}").json()["batch"]["comments"] for _ in range(6)}
    assert seen == {"Visto"}
    process = hosts[1].process
    assert process is not None
    for worker in hosts[1].worker_processes():
        worker.kill()
    process.kill()
    process.wait(30)
    statuses = [front.get("/api/batches?per_page=1").status for _ in range(20)]
    hosts[1].process = None
    assert statuses == [200] * 20
