"""What leaves the system, opened by LibreOffice and saved again. `make soak`; needs `soffice`.

Without it these tests fail; the ordinary run does not collect this file.
"""

import csv
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from batches.rules.cells import guard
from segmentacion.mongo.clients import main_collection
from tests.factories import batch_document, make_batches

NAMES = (
    "María José Ñúñez", "Ñandú 😀", 'O\'Brien "el rápido", S.A.', "Línea uno\nlínea dos",
    "=1+1", "+1+1", "-1+1", "@SUM(1+1)", '=HYPERLINK("http://ejemplo.mx","clic")', "=1+1;2", "007",
)  # fmt: skip
# A person of another program; our addresses hold no line break, the team's table does.
ADDRESSED = tuple(name for name in NAMES if "\n" not in name)
# Separator, quote, UTF-8, from the first line; written as shown, every sheet to a file of its own.
READ = "CSV:44,34,76,1"
WRITE = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"


@pytest.fixture
def team(mongo: None) -> None:
    """People of all kinds of names, with two batches each."""
    main_collection("segmentadores").insert_many([{"name": name, "active": True} for name in NAMES])
    make_batches(
        batch_document(f"batch_{n:06d}F", assignee=name, status="S" if n % 2 else "NS")
        for n, name in enumerate(NAMES * 2)
    )


def saved(client: Client, folder: Path, ending: str) -> list[Path]:
    """Fetch the export of each person, then the team's, in the order of the names."""
    paths = [f"segmentador/{quote(name, safe='')}" for name in ADDRESSED] + ["all-assignments"]
    files = []
    for number, path in enumerate(paths):
        answer: Any = client.get(f"/api/export/{path}", {"format": ending})
        assert answer.status_code == 200
        file = folder / f"{number:02d}.{ending}"
        file.write_bytes(b"".join(answer.streaming_content))
        files.append(file)
    return files


def reopened(files: list[Path], *options: str) -> list[list[list[str]]]:
    """Have LibreOffice open files and save their sheets as CSV; return the first sheet's rows."""
    folder = files[0].parent
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    command = ["soffice", profile, "--headless", *options, "--convert-to", WRITE]
    subprocess.run(
        [*command, "--outdir", str(folder / "out"), *map(str, files)],
        check=True, capture_output=True, timeout=600,
    )  # fmt: skip
    titles = {".csv": "{0}", ".xlsx": "Carga de trabajo"}
    found = []
    for file in files:
        title = titles[file.suffix].format(file.stem)
        if file.suffix == ".xlsx" and file == files[-1]:
            title = "Resumen del equipo"
        text = (folder / "out" / f"{file.stem}-{title}.csv").read_text("utf-8-sig")
        found.append(list(csv.reader(text.splitlines(keepends=True))))
    return found


def test_csvs_keep_accents_and_run_no_formula(
    team: None, lead_client: Client, tmp_path: Path
) -> None:
    *people, summary = reopened(saved(lead_client, tmp_path, "csv"), f"--infilter={READ}")
    for name, (head, *rows) in zip(ADDRESSED, people, strict=True):
        assert head == ["Batch ID", "Responsable", "Estatus"]
        assert [row[1] for row in rows] == [shown(name)] * 2
    assert {row[0] for row in summary[1:]} == set(map(shown, NAMES))


def test_workbooks_keep_texts_as_they_are(team: None, lead_client: Client, tmp_path: Path) -> None:
    *people, summary = reopened(saved(lead_client, tmp_path, "xlsx"))
    for name, (_, *rows) in zip(ADDRESSED, people, strict=True):
        assert [row[1] for row in rows] == [name] * 2
    assert {tuple(row[:2]) for row in summary[1:]} == {(name, "2") for name in NAMES}


def shown(name: str) -> str:
    """Return what a spreadsheet shows of a guarded cell. It takes digits alone for a number."""
    return "7" if name == "007" else guard(name)
