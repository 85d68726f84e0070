"""Restoring from «Datos»: the plan, the word, the way back; and what became of a dead job."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from exports.rules.jobs import BEGIN_SECONDS, JobKind, JobState, seen_state
from exports.rules.restoring import Selection
from exports.services.backups import keeping
from exports.services.backups.progress import Stage
from exports.services.jobs import records as job_records
from exports.services.jobs import starting
from exports.services.restoring import restore
from segmentacion.mongo.clients import main_collection
from segmentacion.mongo.leases import held
from tests.exports.backups import backup
from tests.exports.data_pages import kept, make, plan_of, post, shown
from tests.factories import ACTOR, make_batch, stored

pytestmark = pytest.mark.usefixtures("backup_folder")


def test_a_plan_then_the_word_then_the_data_is_back_and_forth_again(lead_client: Client) -> None:
    make_batch("batch_1", comments="antes")
    plan = plan_of(lead_client, make(lead_client))
    assert "No hay qué restaurar" in shown(lead_client, plan)
    main_collection("batches").update_one({"id": "batch_1"}, {"$set": {"comments": "después"}})
    make_batch("batch_2")
    plan = plan_of(lead_client, keeping.listed()[0])
    page = shown(lead_client, plan)
    assert "Se quitan: hoy están y en el respaldo no batch_2" in page
    assert "batch_1 Notas: después → a antes" in page
    assert "Escribe RESTAURAR" in post(lead_client, f"{plan}/restaurar", word="ya")
    assert stored("batch_1")["comments"] == "después"
    answer: Any = lead_client.post(f"{plan}/restaurar", {"word": "RESTAURAR"})
    assert "Restaurado: 2 cambios" in shown(lead_client, answer.url)
    assert (stored("batch_1")["comments"], kept("batch_2")) == ("antes", None)
    back: Any = lead_client.post(f"{answer.url}/volver")
    post(lead_client, f"{back.url}/restaurar", word="RESTAURAR")
    assert (stored("batch_1")["comments"], kept("batch_2") is not None) == ("después", True)


def test_data_that_changed_since_the_plan_makes_a_new_one(lead_client: Client) -> None:
    make_batch("batch_1")
    record = make(lead_client)
    make_batch("batch_2")
    plan = plan_of(lead_client, record)
    make_batch("batch_3")
    page = post(lead_client, f"{plan}/restaurar", word="RESTAURAR")
    assert "Los datos cambiaron desde ese plan" in page
    assert "batch_2, batch_3" in page
    assert kept("batch_2") is not None


def test_some_batches_are_restored_and_the_rest_left(lead_client: Client) -> None:
    make_batch("batch_1", comments="antes")
    make_batch("batch_2", comments="antes")
    record = make(lead_client)
    main_collection("batches").update_many({}, {"$set": {"comments": "después"}})
    plan = plan_of(lead_client, record, what="batches", batches="batch_1, 900000F-900009F")
    post(lead_client, f"{plan}/restaurar", word="RESTAURAR")
    assert [stored(name)["comments"] for name in ("batch_1", "batch_2")] == ["antes", "después"]


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ({"what": "people"}, "Di qué personas"),
        ({"what": "batches", "batches": "esto no"}, "esto"),
        ({"backup": "no-hay"}, "ya no está en la lista"),
    ],
)
def test_a_selection_that_is_not_understood_is_refused(
    lead_client: Client, form: dict[str, str], reason: str
) -> None:
    record = make(lead_client)
    page = post(lead_client, "/data-management/restaurar", **{"backup": record["id"], **form})
    assert reason in page
    assert "Plan de restauración" not in page


def test_an_uploaded_backup_is_planned_and_a_foreign_file_refused(
    lead_client: Client, tmp_path: Path
) -> None:
    make_batch("batch_1")
    path = backup(tmp_path)
    make_batch("batch_2")
    content = path.read_bytes()
    for name, sent, said in (
        (path.name, content, "1 por quitar"),
        (path.name, content[:-40], f"{path.name}: está cortado"),
        ("foto.json", b"\x89PNG\r\n", "foto.json: "),
        ("vacio.json", b"", "vacio.json: está vacío"),
    ):
        page = post(lead_client, "/data-management/restaurar", file=SimpleUploadedFile(name, sent))
        assert said in page
    assert kept("batch_2") is not None


def test_an_upload_that_is_too_big_is_refused_and_leaves_nothing(
    lead_client: Client, backup_folder: Path, settings: Any
) -> None:
    settings.UPLOAD_MAX_MB = 1
    file = SimpleUploadedFile("grande.json", b" " * ((1 << 20) + 1))
    assert "pasa de 1 MB" in post(lead_client, "/data-management/restaurar", file=file)
    assert list((backup_folder / "subidos").iterdir()) == []


def test_two_restores_at_once_one_is_refused_clearly(lead_client: Client) -> None:
    record = make(lead_client)
    make_batch("batch_1")
    plan = plan_of(lead_client, record)
    with held("restore", seconds=30):
        page = post(lead_client, f"{plan}/restaurar", word="RESTAURAR")
    assert "Ya hay una restauración en curso." in page
    assert kept("batch_1") is not None


@pytest.mark.parametrize(
    ("state", "alive", "age", "seen"),
    [
        ("waiting", False, 1.0, JobState.WAITING),
        ("waiting", False, BEGIN_SECONDS + 1.0, JobState.INTERRUPTED),
        ("running", True, 9_999.0, JobState.RUNNING),
        ("running", False, 1.0, JobState.INTERRUPTED),
        ("done", False, 9_999.0, JobState.DONE),
    ],
)
def test_a_job_whose_process_is_gone_is_interrupted(
    state: str, alive: bool, age: float, seen: JobState
) -> None:
    assert seen_state(state, alive=alive, age=age) is seen


def test_a_second_click_leads_to_the_job_that_is_under_way(
    lead_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(starting, "spawn", lambda key: None)
    addresses = [lead_client.post("/data-management/respaldar").headers["Location"] for _ in "ab"]
    assert len(set(addresses)) == 1
    assert "Puedes cerrar esta página" in shown(lead_client, addresses[0])


def test_what_cannot_be_started_is_said(
    lead_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(key: str) -> None:
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr(starting, "spawn", fail)
    assert "No se pudo empezar" in post(lead_client, "/data-management/respaldar")


def test_a_backup_without_a_place_to_go_fails_and_is_told(
    lead_client: Client, tmp_path: Path, settings: Any
) -> None:
    settings.BACKUP_DIRECTORY = tmp_path / "archivo"
    settings.BACKUP_DIRECTORY.write_text("no es una carpeta", encoding="utf-8")
    assert "No se pudo guardar el respaldo" in post(lead_client, "/data-management/respaldar")
    assert "El respaldo más reciente" in shown(lead_client)
    assert "El respaldo más reciente falló" in shown(lead_client, "/dashboard")
    assert lead_client.get("/readyz").json()["last_backup_failed"] is True


def killed(path: Path, until: Stage) -> str:
    """Leave a restore as if its process had died at this stage; return its job's id."""
    options = {"path": str(path), "selection": {}}
    key = job_records.create(JobKind.RESTORE, actor=ACTOR, options=options, label=path.name)
    job_records.claim(key)
    steps = restore(path, Selection(), actor=ACTOR)
    for progress in steps:
        if progress.stage is until:
            break
    steps.close()
    return key


def test_a_restore_that_died_while_it_loaded_changed_nothing(
    lead_client: Client, tmp_path: Path
) -> None:
    path = backup(tmp_path)
    make_batch("batch_1")
    key = killed(path, Stage.INDEX)
    page = shown(lead_client, f"/data-management/trabajos/{key}")
    assert "Interrumpido. El proceso murió antes de cambiar los datos" in page
    assert kept("batch_1") is not None


def test_a_restore_that_died_while_it_swapped_is_completed(
    lead_client: Client, tmp_path: Path
) -> None:
    path = backup(tmp_path)
    make_batch("batch_1")
    key = killed(path, Stage.SWAP)
    page = shown(lead_client, f"/data-management/trabajos/{key}")
    assert "el cambio se completó" in page
    assert kept("batch_1") is None
