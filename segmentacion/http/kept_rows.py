"""Rows of a table as HTML. A row that looks as before is not rendered again.

Rendering is most of what a table costs, and from one look at it to the next few rows differ. What
is kept is named by all that a row shows, so an entry can be lost but never wrong.
"""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Any

from django.template.loader import get_template


class KeptRows:
    """The rows of one template, the most recently used `most` of them; for all threads."""

    def __init__(self, template: str, *, most: int) -> None:
        self._template, self._most = template, most
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, str] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def html(self, shown: Hashable, context: dict[str, Any]) -> str:
        """Return the row; `shown` is all that decides how it looks in this context."""
        try:
            found = self._kept.get(shown)
        except TypeError:  # an odd value that an older program left there
            return self._render(context)
        if found is None:
            found = self._render(context)
        with self._lock:
            self._kept[shown] = found
            self._kept.move_to_end(shown)
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return found

    def _render(self, context: dict[str, Any]) -> str:
        return get_template(self._template).render(context)
