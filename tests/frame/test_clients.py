"""The two clients: opened once per process, with writes that are certain, and CREW_DB."""

from collections.abc import Iterator

import pytest
from pymongo import MongoClient

from segmentacion.mongo.clients import main_database, store_client, store_database
from tests.commands import CERTAIN, listening
from tests.frame.processes import answer, on_test_server

MAIN, CREW = "frame_clients", "frame_otra"
FORKED = """
import json, os
from segmentacion.mongo.clients import store_client
parent = store_client()
parent.admin.command("ping")
child = os.fork()
if not child:
    anew = store_client()
    anew.admin.command("ping")
    os._exit(7 if anew is not parent and anew is store_client() else 1)
_, status = os.waitpid(child, 0)
print(json.dumps([os.waitstatus_to_exitcode(status), store_client() is parent]))
"""
ADDED = """
import json
from crew import queries, services
from crew.models import Segmenter
from segmentacion.actors import SYSTEM_ACTOR
services.add_person(name="Flor")
services.change_person("Flor", actor=SYSTEM_ACTOR, email="flor@test.com")
print(json.dumps([queries.names(), [person.email for person in Segmenter.objects.all()]]))
"""


@pytest.fixture
def server(mongo: None) -> Iterator["MongoClient[dict[str, object]]"]:
    """The tests' server, without the databases of this file when they end."""
    client: MongoClient[dict[str, object]] = MongoClient(on_test_server("")["MONGO_URI"])
    yield client
    for name in (MAIN, CREW):
        client.drop_database(name)
    client.close()


def test_the_store_has_one_client_per_process(mongo: None) -> None:
    assert store_client() is store_client()


def test_a_forked_process_opens_its_own(mongo: None) -> None:
    assert answer(FORKED, on_test_server(MAIN)) == [7, True]


def test_writes_of_both_are_acknowledged_by_the_majority_and_journaled(mongo: None) -> None:
    with listening():
        for database in (main_database(), store_database()):
            assert database.write_concern.document == CERTAIN


def test_times_of_the_main_database_are_aware(mongo: None) -> None:
    assert main_database().codec_options.tz_aware


def test_the_crew_may_be_in_another_database(server: "MongoClient[dict[str, object]]") -> None:
    names, emails = answer(ADDED, on_test_server(MAIN, CREW_DB=CREW))
    assert (names, emails) == (["Flor"], ["flor@test.com"])
    assert [person["name"] for person in server[CREW]["segmentadores"].find()] == ["Flor"]
    assert "segmentadores" not in server[MAIN].list_collection_names()
