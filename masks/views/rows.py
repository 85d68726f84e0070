"""The rows of the list of `/masks` as HTML; one that looks as before is not rendered again."""

from collections.abc import Hashable, Iterable
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from masks.presenting.listing import FileRow
from segmentacion.http.kept_rows import KeptRows
from segmentacion.templatetags.spanish import elapsed

_rows = KeptRows("masks/file.html", most=2_000)


def html_of(rows: Iterable[FileRow], *, may_verify: bool, may_download: bool) -> SafeString:
    """Return the rows one after another, as `masks/file.html` shows each."""
    rights = {"may_verify": may_verify, "may_download": may_download}
    now = timezone.now()
    shown = (
        _rows.html((_shown(row, now), *rights.values()), {"file": row, **rights}) for row in rows
    )
    return mark_safe("\n".join(shown))  # noqa: S308 - rendered, and escaped, by the template


def _shown(row: FileRow, now: datetime) -> Hashable:
    """Return all that decides how a row looks; times that are told in words change by
    themselves."""
    return (row, *map(type, row), _told(row.uploaded_at, now), _told(row.gone_at, now))


def _told(moment: Any, now: datetime) -> str:
    return elapsed((now - moment).total_seconds()) if isinstance(moment, datetime) else ""
