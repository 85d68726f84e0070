"""How the system is, judged: what needs somebody, and how badly."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from exports.rules.system import (
    GIGABYTE,
    Folder,
    Intake,
    Server,
    State,
    System,
    Traffic,
    Watcher,
    Work,
    backup_age,
    latencies,
    problems,
    room,
    worst,
)

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
WELL = Work(
    last_sync=NOW - timedelta(minutes=1),
    watcher=Watcher("aqui", "stream"),
    last_backup=NOW - timedelta(hours=5),
)


def system(**parts: Any) -> System:
    server = Server(reachable=True, database="x")
    folder = Folder("Respaldos", "/r", 50 * GIGABYTE, 100 * GIGABYTE)
    given = {"main": server, "store": server, "folders": (folder,), "work": WELL, **parts}
    return System(at=NOW, host="aqui", same_server=True, **given)


def work(**parts: Any) -> System:
    return system(work=Work(**{**WELL.__dict__, **parts}))


def said(found: System) -> list[tuple[State, str]]:
    return [(problem.state, problem.text) for problem in problems(found)]


def test_when_all_is_well_nothing_is_said() -> None:
    assert said(system()) == []


@pytest.mark.parametrize(
    ("found", "state", "text"),
    [
        (work(last_sync=NOW - timedelta(hours=2)), State.WARN, "hace más de una hora"),
        (work(last_sync=None), State.WARN, "hace más de una hora"),
        (work(sync_failed="porque sí"), State.WARN, "no se hizo"),
        (work(watcher=None), State.WARN, "en vivo"),
        (work(last_backup=None), State.WARN, "Todavía no hay"),
        (work(last_backup=NOW - timedelta(hours=30)), State.WARN, "Ayer no hubo"),
        (work(last_backup=NOW - timedelta(days=4)), State.BAD, "más de tres días"),
        (work(backup_failed="sin espacio"), State.BAD, "falló"),
        (work(intake=Intake(failed=3)), State.WARN, "3"),
        (work(intake=Intake(trouble="no existe")), State.WARN, "carpetas"),
        (system(traffic=Traffic(errors=2)), State.WARN, "2"),
        (system(main=Server(reachable=False, database="x")), State.BAD, "principal"),
        (system(store=Server(reachable=False, database="x")), State.BAD, "almacén"),
        (system(folders=(Folder("R", "/r", 0, 0),)), State.BAD, "No se puede leer"),
    ],
)
def test_what_needs_somebody_is_said(found: System, state: State, text: str) -> None:
    ((told, words),) = said(found)
    assert told is state
    assert text in words


def test_the_grave_comes_first() -> None:
    found = system(
        store=Server(reachable=False, database="x"), work=Work(**{**WELL.__dict__, "watcher": None})
    )
    assert [state for state, _ in said(found)] == [State.BAD, State.WARN]


def test_with_the_main_database_down_only_that_and_the_disks_are_judged() -> None:
    found = system(main=Server(reachable=False, database="x"), work=None, traffic=None)
    assert len(said(found)) == 1


@pytest.mark.parametrize(
    ("free", "total", "state"),
    [
        (50, 100, State.GOOD),
        (9, 100, State.WARN),
        (1, 4, State.WARN),
        (2, 100, State.BAD),
        (0, 0, State.BAD),
    ],
)
def test_room_is_judged_by_share_and_by_size(free: int, total: int, state: State) -> None:
    assert room(Folder("x", "/", free * GIGABYTE, total * GIGABYTE)) is state


def test_folders_of_one_disk_are_one_problem() -> None:
    full = [Folder(name, f"/{name}", 0, 100 * GIGABYTE, disk=1) for name in ("a", "b")]
    ((_, words),) = said(system(folders=tuple(full)))
    assert words.endswith("a, b")


def test_a_backup_of_tomorrows_clock_is_recent() -> None:
    assert backup_age(NOW + timedelta(minutes=5), NOW) is State.GOOD


def test_the_worst_of_none_is_good() -> None:
    assert worst([]) is State.GOOD
    assert worst([State.WARN, State.BAD, State.GOOD]) is State.BAD


def test_a_histogram_adds_up_over_statuses() -> None:
    stored = [
        {"route": "/x", "method": "GET", "count": 3, "seconds": 1.0, "commands": 6,
         "classes": {"0": 2, "2": 1}},
        {"route": "/x", "method": "GET", "count": 1, "seconds": 0.5, "classes": {"2": 1, "99": 7}},
    ]  # fmt: skip
    (total,) = latencies(stored, 3)
    assert (total.classes, total.count, total.seconds, total.commands) == ([2, 0, 2], 4, 1.5, 6)
