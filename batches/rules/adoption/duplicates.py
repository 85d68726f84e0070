"""Which of several documents with one id stays."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from typing import Any

from batches.rules.adoption.reading import MISSING, found_at
from batches.rules.dates import parse_time

NEVER = datetime.min.replace(tzinfo=UTC)


class KeepPolicy(StrEnum):
    """What the operator chooses with `--duplicates`.

    `keep-first`: the one that was stored first, which is the order in which the server returns
    documents of one id (it keeps them, and the entries of an index, by their order of insertion).
    `keep-newest`: the one with the latest time; among equals the one stored last.
    """

    KEEP_FIRST = "keep-first"
    KEEP_NEWEST = "keep-newest"


def choose_kept(
    documents: Sequence[Mapping[str, Any]],
    policy: KeepPolicy,
    zone: tzinfo,
    *,
    times: Sequence[str],
) -> int:
    """Return the place of the document that stays, of several in their order of insertion.

    `times` are the paths that say how new one is; the first that differs decides.
    """
    if policy is KeepPolicy.KEEP_FIRST:
        return 0
    ages = [(*(_moment(document, path, zone) for path in times), place)
            for place, document in enumerate(documents)]  # fmt: skip
    return ages.index(max(ages))


def _moment(document: Mapping[str, Any], path: str, zone: tzinfo) -> datetime:
    """Return a time in any shape that is understood; one that is not counts as the oldest."""
    found = found_at(document, path)
    try:
        moment = None if found is MISSING else parse_time(found, zone)
    except (ValueError, OverflowError):
        return NEVER
    return moment or NEVER
