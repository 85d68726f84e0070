"""Importing and replacing batches from the command line, against a real server."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from batches.models import Batch
from batches.services.importing import ImportReport, apply_plan, make_plan
from crew.services import add_person
from segmentacion.mongo import trash
from segmentacion.mongo.clients import main_collection
from tests.factories import ACTOR, make_batch, stored

pytestmark = pytest.mark.usefixtures("mongo")


@pytest.fixture
def write(tmp_path: Path) -> Any:
    def write_file(data: object) -> str:
        path = tmp_path / "batches.json"
        path.write_text(data if isinstance(data, str) else json.dumps(data), encoding="utf-8")
        return str(path)

    return write_file


def run(command: str, *args: str) -> str:
    out = StringIO()
    call_command(command, *args, stdout=out)
    return out.getvalue()


def count() -> int:
    return main_collection(Batch.COLLECTION).count_documents({})


def test_it_imports_the_first_day_once() -> None:
    file = str(settings.BASE_DIR / "demo" / "batches.json")
    assert "Creados: 429" in run("import_batches", file)
    assert "Sin cambios: 429" in run("import_batches", file)
    assert count() == 429


def test_a_new_batch_has_every_field_and_its_first_event(write: Any) -> None:
    add_person(name="Flor")
    run("import_batches", write([{"id": "000129f", "assignee": "Flor", "cliente": "IEMSA"}]))
    batch = stored("batch_000129F")
    assert (batch["status"], batch["assignee"], batch["cliente"]) == ("NS", "Flor", "IEMSA")
    assert (batch["mongo_uploaded"], batch["version"]) == (False, 1)
    assert batch["metadata"]["assigned_at"] is not None
    assert [event["channel"] for event in batch["history"]] == ["command"]


def test_a_change_raises_the_version_and_records_old_and_new(write: Any) -> None:
    make_batch("batch_1", folder="/a", version=4, otro="x")
    run("import_batches", write([{"id": "batch_1", "folder": "/b"}]))
    batch = stored("batch_1")
    assert (batch["folder"], batch["version"], batch["otro"]) == ("/b", 5, "x")
    assert batch["history"][-1]["changes"] == [{"field": "folder", "old": "/a", "new": "/b"}]


def test_a_dry_run_writes_nothing(write: Any) -> None:
    printed = run("import_batches", "--dry-run", write(["batch_1"]))
    assert "Nuevos: 1" in printed
    assert count() == 0


def test_invalid_rows_stop_everything_unless_the_caller_chooses(write: Any) -> None:
    file = write(["batch_1", "lote_7"])
    with pytest.raises(CommandError, match="1 filas inválidas y no se importó nada"):
        run("import_batches", file)
    assert count() == 0
    assert "Creados: 1" in run("import_batches", "--skip-invalid", file)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "no es JSON válido"),
        ('{"batches": [', "línea 1, columna 14"),
        ("[]", "no trae ningún batch"),
        ('"batch_1"', "lista de batches"),
        ("[" * 100_000, "demasiados niveles|no es JSON"),
    ],
)
def test_a_bad_file_is_refused_with_its_reason(write: Any, content: str, reason: str) -> None:
    with pytest.raises(CommandError, match=reason):
        run("import_batches", write(content))


def test_a_file_that_is_missing_or_not_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No se pudo leer"):
        run("import_batches", str(tmp_path / "no.json"))
    (tmp_path / "b.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CommandError, match="UTF-8"):
        run("import_batches", str(tmp_path / "b.json"))


def test_json_output_is_one_object(write: Any) -> None:
    report = json.loads(run("import_batches", "--json", write(["batch_1"])))
    assert (report["success"], report["created"], report["plan"]["new"]) == (True, 1, 1)


def test_a_batch_changed_between_plan_and_write_is_left_and_named() -> None:
    make_batch("batch_1", folder="/a")
    plan = make_plan([{"id": "batch_1", "folder": "/b"}, "batch_2"])
    main_collection(Batch.COLLECTION).update_one({"id": "batch_1"}, {"$inc": {"version": 1}})
    make_batch("batch_2", folder="/de otra persona")
    report = ImportReport("op")
    assert list(apply_plan(plan, actor=ACTOR, operation="op", report=report))
    assert sorted(report.conflicts) == ["batch_1", "batch_2"]
    assert stored("batch_1")["folder"] == "/a"
    assert stored("batch_2")["folder"] == "/de otra persona"


def test_replacing_moves_the_rest_to_the_trash_whole(write: Any) -> None:
    make_batch("batch_1")
    make_batch("batch_2", comments="importante", rareza={"x": 1})
    before = stored("batch_2")
    printed = run("replace_batches", "--yes", write(["batch_1", "batch_3"]))
    assert "En la papelera: 1" in printed
    assert count() == 2
    (kept,) = trash.of_kind("batch")
    assert (kept["key"], kept["reason"], kept["document"]) == ("batch_2", "reemplazado", before)


def test_replacing_asks_first(write: Any) -> None:
    make_batch("batch_1")
    with pytest.raises(CommandError, match="usa --yes"):
        run("replace_batches", write(["batch_2"]))
    assert count() == 1


def test_replacing_keeps_a_batch_whose_row_is_invalid(write: Any) -> None:
    make_batch("batch_1")
    run(
        "replace_batches",
        "--yes",
        "--skip-invalid",
        write([{"id": "batch_1", "status": "X"}, "batch_2"]),
    )
    assert stored("batch_1")["status"] == "NS"


def test_a_batch_changed_while_it_goes_to_the_trash_stays() -> None:
    from batches.services import importing

    make_batch("batch_1")
    copied = importing.trash.put

    def put_and_change(*args: Any, **kwargs: Any) -> int:
        stored_now = copied(*args, **kwargs)
        main_collection(Batch.COLLECTION).update_one({"id": "batch_1"}, {"$inc": {"version": 1}})
        return stored_now

    importing.trash.put = put_and_change  # type: ignore[assignment]
    try:
        removed = importing.move_to_trash(
            ["batch_1"], reason="reemplazado", actor=ACTOR, operation="op"
        )
    finally:
        importing.trash.put = copied
    assert removed == 0
    assert stored("batch_1")["version"] == 2
