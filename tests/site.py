"""The product as it runs: `manage.py serve` in its own process, spoken to over HTTP."""

import http.cookiejar
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parent.parent
USERNAME, PASSWORD = "admin", "clave-de-prueba-1"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(**settings: str) -> dict[str, str]:
    """Return an environment in which only these settings are made."""
    kept = {
        name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ
    }
    return {
        **kept,
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "ENV_FILE": os.devnull,
        "SUPERVISE": "false",  # tests that need the programs beside the server turn them on
        "SECRET_KEY": "only-for-tests-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFG",
        **settings,
    }


def manage(
    *args: str, env: dict[str, str], timeout: float = 120
) -> subprocess.CompletedProcess[str]:
    """Run a command of the product to its end."""
    command = [sys.executable, str(ROOT / "manage.py"), *args]
    return subprocess.run(
        command,
        env=env,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        stdin=subprocess.DEVNULL,
    )


@dataclass
class Answer:
    status: int
    body: bytes
    headers: Any
    url: str

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> Any:
        return json.loads(self.body)


class Visitor:
    """An HTTP client with its own cookies."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.cookies = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(self.cookies)
        )

    def request(self, method: str, path: str, data: bytes | None = None, **headers: str) -> Answer:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(self.base + path, data, given, method=method)
        try:
            with self.opener.open(request, timeout=60) as answer:
                return Answer(answer.status, answer.read(), answer.headers, answer.url)
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.read(), error.headers, error.url)

    def get(self, path: str, **headers: str) -> Answer:
        return self.request("GET", path, **headers)

    def send(self, method: str, path: str, payload: Any) -> Answer:
        token = next(c.value for c in self.cookies if c.name == "csrftoken")
        body = json.dumps(payload).encode()
        return self.request(
            method, path, body, Content_Type="application/json", X_CSRFToken=str(token)
        )

    def login(self, username: str = USERNAME, password: str = PASSWORD) -> Answer:
        page = self.get("/login").text
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert found, "the login page has no form"
        form = {"username": username, "password": password, "csrfmiddlewaretoken": found[1]}
        body = urllib.parse.urlencode(form).encode()
        return self.request(
            "POST", "/login", body, Content_Type="application/x-www-form-urlencoded"
        )


@dataclass
class Site:
    """A served installation in a folder of its own, with its embedded MongoDB."""

    folder: Path
    demo: bool = True
    workers: int = 2
    settings: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def env(self) -> dict[str, str]:
        return environment(
            STATE_DIRECTORY=str(self.folder / "state"),
            ADMIN_PASSWORD=PASSWORD,
            **{"DATA_DIRECTORY": str(self.folder / "data"), **self.settings},
        )

    @property
    def log(self) -> Path:
        return self.folder / "serve.log"

    def start(self, *, timeout: float = 90) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, str(ROOT / "manage.py"), "serve", "--port", str(self.port)]
        command += ["--workers", str(self.workers), *(["--demo"] if self.demo else [])]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        self.wait_until_up(timeout)

    def wait_until_up(self, timeout: float = 90) -> None:
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            assert self.process is not None
            assert self.process.poll() is None, self.log.read_text(encoding="utf-8")
            try:
                if Visitor(self.url).get("/readyz").status == 200:
                    return
            except OSError:
                pass
            time.sleep(0.1)
        raise AssertionError(f"not up after {timeout} s: {self.log.read_text(encoding='utf-8')}")

    def worker_processes(self) -> list[psutil.Process]:
        """Return gunicorn's workers (not the guard, nor the supervisor)."""
        assert self.process is not None
        children = psutil.Process(self.process.pid).children()
        return [child for child in children if "segmentacion.gunicorn" in " ".join(child.cmdline())]

    def mongod(self) -> psutil.Process:
        state = json.loads((self.folder / "state" / "mongo" / "state.json").read_text("utf-8"))
        return psutil.Process(state["pid"])

    def kill(self) -> None:
        """Kill gunicorn, its workers and mongod, as a power cut would."""
        assert self.process is not None
        victims = [self.mongod(), *psutil.Process(self.process.pid).children(recursive=True)]
        for victim in [psutil.Process(self.process.pid), *victims]:
            try:
                victim.kill()
            except psutil.NoSuchProcess:
                continue
        self.process.wait(30)
        psutil.wait_procs(victims, timeout=30)
        self.process = None

    def stop(self) -> None:
        """Stop as an operator would; mongod goes with the last user."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(60)
        self.process = None

    def visitor(self) -> Visitor:
        """Return a client logged in as the lead."""
        visitor = Visitor(self.url)
        assert visitor.login().url.endswith("/dashboard")
        return visitor
