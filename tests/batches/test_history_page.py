"""`/historial`: what everybody did, its filters, its batches, and undoing from it."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from batches.queries import operations as queries
from batches.rules.activity import ActivityFilter
from batches.rules.changes import Asker
from batches.services import trash
from batches.services.bulk import change_many
from batches.services.changing import change_batch
from batches.services.importing import ImportReport, apply_plan, make_plan
from batches.services.undoing import undo
from crew.services import add_person, remove_person, rename_person
from segmentacion.actors import Actor, Channel
from tests.factories import ACTOR, batch_document, make_batch, make_batches, stored

pytestmark = pytest.mark.usefixtures("mongo")
LEAD = Asker("lider", may_edit=True)
FLOR = Actor("flor", Channel.API)
FRAGMENT = {"HX-Request": "true"}


def change(batch_id: str, actor: Actor = ACTOR, **asked: Any) -> str:
    change_batch(batch_id, asked, asker=LEAD, actor=actor)
    return str(stored(batch_id)["history"][-1]["operation"])


def bulk(count: int, **asked: Any) -> str:
    documents = [batch_document(f"batch_{n:06d}F") for n in range(count)]
    make_batches(documents)
    return change_many(documents, asked, asker=LEAD, actor=ACTOR).operation


def operations(**asked: Any) -> list[str]:
    return [record["operation"] for record in queries.page(ActivityFilter(**asked)).records]


def page(client: Client, query: str = "", **headers: str) -> str:
    answer = client.get(f"/historial{query}", headers=headers)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_it_says_what_to_expect_when_nothing_was_done(lead_client: Client) -> None:
    assert "Todavía no se ha hecho nada" in page(lead_client)


def test_one_change_shows_its_batch_old_and_new(lead_client: Client) -> None:
    make_batch("batch_1")
    change("batch_1", priority="alta")
    html = page(lead_client)
    assert "batch_1" in html
    assert "<del>media</del>" in html
    assert "<ins>alta</ins>" in html


def test_the_newest_come_first_and_pages_go_on_where_the_last_ended(
    lead_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "PER_PAGE", 2)
    make_batch("batch_1")
    done = [change("batch_1", comments=str(n)) for n in range(5)]
    seen, cursor = [], ""
    while True:
        found = queries.page(ActivityFilter(cursor=cursor))
        seen += [record["operation"] for record in found.records]
        cursor = found.next_cursor
        if not cursor:
            break
    assert seen == done[::-1]
    assert "Ver más" in page(lead_client)


def test_each_filter_leaves_its_own() -> None:
    make_batches([batch_document("batch_1"), batch_document("batch_2")])
    mine = change("batch_1", priority="alta")
    hers = change("batch_2", actor=FLOR, comments="Hola")
    assert operations(who="flor") == operations(channel="api") == [hers]
    assert operations(batch="batch_1") == [mine]
    assert operations(field="metadata.priority") == [mine]
    assert operations(kind="undo") == []
    assert operations() == [hers, mine]


def test_a_period_includes_both_its_days(lead_client: Client) -> None:
    from django.utils import timezone

    make_batch("batch_1")
    operation = change("batch_1", priority="alta")
    today = timezone.localdate()
    assert operations(start=today, end=today) == [operation]
    html = page(lead_client, "?from=2020-01-01&to=2020-01-02")
    assert "Nada coincide" in html


def test_a_deleted_batch_is_still_found_by_its_id() -> None:
    key = make_batch("batch_1")["_id"]
    changed = change("batch_1", priority="alta")
    trash.delete([key], actor=ACTOR, operation="borrado")
    assert operations(batch="batch_1") == ["borrado", changed]


@pytest.mark.parametrize("query", ["?color=x", "?kind=x", "?from=ayer", "?cursor=xx", "?field=a"])
def test_an_unknown_filter_is_named_and_everything_shown(lead_client: Client, query: str) -> None:
    answer = lead_client.get(f"/historial{query}")
    assert answer.status_code == 400
    assert "no se entiende" in answer.content.decode()


def test_a_bulk_is_one_row_that_unfolds_in_pages(lead_client: Client) -> None:
    operation = bulk(60, priority="alta")
    assert "60 batches" in page(lead_client)
    first = page(lead_client, f"/{operation}", **FRAGMENT)
    assert first.count("<ins>alta</ins>") == 50
    assert "page=2" in first
    assert page(lead_client, f"/{operation}?page=2", **FRAGMENT).count("<ins>alta</ins>") == 10
    assert "Todo el historial" in page(lead_client, f"/{operation}")


def test_a_page_costs_the_same_with_one_act_and_with_thirty(lead_client: Client) -> None:
    from segmentacion.mongo.clients import main_collection

    make_batch("batch_1")
    for n in range(30):
        change("batch_1", comments=str(n))
    assert len(main_collection("operations").distinct("_id")) == 30
    assert page(lead_client).count("data-undo") == 30


def test_what_was_undone_says_by_whom_and_cannot_be_undone_twice(lead_client: Client) -> None:
    make_batch("batch_1")
    operation = change("batch_1", priority="alta")
    undo(operation, asker=LEAD, actor=FLOR)
    html = page(lead_client)
    assert "deshecho por flor" in html
    assert f'data-undo="{operation}"' not in html


def test_undoing_a_deletion_marks_it_undone(lead_client: Client) -> None:
    key = make_batch("batch_1")["_id"]
    trash.delete([key], actor=ACTOR, operation="borrado")
    undo("borrado", asker=LEAD, actor=FLOR)
    assert queries.undone_by(["borrado"]) == {"borrado": "flor"}


def test_who_may_not_edit_undoes_only_the_own(viewer: User, viewer_client: Client) -> None:
    make_batches([batch_document("batch_1"), batch_document("batch_2")])
    mine = change("batch_1", actor=Actor("lectora", Channel.WEB), comments="x")
    other = change("batch_2", comments="x")
    html = page(viewer_client)
    assert f'data-undo="{mine}"' in html
    assert f'data-undo="{other}"' not in html


def test_an_import_is_recorded_with_what_it_made_and_can_be_undone(lead_client: Client) -> None:
    make_batch("batch_1")
    plan = make_plan([{"id": "batch_1", "folder": "/otra"}, {"id": "batch_2"}])
    report = ImportReport("carga")
    list(apply_plan(plan, actor=ACTOR, operation="carga", report=report))
    assert operations(kind="import") == ["carga"]
    shown, total = queries.touched("carga", page=1)
    assert ({one.id for one in shown}, total) == ({"batch_1", "batch_2"}, 2)
    assert 'data-undo="carga"' in page(lead_client)
    assert lead_client.post("/api/undo/carga").json()["restored"] == 2


def test_people_renamed_and_removed_are_recorded(lead_client: Client) -> None:
    for name in ("Flor", "Ceci"):
        add_person(name=name)
    make_batches([batch_document(f"batch_{n}", assignee="Flor") for n in range(3)])
    rename_person("Flor", "Flor H", actor=ACTOR)
    remove_person("Flor H", actor=ACTOR, reassign_to="Ceci")
    records = queries.page(ActivityFilter(kind="person")).records
    assert [record["changed"] for record in records] == [3, 3]
    assert "Flor ahora se llama Flor H" in page(lead_client)


def test_it_is_for_who_may_read(stranger: Client) -> None:
    assert stranger.get("/historial").status_code == 302
