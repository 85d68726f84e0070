"""Backup and restore when processes die under them and the disk is full. Real processes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.installation import Installation
from tests.site import ROOT, manage
from tests.waiting import until

pytestmark = pytest.mark.faults

SWAP = "exports.services.restoring.swapping"


@pytest.mark.parametrize(
    ("module", "name", "times", "ends"),
    [
        ("exports.services.restoring.engine", "write_backup", 1, "después"),  # planned
        ("exports.services.restoring.staging", "insert", 1, "después"),  # loading
        (SWAP, "_put_in_place", 2, "antes"),  # people renamed, batches not
        (SWAP, "close", 1, "antes"),  # all renamed, nobody told
    ],
)
def test_killed_at_any_step_it_ends_whole(
    installation: Installation, module: str, name: str, times: int, ends: str
) -> None:
    installation.fill("después")
    code = installation.die_in(module, name, times, "restore", installation.backup, "--yes")
    assert code == -9
    installation.resume()
    assert installation.comments() == {ends}
    installation.check_clean()
    if ends == "antes":
        record = installation.database.operations.find_one(sort=[("at", -1)])
        assert (record["kind"], record["changed"] > 0) == ("restore_backup", True)


def test_killed_before_the_swap_and_changed_since_it_is_taken_back(
    installation: Installation,
) -> None:
    installation.fill("después")
    installation.die_in(SWAP, "_put_in_place", 1, "restore", installation.backup, "--yes")
    installation.fill("más tarde")
    installation.resume()
    assert installation.comments() == {"más tarde"}
    installation.check_clean()


def test_the_next_restore_completes_the_one_before(installation: Installation) -> None:
    installation.fill("después")
    installation.die_in(SWAP, "_put_in_place", 2, "restore", installation.backup, "--yes")
    done = manage("restore", installation.backup, "--yes", env=installation.env)
    assert installation.comments() == {"antes"}, done.stderr
    installation.check_clean()


def test_a_backup_killed_while_it_is_written_leaves_nothing_that_looks_good(
    installation: Installation, tmp_path: Path
) -> None:
    to = tmp_path / "to"
    module = "exports.services.backups.files"
    assert installation.die_in(module, "_check_same", 1, "backup", "--to", str(to)) == -9
    (left,) = [path.name for path in to.iterdir()]
    assert left.endswith(".part")
    assert manage("backup", "--to", str(to), env=installation.env).returncode == 0
    (made,) = [path.name for path in to.iterdir()]
    assert made.endswith(".json")


def test_a_disk_full_of_what_is_to_be_loaded_fails_clearly_and_leaves_nothing(
    installation: Installation,
) -> None:
    installation.fill("después")
    done = installation.on_a_disk_of(20_000, "restore", installation.backup, "--yes", "--json")
    assert done.returncode == 1
    error = json.loads(done.stdout)["error"]
    assert "lo que se va a restaurar: no queda espacio" in error
    assert "Traceback" not in done.stderr
    assert installation.comments() == {"después"}
    installation.check_clean()


def test_memory_stays_flat_however_many_there_are(
    installation: Installation, tmp_path: Path
) -> None:
    few = peak_of(installation, tmp_path / "few")
    installation.database.trash.insert_many(
        {"_id": n, "kind": "x", "document": {"text": "x" * 900}} for n in range(50_000)
    )
    many = peak_of(installation, tmp_path / "many")
    size = sum(path.stat().st_size for path in (tmp_path / "many").iterdir())
    installation.database.trash.delete_many({})
    assert size > 45_000_000
    assert many - few < 30_000_000


def peak_of(installation: Installation, to: Path) -> int:
    """Return the most memory that a backup took, in bytes."""
    code = (
        "import django; django.setup(); from django.core.management import call_command; "
        f"call_command('backup', '--to', {str(to)!r}, '--json', stdout=open('/dev/null', 'w')); "
        "print(next(l.split()[1] for l in open('/proc/self/status') if l.startswith('VmHWM')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=installation.env,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout.split()[-1]) * 1024


def test_a_restore_into_a_pipe_that_nobody_reads_still_ends_whole(
    installation: Installation,
) -> None:
    installation.fill("después")
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, str(ROOT / "manage.py"), "restore", installation.backup, "--yes"]
    process = subprocess.Popen(
        command, env=installation.env, stdout=writer, stderr=subprocess.DEVNULL
    )
    os.close(writer)
    process.wait(60)
    until(lambda: len(installation.comments()) == 1, "one side of the restore only")
    installation.resume()
    installation.check_clean()
