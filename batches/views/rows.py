"""The rows of the dashboard's table as HTML. A row that looks as before is not rendered again.

Rendering is most of what an open dashboard costs, and from one refresh to the next few rows differ.
What is kept is named by all that a row shows, so an entry can be lost but never wrong.
"""

import threading
from collections import OrderedDict
from collections.abc import Hashable, Iterable

from django.template.loader import get_template
from django.utils.safestring import SafeString, mark_safe

from batches.presenting import BatchRow
from segmentacion.templatetags.spanish import ago

MOST = 2_000
_lock = threading.Lock()
_kept: OrderedDict[Hashable, str] = OrderedDict()


def html_of(rows: Iterable[BatchRow], *, may_edit: bool) -> SafeString:
    """Return the rows one after another, as `dashboard/row.html` shows each."""
    return mark_safe("\n".join(_row(row, may_edit) for row in rows))  # noqa: S308


def _row(row: BatchRow, may_edit: bool) -> str:
    key = (_shown(row), may_edit)
    try:
        found = _kept.get(key)
    except TypeError:  # an odd value that an older program left there
        return _render(row, may_edit)
    if found is None:
        found = _render(row, may_edit)
    with _lock:
        _kept[key] = found
        _kept.move_to_end(key)
        if len(_kept) > MOST:
            _kept.popitem(last=False)
    return found


def _shown(row: BatchRow) -> Hashable:
    """Return all that decides how a row looks; the one time that is told in words changes by
    itself."""
    values = {**vars(row), "files": tuple(row.files), "ago": ago(row.updated_at)}
    return tuple((type(value), value) for value in values.values())


def _render(row: BatchRow, may_edit: bool) -> str:
    template = get_template("dashboard/row.html")
    return template.render({"row": row, "may_edit": may_edit})
