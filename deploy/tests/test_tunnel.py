"""MongoDB on another machine, reached through an SSH tunnel that breaks and comes back."""

import getpass
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from pymongo import MongoClient

from deploy.tests.servers import fill_store, run
from tests.site import Site, free_port
from tests.waiting import until


class Tunnel:
    """`sshd` with a key of its own on loopback, and `ssh -N -L` through it."""

    def __init__(self, folder: Path, target: int) -> None:
        self.folder, self.target = folder, target
        self.port, self.server_port = free_port(), free_port()
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def start_server(self) -> None:
        keys = [self.folder / "host", self.folder / "own"]
        for key in keys:
            run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key))
        Path("/run/sshd").mkdir(exist_ok=True) if os.geteuid() == 0 else None
        options = {
            "ListenAddress": f"127.0.0.1:{self.server_port}",
            "HostKey": keys[0],
            "AuthorizedKeysFile": f"{keys[1]}.pub",
            "StrictModes": "no",
            "UsePAM": "no",
            "PidFile": "none",
            "PermitRootLogin": "prohibit-password",
        }
        given = [part for name, value in options.items() for part in ("-o", f"{name}={value}")]
        command = ["/usr/sbin/sshd", "-D", "-e", "-f", "/dev/null", *given]
        self._spawn("server", command)

    def open(self) -> None:
        forward = f"127.0.0.1:{self.port}:127.0.0.1:{self.target}"
        command = ["ssh", "-N", "-L", forward, "-p", str(self.server_port)]
        command += ["-i", str(self.folder / "own"), "-F", "/dev/null"]
        for option in ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null",
                       "ExitOnForwardFailure=yes", "ServerAliveInterval=15"):  # fmt: skip
            command += ["-o", option]
        self._spawn("tunnel", [*command, f"{getpass.getuser()}@127.0.0.1"])

    def _spawn(self, name: str, command: list[str]) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(command, stdout=log, stderr=log)

    def close(self, name: str = "tunnel") -> None:
        self.processes[name].kill()
        self.processes[name].wait(30)


@pytest.fixture
def tunnel(tmp_path: Path) -> Iterator[Tunnel]:
    target = urlsplit(os.environ["MONGO_URI"]).port
    assert target
    tunnel = Tunnel(tmp_path, target)
    tunnel.start_server()
    until(lambda: "listening" in (tmp_path / "server.log").read_text(), "sshd listens")
    tunnel.open()
    client = MongoClient[dict[str, object]](
        "127.0.0.1", tunnel.port, directConnection=True, serverSelectionTimeoutMS=500
    )
    until(lambda: client.admin.command("ping"), "the tunnel is open", log=tmp_path / "tunnel.log")
    fill_store(client["almacen_por_tunel"])
    yield tunnel
    client.drop_database("por_tunel")
    client.drop_database("almacen_por_tunel")
    for name in tunnel.processes:
        tunnel.close(name)


def test_the_site_works_through_it_says_when_it_breaks_and_comes_back_by_itself(
    tunnel: Tunnel, tmp_path: Path
) -> None:
    uri = f"mongodb://127.0.0.1:{tunnel.port}/?directConnection=true"
    settings = {"MONGO_URI": uri, "MONGO_DB": "por_tunel", "TRAINING_DB": "almacen_por_tunel"}
    site = Site(tmp_path / "site", settings=settings)
    try:
        site.start()
        visitor = site.visitor()
        assert visitor.send("POST", "/api/sync-batch-files", {}).json()["total_files_found"] == 125
        tunnel.close()
        broken = visitor.get("/api/batches")
        assert (broken.status, broken.json()["success"]) == (503, False)
        tunnel.open()
        until(lambda: visitor.get("/api/batches").status == 200, "the site is back", log=site.log)
        assert visitor.get("/api/batches").json()["total"] == 429
    finally:
        site.stop()
