"""`manage.py export_assignments`: a whole file, or none."""

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.management import CommandError, call_command

from crew.services import add_person
from exports.rules.asking import Asked
from exports.services import exporting
from exports.services.saving import whole_file
from segmentacion.mongo.clients import main_database
from tests.factories import make_batch
from tests.frame.processes import on_test_server
from tests.site import ROOT

pytestmark = pytest.mark.usefixtures("mongo")


@pytest.fixture(autouse=True)
def flor(mongo: None) -> None:
    add_person(name="Flor")
    make_batch("batch_1", assignee="Flor")


def test_a_person_goes_to_the_named_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "flor.csv"
    target.write_text("lo de antes", encoding="utf-8")
    call_command("export_assignments", "--person", "Flor", "--to", str(target), "--json")
    assert json.loads(capsys.readouterr().out) == {
        "success": True, "file": str(target), "rows": 1,
    }  # fmt: skip
    assert target.read_bytes().endswith(b"batch_1,Flor,\r\n")


def test_excel_goes_into_a_folder_under_its_own_name(tmp_path: Path) -> None:
    call_command("export_assignments", "--format", "xlsx", "--to", str(tmp_path))
    (file,) = tmp_path.iterdir()
    assert file.name.startswith("resumen_asignaciones_")
    assert openpyxl.load_workbook(file).active["A2"].value == "Flor"


def test_an_unknown_person_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="'Nadie' no existe"):
        call_command("export_assignments", "--person", "Nadie", "--to", str(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No se pudo escribir"):
        call_command("export_assignments", "--to", str(tmp_path / "nada" / "x.csv"))


def test_what_fails_in_the_middle_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "resumen.csv"
    target.write_text("lo de antes", encoding="utf-8")

    def fail_in_the_middle() -> None:
        with whole_file(target) as file:
            file.write(b"a medias")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_in_the_middle()
    assert [path.name for path in tmp_path.iterdir()] == ["resumen.csv"]
    assert target.read_text(encoding="utf-8") == "lo de antes"


def run(*args: str, **options: Any) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), "export_assignments", *args],
        env=on_test_server(main_database().name), cwd=ROOT,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options,
    )  # fmt: skip


def test_standard_output_gets_the_file_alone_and_a_broken_pipe_is_a_failure() -> None:
    printed, said = run("--format", "xlsx", "--to", "-").communicate(timeout=60)
    assert said == b""
    assert openpyxl.load_workbook(io.BytesIO(printed)).active["A2"].value == "Flor"
    broken = run("--to", "-")
    assert broken.stdout is not None
    broken.stdout.close()
    assert broken.stderr is not None
    said = broken.stderr.read()
    assert broken.wait(60) == 1
    assert b"No se pudo escribir" in said
    assert b"Traceback" not in said


def test_progress_counts_every_row() -> None:
    counted: list[int] = []
    export = exporting.summary(Asked()).told(lambda: counted.append(1))
    assert b"".join(exporting.chunks(export)).count(b"\r\n") == 1 + len(counted)
