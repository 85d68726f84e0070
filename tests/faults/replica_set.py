"""A replica set of three real mongods on loopback, whose primary can be killed and brought back."""

import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from segmentacion.mongo.embedded.binary import find_binary
from tests.site import free_port
from tests.waiting import until

ELECTION_MS = 2_000  # the server's default is 10,000: a test need not wait that long
HEARTBEAT_MS = 1_000


@dataclass
class Node:
    """One member: its folder, port and process."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        data = self.folder / "db"
        data.mkdir(parents=True, exist_ok=True)
        command = [str(find_binary(None)), "--dbpath", str(data), "--port", str(self.port)]
        command += ["--bind_ip", "127.0.0.1", "--nounixsocket", "--replSet", "tres"]
        command += ["--networkMessageCompressors", "snappy,zstd", "--oplogSize", "256"]
        command += ["--wiredTigerCacheSizeGB", "0.25", "--logpath", str(self.folder / "log")]
        command += ["--setParameter", "shutdownTimeoutMillisForSignaledShutdown=0"]
        self.process = subprocess.Popen([*command, "--logappend"], stdout=subprocess.DEVNULL)

    def client(self) -> "MongoClient[Any]":
        return MongoClient("127.0.0.1", self.port, directConnection=True,
                           serverSelectionTimeoutMS=500, socketTimeoutMS=2_000)  # fmt: skip

    def is_primary(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.admin.command("hello")["isWritablePrimary"])
        except PyMongoError:
            return False


class ReplicaSet:
    """Three nodes; `kill_primary` is SIGKILL."""

    def __init__(self, folder: Path) -> None:
        self.nodes = [Node(folder / f"node{number}") for number in range(3)]

    @property
    def uri(self) -> str:
        hosts = ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)
        return f"mongodb://{hosts}/?replicaSet=tres"

    def start(self) -> None:
        for node in self.nodes:
            node.start()
        for node in self.nodes:
            until(lambda node=node: node.client().admin.command("ping"), "a node answers")
        members = [
            {"_id": number, "host": f"127.0.0.1:{node.port}"}
            for number, node in enumerate(self.nodes)
        ]
        times = {"electionTimeoutMillis": ELECTION_MS, "heartbeatIntervalMillis": HEARTBEAT_MS}
        configuration = {"_id": "tres", "members": members, "settings": times}
        self.nodes[0].client().admin.command("replSetInitiate", configuration)
        self.primary()
        until(self.is_whole, "all three follow")

    def primary(self) -> Node:
        """Return the node that is primary, once there is one."""
        found = until(lambda: [node for node in self.nodes if node.is_primary()], "a primary")
        return found[0]  # type: ignore[no-any-return]

    def is_whole(self) -> bool:
        """Tell whether there is one primary and the others follow it."""
        status = self.primary().client().admin.command("replSetGetStatus")
        return sorted(member["state"] for member in status["members"]) == [1, 2, 2]

    def kill_primary(self) -> Node:
        """Kill it as a power cut would, and return it once another one is primary."""
        victim = self.primary()
        assert victim.process is not None
        victim.process.kill()
        victim.process.wait(30)
        self.primary()
        return victim

    def stop(self) -> None:
        for node in self.nodes:
            if node.process is not None and node.process.poll() is None:
                node.process.kill()
                node.process.wait(30)
