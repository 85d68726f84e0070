"""The units: systemd accepts them, and each starts a command that exists."""

import os
import shutil
from configparser import ConfigParser
from pathlib import Path

import pytest

from deploy.tests.servers import run
from tests.site import ROOT, environment, manage

UNITS = sorted([*ROOT.glob("deploy/*.service"), *ROOT.glob("deploy/*.timer")])
SERVICES = [unit for unit in UNITS if unit.suffix == ".service"]
PLACE = "/opt/segmentacion"


def read(unit: Path) -> ConfigParser:
    parser = ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(unit.read_text("utf-8"))
    return parser


def test_systemd_has_nothing_to_say_about_them(tmp_path: Path) -> None:
    python = tmp_path / "place/.venv/bin/python"
    python.parent.mkdir(parents=True)
    shutil.copy("/bin/true", python)
    for unit in UNITS:
        text = unit.read_text("utf-8").replace(PLACE, str(tmp_path / "place"))
        (tmp_path / unit.name).write_text(text, "utf-8")
    copies = [str(tmp_path / unit.name) for unit in UNITS]
    assert len(copies) >= 7
    said = run("env", f"SYSTEMD_UNIT_PATH={tmp_path}:", "systemd-analyze", "verify", *copies)
    assert str(tmp_path) not in said


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_each_starts_a_command_of_ours_with_options_it_has(unit: Path) -> None:
    python, script, command, *options = read(unit)["Service"]["ExecStart"].split()
    assert (python, script) == (f"{PLACE}/.venv/bin/python", "manage.py")
    help_text = manage(command, "--help", env=environment(MONGO_URI=os.environ["MONGO_URI"]))
    assert help_text.returncode == 0, help_text.stderr
    assert all(option in help_text.stdout for option in options)


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_each_may_write_only_where_the_product_keeps_things(unit: Path) -> None:
    service = read(unit)["Service"]
    assert (service["User"], service["ProtectSystem"]) == ("segmentacion", "strict")
    assert all(path.startswith(PLACE + "/") for path in service["ReadWritePaths"].split())


def test_each_timer_starts_a_service_that_is_there() -> None:
    timers = [unit for unit in UNITS if unit.suffix == ".timer"]
    assert {timer.with_suffix(".service") for timer in timers} <= set(SERVICES)
    assert all("OnCalendar" in read(timer)["Timer"] for timer in timers)
