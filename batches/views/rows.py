"""The rows of the dashboard's table as HTML; one that looks as before is not rendered again."""

from collections.abc import Hashable, Iterable

from django.utils.safestring import SafeString, mark_safe

from batches.presenting import BatchRow
from segmentacion.http.kept_rows import KeptRows
from segmentacion.templatetags.spanish import ago

_rows = KeptRows("dashboard/row.html", most=2_000)


def html_of(rows: Iterable[BatchRow], *, may_edit: bool) -> SafeString:
    """Return the rows one after another, as `dashboard/row.html` shows each."""
    return mark_safe(  # noqa: S308 - rendered, and escaped, by the template
        "\n".join(
            _rows.html((_shown(row), may_edit), {"row": row, "may_edit": may_edit}) for row in rows
        )
    )


def _shown(row: BatchRow) -> Hashable:
    """Return all that decides how a row looks; the one time that is told in words changes by
    itself."""
    values = {**vars(row), "files": tuple(row.files), "ago": ago(row.updated_at)}
    return tuple((type(value), value) for value in values.values())
