"""The figures in Prometheus' text format: https://prometheus.io/docs/instrumenting/exposition_formats/

The format is a line per figure; tests read it with Prometheus' own parser.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from exports.rules.system import Latency, Server, System, Work, latencies

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
PREFIX = "segmentacion_"
DURATION = "http_request_duration_seconds"
Labels = Mapping[str, object]
Sample = tuple[Labels, float | int | bool | None]


def exposition(
    system: System, counts: Iterable[Mapping[str, Any]], bounds: tuple[float, ...]
) -> str:
    """Return all figures: how the system is now, and what all workers counted so far."""
    documents = [dict(document) for document in counts]
    lines = [*_state(system), *_requests(documents, bounds), *_commands(documents)]
    return "\n".join(lines) + "\n"


def _state(system: System) -> Iterator[str]:
    servers = {"main": system.main, "store": system.store}
    yield from _servers(servers)
    if system.work is not None:
        yield from _work(system.work)
    yield from _gauge(
        "disk_free_bytes",
        "Free bytes of the disk that a folder is on, on this host.",
        [({"folder": f.path}, f.free) for f in system.folders],
    )
    yield from _gauge(
        "disk_size_bytes",
        "Size of the disk that a folder is on, on this host.",
        [({"folder": f.path}, f.total) for f in system.folders],
    )
    if system.traffic is not None:
        yield from _gauge(
            "errors_today", "Requests answered with 500 or above since local midnight.",
            [({}, system.traffic.errors)],
        )  # fmt: skip
        yield from _gauge(
            "slow_requests_today", "Requests slower than SLOW_REQUEST_MS since local midnight.",
            [({}, system.traffic.slow_count)],
        )  # fmt: skip


def _servers(servers: Mapping[str, Server]) -> Iterator[str]:
    for name, said, field in (
        ("database_up", "Whether a database answers.", "reachable"),
        ("database_data_bytes", "Bytes of documents, uncompressed.", "data_bytes"),
        ("database_disk_bytes", "Bytes on disk, indexes included.", "disk_bytes"),
        ("database_documents", "Documents of all collections.", "documents"),
    ):
        samples = [({"database": key}, getattr(server, field)) for key, server in servers.items()]
        yield from _gauge(name, said, samples)


def _work(work: Work) -> Iterator[str]:
    figures: list[tuple[str, str, float | int | bool | None]] = [
        ("last_sync_timestamp_seconds", "When marks and store were last compared.",
         _seconds(work.last_sync)),
        ("last_sync_failed", "Whether the last sync failed or was refused.",
         bool(work.sync_failed)),
        ("watcher_up", "Whether a program follows the mask store.", work.watcher is not None),
        ("last_backup_timestamp_seconds", "When the last good backup was made.",
         _seconds(work.last_backup)),
        ("last_backup_failed", "Whether the newest backup failed.", bool(work.backup_failed)),
        ("backups", "Good backups that are kept.", work.backups),
        ("batches", "Batches.", work.batches),
        ("batches_uploaded", "Batches with masks in the store.", work.uploaded),
    ]  # fmt: skip
    for name, said, value in figures:
        yield from _gauge(name, said, [({}, value)])
    states = ("queue", "pending", "retrying", "failed", "archived")
    images = [({"state": state}, getattr(work.intake, state)) for state in states]
    yield from _gauge("intake_images", "Images of the intake by state.", images)


def _requests(documents: list[dict[str, Any]], bounds: tuple[float, ...]) -> Iterator[str]:
    found = [one for one in documents if one.get("kind") == "request"]
    requests = sorted(found, key=lambda one: str(one["_id"]))
    named = ("method", "route", "status")
    counts = [({name: one[name] for name in named}, one["count"]) for one in requests]
    said = "Requests answered, by all workers and hosts."
    yield from _family("http_requests_total", "counter", said, counts)
    totals = list(latencies(requests, len(bounds) + 1))
    yield from _head(DURATION, "histogram", "Time until a request was answered whole.")
    for total in totals:
        yield from _histogram(total, bounds)
    commands = [({"method": one.method, "route": one.route}, one.commands) for one in totals]
    name, said = "http_request_database_commands_total", "Commands to MongoDB by route."
    yield from _family(name, "counter", said, commands)


def _histogram(total: Latency, bounds: tuple[float, ...]) -> Iterator[str]:
    labels = {"method": total.method, "route": total.route}
    running = 0
    for bound, times in zip((*bounds, "+Inf"), total.classes, strict=True):
        running += times
        yield _line(f"{DURATION}_bucket", {**labels, "le": bound}, running)
    yield _line(f"{DURATION}_sum", labels, total.seconds)
    yield _line(f"{DURATION}_count", labels, total.count)


def _commands(documents: list[dict[str, Any]]) -> Iterator[str]:
    found = sorted(
        (one for one in documents if one.get("kind") == "command"), key=lambda one: one["_id"]
    )
    for name, said, field, unit in (
        ("total", "Commands to MongoDB by web workers.", "count", 1),
        ("failures_total", "Commands that MongoDB refused.", "failed", 1),
        ("seconds_total", "Time they took.", "micros", 1e6),
    ):
        samples = [({"command": one["command"]}, one[field] / unit) for one in found]
        yield from _family(f"mongo_commands_{name}", "counter", said, samples)


def _gauge(name: str, said: str, samples: Iterable[Sample]) -> Iterator[str]:
    yield from _family(name, "gauge", said, samples)


def _family(name: str, kind: str, said: str, samples: Iterable[Sample]) -> Iterator[str]:
    """Yield a figure with its labels; what is not known has no line."""
    known = [(labels, value) for labels, value in samples if value is not None]
    if known:
        yield from _head(name, kind, said)
        yield from (_line(name, labels, value) for labels, value in known)


def _head(name: str, kind: str, said: str) -> Iterator[str]:
    yield f"# HELP {PREFIX}{name} {said}"
    yield f"# TYPE {PREFIX}{name} {kind}"


def _line(name: str, labels: Labels, value: float | int | bool | None) -> str:
    shown = ",".join(f'{key}="{_escape(str(text))}"' for key, text in labels.items())
    number = int(value) if isinstance(value, bool) else value
    return f"{PREFIX}{name}{{{shown}}} {number}" if shown else f"{PREFIX}{name} {number}"


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _seconds(moment: datetime | None) -> float | None:
    return moment.timestamp() if moment is not None else None
