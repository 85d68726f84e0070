"""Workloads that came back: what they would do, what they do, and what they must not."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client

from batches.rules.changes import Asker
from batches.services.bulk import change_many
from crew.rules import Role
from crew.services import add_person
from exports.rules.workload import accepted
from exports.services.workload import apply_filled, plan_filled
from segmentacion.mongo.clients import main_collection
from tests.exports.test_workload_rules import HEAD
from tests.factories import ACTOR, make_batch, stored

pytestmark = pytest.mark.usefixtures("mongo")
PAGE = "/data-management/cargas"
LEAD = Asker("lider", may_edit=True)


@pytest.fixture
def work(mongo: None) -> None:
    """Flor with three batches, one of them reviewed; one of Íñigo's, one of nobody's."""
    for name in ("Flor", "Íñigo Peña 😀"):
        add_person(name=name)
    make_batch("batch_1", assignee="Flor", odd_field={"kept": True})
    make_batch("batch_2", assignee="Flor", status="In")
    make_batch("batch_3", assignee="Flor", status="S", metadata__review_status="Aprobado")
    make_batch("batch_4", assignee="Íñigo Peña 😀")
    make_batch("batch_5")


def filled(rows: str, encoding: str = "utf-8-sig") -> bytes:
    return (HEAD + rows).encode(encoding, "replace")


def reasons(rows: str, asker: Asker = LEAD) -> dict[str, str]:
    return {row.text: row.reason for row in plan_filled(filled(rows), asker=asker).refused}


def upload(client: Client, data: bytes, name: str = "Flor_20251014.csv") -> str:
    file = SimpleUploadedFile(name, data, "text/csv")
    return client.post(PAGE, {"file": file}).content.decode()


def confirmed(client: Client, page: str) -> tuple[dict[str, str], str]:
    """Confirm the plan a page shows; return its form, and the answer."""
    form = {name: _hidden(page, name) for name in ("accepted", "operation", "filename")}
    return form, client.post(f"{PAGE}/aplicar", form).content.decode()


def _hidden(page: str, name: str) -> str:
    found = page.split(f'name="{name}" value="')[1].split('"', maxsplit=1)[0]
    return found.replace("&quot;", '"')


def test_a_plan_says_what_changes_and_changes_nothing(work: None) -> None:
    plan = plan_filled(filled("batch_1,Flor,S\nbatch_2,Flor,In\nbatch_3,Flor,\n"), asker=LEAD)
    assert [(c.id, c.old, c.new) for c in plan.changes] == [("batch_1", "NS", "S")]
    assert (plan.unchanged, plan.blank, plan.refused) == (1, 1, [])
    assert stored("batch_1")["status"] == "NS"


def test_a_name_excel_could_not_write_in_windows_1252_is_still_that_person(work: None) -> None:
    plan = plan_filled(filled("batch_4,Íñigo Peña 😀,In\n", "cp1252"), asker=LEAD)
    assert [change.id for change in plan.changes] == []
    assert "ahora lo tiene Íñigo Peña 😀" in plan.refused[0].reason  # `?` for two, as Python has it
    excel = filled("batch_4,Íñigo Peña ??,In\n", "cp1252")
    assert [change.id for change in plan_filled(excel, asker=LEAD).changes] == ["batch_4"]
    in_utf8 = filled("batch_4,Íñigo Peña ??,In\n", "utf-8")
    assert plan_filled(in_utf8, asker=LEAD).changes == []


def test_what_is_unknown_or_of_somebody_else_is_refused_by_name(work: None) -> None:
    rows = "batch_9,Flor,S\nbatch_4,Flor,S\nbatch_5,Flor,S\nbatch_1,,S\n"
    assert reasons(rows) == {
        "batch_9": "no existe",
        "batch_4": "en el archivo es de Flor; ahora lo tiene Íñigo Peña 😀",
        "batch_5": "en el archivo es de Flor; ahora está sin asignar",
        "batch_1": "en el archivo no tiene responsable; ahora lo tiene Flor",
    }


def test_an_id_that_several_documents_share_is_not_touched(work: None) -> None:
    main_collection("batches").drop_indexes()
    try:
        make_batch("batch_1", assignee="Flor")
        assert "hay varios batches con este id" in reasons("batch_1,Flor,S\n")["batch_1"]
    finally:
        main_collection("batches").delete_many({})
        call_command("migrate", verbosity=0)


def test_the_rules_of_changes_hold(work: None) -> None:
    assert (
        "sin responsable" in reasons("batch_5,,S\n")["batch_5"].lower()
        or reasons("batch_5,,S\n")["batch_5"]
    )
    stranger = Asker("otra", person="Ceci", may_work=True)
    assert reasons("batch_1,Flor,S\n", stranger) == {
        "batch_1": "Solo puedes cambiar tus propios batches."
    }


def test_what_is_accepted_changes_as_one_operation_and_is_undone_as_one(
    work: None, lead_client: Client
) -> None:
    page = upload(lead_client, filled("batch_1,Flor,In\nbatch_2,Flor,S\n"))
    assert "Cambiar 2 batches" in page
    assert stored("batch_1")["status"] == "NS"
    form, answer = confirmed(lead_client, page)
    assert "2 batches cambiaron de estatus" in answer
    first, second = stored("batch_1"), stored("batch_2")
    assert (first["status"], second["status"]) == ("In", "S")
    assert first["odd_field"] == {"kept": True}
    assert {b["history"][-1]["operation"] for b in (first, second)} == {form["operation"]}
    assert second["completed_at"] is not None
    undone = lead_client.post(f"{PAGE}/deshacer", {"operation": form["operation"]})
    assert "2 batches volvieron a como estaban" in undone.content.decode()
    assert (stored("batch_1")["status"], stored("batch_2")["status"]) == ("NS", "In")


def test_confirming_twice_changes_once(work: None, lead_client: Client) -> None:
    form, _ = confirmed(lead_client, upload(lead_client, filled("batch_1,Flor,In\n")))
    again = lead_client.post(f"{PAGE}/aplicar", form).content.decode()
    assert "1 batch cambió de estatus" in again
    assert len(stored("batch_1")["history"]) == 1


def test_a_batch_that_changed_since_the_plan_is_left_and_named(
    work: None, lead_client: Client
) -> None:
    page = upload(lead_client, filled("batch_1,Flor,In\nbatch_2,Flor,S\n"))
    main_collection("batches").update_one(
        {"id": "batch_1"}, {"$set": {"comments": "espera"}, "$inc": {"version": 1}}
    )
    _, answer = confirmed(lead_client, page)
    assert "1 batch cambió de estatus" in answer
    assert "cambió mientras tanto" in answer
    assert stored("batch_1")["status"] == "NS"


def test_a_batch_that_was_removed_since_the_plan_is_named(work: None) -> None:
    plan = plan_filled(filled("batch_1,Flor,In\n"), asker=LEAD)
    main_collection("batches").delete_one({"id": "batch_1"})
    report = apply_filled(accepted(plan), asker=LEAD, actor=ACTOR, operation="op-1")
    assert (report.changed, report.operation) == (0, None)
    assert report.refused == [("batch_1", "cambió mientras tanto")]


def test_the_page_lists_what_is_refused_and_offers_only_the_rest(
    work: None, lead_client: Client
) -> None:
    page = upload(lead_client, filled("batch_1,Flor,In\nbatch_9,Flor,S\n<b>,Flor,S\n"))
    assert "batch_9" in page
    assert "no existe" in page
    assert "&lt;b&gt;" in page
    assert "Cambiar 1 batch" in page
    nothing = upload(lead_client, filled("batch_9,Flor,S\n"))
    assert "No hay nada que cambiar" in nothing


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"hola", b"\x00" * 50])
def test_a_file_that_is_no_workload_is_refused_on_the_page(
    work: None, lead_client: Client, data: bytes
) -> None:
    assert "Nada cambió." in upload(lead_client, data)


def test_a_form_without_file_plan_or_operation_is_answered(work: None, lead_client: Client) -> None:
    assert "Elige un archivo CSV" in lead_client.post(PAGE).content.decode()
    for form in ({}, {"operation": "x" * 300}, {"operation": "op-12345", "accepted": "["}):
        assert "Nada cambió." in lead_client.post(f"{PAGE}/aplicar", form).content.decode()
    for operation in ("", "never"):
        undone = lead_client.post(f"{PAGE}/deshacer", {"operation": operation})
        assert "Nada cambió." in undone.content.decode()


def test_the_operation_of_another_act_is_not_taken_over(work: None, lead_client: Client) -> None:
    change_many(
        [stored("batch_2")], {"comments": "x"}, asker=LEAD, actor=ACTOR, operation="op-12345678"
    )
    form = {"operation": "op-12345678", "accepted": '[["batch_1","S",1]]', "filename": "x"}
    assert "Nada cambió." in lead_client.post(f"{PAGE}/aplicar", form).content.decode()
    assert stored("batch_1")["status"] == "NS"


def test_as_many_rows_as_a_file_may_have_are_planned_and_confirmed(lead_client: Client) -> None:
    add_person(name="Flor")
    make_batch("batch_000001F", assignee="Flor")
    rows = "".join(f"batch_{n:06d}F,Flor,S\n" for n in range(1, 50_001))
    page = upload(lead_client, filled(rows))
    assert "49,999" in page
    huge = json.dumps([[f"batch_{n:06d}F", "S", 100] for n in range(50_000)])
    form = {"operation": "op-12345678", "accepted": huge, "filename": "x"}
    assert lead_client.post(f"{PAGE}/aplicar", form).status_code == 200


@pytest.mark.parametrize("role", list(Role))
def test_only_who_may_change_every_batch_may_bring_workloads_back(
    client_of: Any, role: Role
) -> None:
    client, expected = client_of(role), 200 if role is Role.LEAD else 403
    assert client.get(PAGE).status_code == expected
    assert client.post(PAGE).status_code == expected
    assert client.post(f"{PAGE}/aplicar").status_code == expected
    assert client.post(f"{PAGE}/deshacer").status_code == expected


def told(capsys: pytest.CaptureFixture[str], file: Path, *args: str) -> Any:
    call_command("import_workload", str(file), "--json", "--yes", *args)
    return json.loads(capsys.readouterr().out)


def test_the_command_plans_and_changes(
    work: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "Flor.csv"
    file.write_bytes(filled("batch_1;Flor;In\nbatch_9;Flor;S\n".replace(";", ",")))
    plan = told(capsys, file, "--dry-run")
    assert plan["plan"] == {"changed": 1, "unchanged": 0, "blank": 0, "refused": 1}
    assert stored("batch_1")["status"] == "NS"
    done = told(capsys, file)
    assert (done["changed"], done["late"]) == (1, [])
    assert stored("batch_1")["history"][-1]["operation"] == done["operation"]


def test_the_command_says_what_it_cannot_read(work: None, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No se pudo leer"):
        call_command("import_workload", str(tmp_path / "none.csv"), stdout=io.StringIO())
    bad = tmp_path / "bad.csv"
    bad.write_bytes(filled("batch_9,Flor,S\n"))
    with pytest.raises(CommandError, match="nada cambió"):
        call_command("import_workload", str(bad), stdout=io.StringIO())
