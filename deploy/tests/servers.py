"""What installations have: certificates, and a mongod with accounts and TLS."""

import secrets
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bson import json_util
from pymongo import MongoClient
from pymongo.database import Database

from segmentacion.mongo.embedded.binary import find_binary
from tests.site import ROOT, free_port
from tests.waiting import until


def fill_store(database: "Database[Any]") -> None:
    """Put the first day's file documents where other programs would have written them."""
    documents = json_util.loads((ROOT / "demo/mask_files.json").read_text("utf-8"))
    database["training_metrics.masks.files"].insert_many(documents)


def run(*command: str) -> str:
    """Run to the end and return what it printed."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, f"{command[0]}: {done.stdout}{done.stderr}"
    return done.stdout + done.stderr


@dataclass
class Certificates:
    """An authority and the certificate of `localhost` that it signed."""

    folder: Path
    authority: Path = field(init=False)
    certificate: Path = field(init=False)
    key: Path = field(init=False)
    both: Path = field(init=False)

    def __post_init__(self) -> None:
        folder = self.folder
        self.authority, self.certificate = folder / "ca.pem", folder / "cert.pem"
        self.key, self.both = folder / "key.pem", folder / "both.pem"
        root, request, extra = folder / "ca.key", folder / "request.pem", folder / "extra"
        extra.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n", encoding="utf-8")
        new = ("openssl", "req", "-newkey", "rsa:2048", "-nodes")
        run(*new, "-x509", "-days", "2", "-subj", "/CN=authority", "-keyout", str(root),
            "-out", str(self.authority))  # fmt: skip
        run(*new, "-subj", "/CN=localhost", "-keyout", str(self.key), "-out", str(request))
        run("openssl", "x509", "-req", "-days", "2", "-in", str(request), "-CA",
            str(self.authority), "-CAkey", str(root), "-CAcreateserial", "-extfile", str(extra),
            "-out", str(self.certificate))  # fmt: skip
        self.both.write_bytes(self.key.read_bytes() + self.certificate.read_bytes())


@dataclass
class GuardedMongo:
    """A replica set of one with accounts, a key file and TLS required, on loopback."""

    folder: Path
    certificates: Certificates
    port: int = field(default_factory=free_port)
    admin: str = field(default_factory=lambda: secrets.token_hex(8))
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def tls(self) -> str:
        return f"tls=true&tlsCAFile={self.certificates.authority}"

    def uri(self, user: str, password: str) -> str:
        options = f"authSource=admin&replicaSet=rs0&{self.tls}"
        return f"mongodb://{user}:{password}@localhost:{self.port}/?{options}"

    @property
    def admin_uri(self) -> str:
        return self.uri("root", self.admin)

    def start(self) -> None:
        data, key = self.folder / "db", self.folder / "key"
        data.mkdir(parents=True)
        key.write_text(secrets.token_hex(64), encoding="utf-8")
        key.chmod(0o400)
        command = [str(find_binary(None)), "--dbpath", str(data), "--port", str(self.port)]
        command += ["--bind_ip", "127.0.0.1", "--nounixsocket", "--wiredTigerCacheSizeGB", "0.25"]
        command += ["--networkMessageCompressors", "snappy,zstd", "--replSet", "rs0"]
        command += ["--auth", "--keyFile", str(key), "--tlsMode", "requireTLS"]
        command += ["--tlsCertificateKeyFile", str(self.certificates.both)]
        command += ["--tlsCAFile", str(self.certificates.authority)]
        command += ["--tlsAllowConnectionsWithoutCertificates"]
        command += ["--logpath", str(self.folder / "log")]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        self._initiate()

    def _initiate(self) -> None:
        """Make it a primary with an administrator: what is allowed from loopback, once."""
        direct = f"mongodb://localhost:{self.port}/?directConnection=true&{self.tls}"
        client = MongoClient[Any](direct, serverSelectionTimeoutMS=1_000)
        until(lambda: client.admin.command("ping"), "mongod answers", log=self.folder / "log")
        members = [{"_id": 0, "host": f"localhost:{self.port}"}]
        client.admin.command("replSetInitiate", {"_id": "rs0", "members": members})
        until(lambda: client.admin.command("hello")["isWritablePrimary"], "it is the primary")
        client.admin.command("createUser", "root", pwd=self.admin, roles=["root"])
        client.close()

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(60)
