"""The query that an export link carries: the filters and sort of the page it is on."""

from typing import Any
from urllib.parse import urlencode

from django import template
from django.http import HttpRequest
from django.template.context import Context

from batches.rules.filters import FILTERS
from crew.access import may
from crew.rules import Capability
from exports.rules.asking import Format

register = template.Library()


@register.simple_tag(takes_context=True)
def export_query(context: Context, kind: str, *, sortable: bool = True) -> str:
    """Return `?status=In&format=csv`. What a form sends empty is left out; an empty `assignee`
    means unassigned. A page that did not understand its filters shows all, and so does this."""
    request: Any = context["request"]
    pairs = [] if context.get("error") else list(_carried(request, sortable))
    return "?" + urlencode([*pairs, ("format", Format(kind))])


@register.simple_tag(takes_context=True)
def may_export(context: Context) -> bool:
    """Tell whether who looks at this page may export."""
    return may(context["request"].user, Capability.EXPORT)


def _carried(request: HttpRequest, sortable: bool) -> Any:
    for name in (*FILTERS, *(["sort"] if sortable else [])):
        for value in request.GET.getlist(name):
            if value or name == "assignee":
                yield name, value
