"""Over HTTP: a page of 50 through gunicorn beside `/healthz`, the same clients for both.

The client is a socket per thread that stays open and reads no more than it has to, so that what is
measured is the server; server, clients and mongod still share the machine, as both of a pair do.
"""

import itertools
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.test import Client

from crew.access import ensure_groups
from crew.rules import Role

CLIENTS, WORKERS = 10, 2
SECONDS, ROUNDS = 3.0, 3
BAR = 0.4
TABLE = {"HX-Request": "true"}
# Asked for again and again, as by many who look at the same; and no page twice in a row.
PAGES: dict[str, tuple[list[str], dict[str, str]]] = {
    "JSON, first page": (["/api/batches"], {}),
    "JSON, sorted, page 100": (["/api/batches?sort=-updated_at&page=100"], {}),
    "JSON, filtered": (["/api/batches?status=In&assignee=Flor"], {}),
    "JSON, always another page": ([f"/api/batches?page={n}" for n in range(1, 301)], {}),
    "table of the dashboard": (["/dashboard"], TABLE),
    "table, filtered": (["/dashboard?status=In"], TABLE),
    "table, always another page": ([f"/dashboard?page={n}" for n in range(1, 301)], TABLE),
}


def serving() -> None:
    """Requests per second of each page, logged in, beside those of `/healthz`."""
    cookie = _login()
    with _site() as address:
        title = f"HTTP, {WORKERS} workers, {CLIENTS} clients: requests per second"
        print(f"\n{title:<58} {'ours':>12}  {'/healthz':>12}  {'share':>8}", flush=True)
        for label, (paths, headers) in PAGES.items():
            page = [_request(path, {"Cookie": cookie, **headers}) for path in paths]
            ours, floor = _side_by_side(address, page, [_request("/healthz", {})])
            verdict = "ok" if ours / floor >= BAR else "UNDER"
            share = f"{100 * ours / floor:>6.1f} %  bar {100 * BAR:.0f} %  {verdict}"
            print(f"{label:<58} {ours:>10.0f}/s  {floor:>10.0f}/s  {share}", flush=True)


def _side_by_side(
    address: tuple[str, int], page: list[bytes], floor: list[bytes]
) -> tuple[float, float]:
    """Return the best rate of each, measured in turns, so that the machine's moods are shared."""
    rates = [(_rate(address, page), _rate(address, floor)) for _ in range(ROUNDS)]
    return max(ours for ours, _ in rates), max(base for _, base in rates)


def _rate(address: tuple[str, int], requests: list[bytes]) -> float:
    """Return how many requests per second all clients together have answered with 200."""
    done: list[int] = []
    until = time.perf_counter() + SECONDS
    began = time.perf_counter()
    threads = [
        threading.Thread(target=lambda: done.append(_ask(address, requests, until)))
        for _ in range(CLIENTS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(done) < CLIENTS or not all(done):
        raise RuntimeError("a client was never answered")
    return sum(done) / (time.perf_counter() - began)


def _ask(address: tuple[str, int], requests: list[bytes], until: float) -> int:
    """Ask again and again on one connection; return how often it was answered. A worker that is
    replaced closes the connection: another is opened."""
    answered, turn = 0, itertools.cycle(requests)
    connection = socket.create_connection(address)
    while time.perf_counter() < until:
        connection.sendall(next(turn))
        if _answered(connection):
            answered += 1
        else:
            connection.close()
            connection = socket.create_connection(address)
    connection.close()
    return answered


def _answered(connection: socket.socket) -> bool:
    """Read one answer to its end. False when there was none, or another one than 200."""
    received = bytearray()
    while (end := received.find(b"\r\n\r\n")) < 0:
        part = connection.recv(262_144)
        if not part:
            return False
        received += part
    head = bytes(received[:end]).lower()
    if not head.startswith(b"http/1.1 200"):
        return False  # a 503 while the pools open, on a busy machine: not counted
    at = head.index(b"content-length:") + 15
    length = int(head[at : at + 12].split(b"\r\n", 1)[0])
    left = end + 4 + length - len(received)
    while left > 0:
        part = connection.recv(262_144)
        if not part:
            return False
        left -= len(part)
    return True


def _request(path: str, headers: Mapping[str, str]) -> bytes:
    lines = [f"GET {path} HTTP/1.1", "Host: localhost", "Accept-Encoding: identity"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _login() -> str:
    """Make a lead's account and return the cookie of its session."""
    ensure_groups()
    user, _ = User.objects.get_or_create(username="banco")
    user.groups.add(Group.objects.get(name=Role.LEAD.value))
    client = Client()
    client.force_login(user)
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


@contextmanager
def _site() -> Iterator[tuple[str, int]]:
    """Run `manage.py serve` beside this process, alone: no program that follows the store."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command: Sequence[str] = [
        sys.executable, str(settings.BASE_DIR / "manage.py"), "serve",
        "--host", "127.0.0.1", "--port", str(port), "--workers", str(WORKERS),
    ]  # fmt: skip
    environment = {**os.environ, "SUPERVISE": "false", "ADMIN_PASSWORD": "clave-de-banco-1"}
    with tempfile.TemporaryFile() as log:
        site = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=log)
        try:
            if not _listens(f"http://127.0.0.1:{port}/healthz", site):
                raise RuntimeError("manage.py serve did not start")
            yield "127.0.0.1", port
        except RuntimeError:
            log.seek(0)
            print(log.read().decode(errors="replace")[-2_000:], file=sys.stderr)
            raise
        finally:
            site.terminate()
            site.wait(timeout=60)


def _listens(url: str, site: subprocess.Popen[bytes]) -> bool:
    """Wait until the site answers. False when it ended, or takes too long."""
    deadline = time.monotonic() + 120
    while site.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    return False
