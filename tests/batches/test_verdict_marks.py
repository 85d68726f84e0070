"""⚠️ beside the ✅: what a verdict shows on the pages, filters by it, and the counter."""

from typing import Any

import pytest
from django.test import Client

from batches.queries.counters import recount
from batches.rules.filters import VERDICTS, parse_filter, verdict_kinds
from batches.rules.verdicts import VerdictKind, read_verdict
from crew.filters import FilterError
from tests.factories import MOMENT, batch_document, make_batches

BAD = ["warning", "incomplete", "corrupt", "not_an_archive"]


def verdict(kind: str, reason: str = "") -> dict[str, Any]:
    return {
        "kind": kind,
        "reason": reason,
        "file_id": "a",
        "filename": "masks.tar.xz",
        "checked_at": MOMENT,
    }


def make_one_of_each() -> None:
    documents = [
        batch_document(f"batch_{kind}", mongo_uploaded=True, mask_verdict=verdict(kind, "cortado"))
        for kind in VerdictKind
    ]
    documents.append(batch_document("batch_unverified", mongo_uploaded=True))
    documents.append(batch_document("batch_null", mongo_uploaded=True, mask_verdict=None))
    documents.append(batch_document("batch_gone", mask_verdict=verdict("corrupt")))
    make_batches(documents)


@pytest.mark.parametrize(
    "odd", [None, "corrupt", 5, [], {}, {"kind": "nuevo"}, {"kind": ["whole"]}]
)
def test_what_is_no_verdict_counts_as_not_verified(odd: Any) -> None:
    assert read_verdict(odd) is None


def test_a_verdict_may_lack_everything_but_its_kind() -> None:
    found = read_verdict({"kind": "corrupt"})
    assert found
    assert (found.is_doubtful, found.reason, found.label) == (True, "", "corrupto")


def test_doubtful_is_every_kind_but_whole() -> None:
    assert verdict_kinds(["doubtful"]) == BAD
    assert verdict_kinds(["none", "whole"]) == [None, "whole"]


def test_an_unknown_verdict_is_named() -> None:
    with pytest.raises(FilterError, match="verdict: «roto» no existe"):
        parse_filter({"verdict": ["roto"]})


@pytest.mark.usefixtures("mongo")
@pytest.mark.parametrize("value", VERDICTS)
def test_each_filter_leaves_its_own(lead_client: Client, value: str) -> None:
    make_one_of_each()
    wanted = {
        "none": ["batch_null", "batch_unverified"],
        "doubtful": sorted(f"batch_{kind}" for kind in BAD),
    }.get(value, [f"batch_{value}"])
    data = lead_client.get(f"/api/batches?verdict={value}").json()
    assert [batch["id"] for batch in data["batches"]] == wanted


@pytest.mark.usefixtures("mongo")
def test_the_api_shows_the_verdict_or_null(lead_client: Client) -> None:
    make_one_of_each()
    shown = lead_client.get("/api/batches/batch_corrupt").json()["batch"]["mask_verdict"]
    assert (shown["kind"], shown["reason"]) == ("corrupt", "cortado")
    assert lead_client.get("/api/batches/batch_unverified").json()["batch"]["mask_verdict"] is None


@pytest.mark.usefixtures("mongo")
@pytest.mark.parametrize("path", ["/dashboard/row/{}", "/batch/{}", "/batch-management?q={}"])
@pytest.mark.parametrize("kind", BAD)
def test_a_bad_archive_is_never_a_plain_check(lead_client: Client, path: str, kind: str) -> None:
    """The id is of digits, so that the board can search it."""
    document = batch_document("batch_1", mongo_uploaded=True, mask_verdict=verdict(kind, "cortado"))
    make_batches([document])
    html = lead_client.get(path.format("batch_1")).content.decode()
    assert "⚠️" in html
    assert "cortado" in html
    assert "✅" not in html


@pytest.mark.usefixtures("mongo")
def test_the_check_says_whether_it_was_verified(lead_client: Client) -> None:
    make_one_of_each()
    whole = lead_client.get("/dashboard/row/batch_whole").content.decode()
    unverified = lead_client.get("/dashboard/row/batch_unverified").content.decode()
    assert "✅" in whole
    assert "Verificado completo" in whole
    assert "✅" in unverified
    assert "Sin verificar" in unverified
    assert "✅" not in lead_client.get("/dashboard/row/batch_gone").content.decode()


@pytest.mark.usefixtures("mongo")
def test_the_counter_shows_only_when_there_are_any(lead_client: Client) -> None:
    make_batches([batch_document("batch_1", mongo_uploaded=True)])
    assert "Con archivo dudoso" not in lead_client.get("/dashboard").content.decode()
    make_one_of_each()
    assert recount().doubtful == len(BAD)
    html = lead_client.get("/dashboard?verdict=doubtful").content.decode()
    assert "Con archivo dudoso" in html
    assert "Máscaras dudosas" in html
    assert 'data-total="4"' in html


@pytest.mark.usefixtures("mongo")
def test_notes_the_thread_and_the_review_have_their_own_places(lead_client: Client) -> None:
    thread = [{"id": "a", "at": MOMENT, "who": "flor", "text": "secreto del hilo"}]
    make_batches(
        [
            batch_document("batch_1", comment_thread=thread * 3),
            batch_document("batch_2", comments="nota", metadata__review_status="No Aprobado"),
        ]
    )
    html = lead_client.get("/dashboard").content.decode()
    assert "3 comentarios" in html
    assert "secreto del hilo" not in html
    row = lead_client.get("/dashboard/row/batch_2").content.decode()
    assert "Notas: nota" in row
    assert 'mark--bad" tabindex' not in row
