"""Adding somebody to the crew when the main database dies, at that moment or before."""

import json
from typing import Any

import pytest

from tests.faults.installation import Installation
from tests.frame.processes import start
from tests.waiting import PATIENCE

pytestmark = pytest.mark.faults
DOWN = [503, {"success": False, "error": "DB no disponible"}, "5"]
# Asks as the lead does. At the first insert into the crew the server, whose pid is told first, is
# killed; a line that comes after says that it is back.
ASKING = """
import json, logging
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from pymongo import monitoring
from segmentacion.http import deadline
from segmentacion.mongo.clients import close_clients, main_database
from tests.faults.intake_child import end
from tests.waiting import until

logging.disable(logging.CRITICAL)  # nobody reads that pipe meanwhile
victims = [int(input())]

class Killer(monitoring.CommandListener):
    def started(self, event):
        if event.command.get("insert") == "segmentadores" and victims:
            end(victims.pop())
    def succeeded(self, event): ...
    def failed(self, event): ...

def is_up():
    return main_database().command("ping")

settings.MONGO_OPTIONS.update(serverSelectionTimeoutMS=200, event_listeners=[Killer()])
close_clients()
until(is_up, "the server is there")
client = Client(raise_request_exception=False, headers={"host": "localhost"})
client.force_login(User.objects.create_superuser("lider"))
assert client.get("/api/segmentadores").status_code == 200  # the session is not new any more
deadline.READ_SECONDS = 0.2

def ask(method, **headers):
    answer = client.generic(
        method, "/api/add-segmentador", json.dumps({"name": "Roberto"}), "application/json",
        headers=headers,
    )
    told = [answer.status_code, answer.json(), answer.headers.get("Retry-After")]
    print(json.dumps(told), flush=True)

once = {"Idempotency-Key": "una-sola-persona"}
ask("POST")
assert not victims
ask("POST", **once)
ask("GET")
input()
until(is_up, "the server is back")
ask("POST", **once)
ask("POST", **once)
"""


def test_a_database_that_dies_is_said_and_somebody_is_added_once_when_it_is_back(
    installation: Installation,
) -> None:
    asking = start(ASKING, installation.env)
    assert asking.stdin is not None
    assert asking.stdout is not None
    said = asking.stdout

    def answers(number: int) -> list[Any]:
        return [json.loads(said.readline() or "null") for _ in range(number)]

    print(installation.server.status().pid, file=asking.stdin, flush=True)
    assert answers(3) == [DOWN, DOWN, DOWN]
    installation.server.ensure()
    people = installation.database.segmentadores
    assert people.count_documents({"name": "Roberto"}) == 0
    print(file=asking.stdin, flush=True)
    assert [answer[0] for answer in answers(2)] == [201, 201]
    assert people.count_documents({"name": "Roberto"}) == 1
    assert asking.communicate(timeout=PATIENCE)[0] == ""
    people.delete_one({"name": "Roberto"})
