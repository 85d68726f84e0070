"""The files of a batch as its page shows them."""

from typing import Any

from batches.rules.verdicts import VERDICT_LABELS
from masks.presenting.ids import as_text
from masks.queries.versions import Version

TONES = {"whole": "good", "warning": "warn"}


def version_rows(versions: list[Version]) -> list[dict[str, Any]]:
    """Return each file with the text of its id and its verdict in words."""
    return [
        {"file": version, "id": as_text(version.key), "verdict": _verdict(version)}
        for version in versions
    ]


def _verdict(version: Version) -> dict[str, str] | None:
    if version.verdict is None:
        return None
    kind = str(version.verdict.get("kind") or "")
    return {
        "label": str(VERDICT_LABELS.get(kind, kind)),
        "tone": TONES.get(kind, "bad"),
        "reason": str(version.verdict.get("reason") or ""),
    }
