"""The intake's reports as JSON: the same for the API and for `--json`."""

from dataclasses import asdict
from typing import Any

from masks.intake.queries import Status
from masks.intake.services import Recovered, RunReport
from segmentacion.mongo.clients import Document


def status_json(status: Status) -> dict[str, Any]:
    """Return how the intake stands."""
    current = status.current
    return {
        "success": True,
        "current_image": current["name"] if current else None,
        "state": current["state"] if current else "idle",
        "pending_uploads": status.pending_uploads,
        "queue": status.waiting,
        "archived": status.archived,
        "failed": status.failed,
        "system": status.system,
        "forced": status.forced,
        "missing": status.missing,
        "retrying": status.retrying,
        "skipped": [{"name": name, "reason": reason} for name, reason in status.skipped],
        "working": status.working,
        "trouble": status.trouble,
    }


def image_json(image: Document) -> dict[str, Any]:
    """Return what a step leaves of an image."""
    names = ("name", "file", "state", "sha256", "length", "width", "height", "format", "code")
    return {
        **{name: image.get(name) for name in names},
        "duplicate": image.get("duplicate_of") is not None,
    }


def run_json(report: RunReport) -> dict[str, Any]:
    """Return what a run did."""
    return {
        "success": not report.failed,
        "archived": report.archived,
        "duplicates": report.duplicates,
        "bytes": report.bytes,
        "failed": _named(report.failed),
        "retrying": _named(report.retrying),
        "skipped": _named(report.skipped),
        "unsettled": report.unsettled,
        "recovered": asdict(report.recovered),
    }


def recovered_json(report: Recovered) -> dict[str, Any]:
    """Return what a recovery put right."""
    return {"success": True, **asdict(report)}


def _named(reasons: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "reason": reason} for name, reason in sorted(reasons.items())]
