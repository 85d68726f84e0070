"""Numbers and times as people here read them."""

from datetime import UTC, date, datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

MONTHS = ("ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic")


UNITS = (
    (365 * 86_400, "año", "años"),
    (30 * 86_400, "mes", "meses"),
    (86_400, "d", "d"),
    (3_600, "h", "h"),
    (60, "min", "min"),
)


@register.filter
def number(value: Any) -> str:
    """1234 → `1,234`."""
    return f"{value:,}" if isinstance(value, int | float) else str(value)


@register.filter
def percent(part: int, whole: int) -> str:
    """58 of 429 → `13.5 %`; nothing of nothing is 0."""
    return f"{100 * part / whole:.1f} %" if whole else "0.0 %"


@register.filter
def day(value: Any) -> str:
    """A date → `14 oct 2025`. What is not a date is shown as it is stored."""
    if isinstance(value, date):
        return f"{value.day} {MONTHS[value.month - 1]} {value.year}"
    return "" if value is None else str(value)


@register.filter
def moment(value: Any) -> str:
    """A time → `14 oct 2025, 10:30`, local. What is not a time is shown as it is stored."""
    if isinstance(value, datetime):
        local = timezone.localtime(value if value.tzinfo else value.replace(tzinfo=UTC))
        return f"{day(local)}, {local:%H:%M}"
    return "" if value is None else str(value)


@register.filter
def ago(value: Any) -> SafeString | str:
    """A time → `<time>` with `hace 5 min` and the whole date on hover."""
    if not isinstance(value, datetime):
        return moment(value)
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        aware.isoformat(),
        moment(aware),
        elapsed((timezone.now() - aware).total_seconds()),
    )


def elapsed(seconds: float) -> str:
    """Return how long ago, in one unit: `ahora`, `hace 5 min`, `hace 3 h`, `hace 2 d`,
    `hace 4 meses`, `hace 2 años`. A time to come (another clock) is `ahora`."""
    for size, one, many in UNITS:
        count = int(seconds // size)
        if count >= 1:
            return f"hace {count} {one if count == 1 else many}"
    return "ahora"


@register.filter
def filesize(size: Any) -> str:
    """Bytes → `512 B`, `3.2 KB`, `23.4 MB`, `1.5 GB`."""
    if not isinstance(size, int | float):
        return "—"
    for unit, one in (("GB", 1 << 30), ("MB", 1 << 20)):
        if size >= one:
            return f"{size / one:,.1f} {unit}"
    return f"{size / 1024:,.1f} KB" if size >= 1024 else f"{size:.0f} B"


@register.filter
def days(value: Any) -> str:
    """How many days something took → `3.2 d`; less than one → `5 h`; not known → `—`."""
    if not isinstance(value, int | float):
        return "—"
    return f"{value:,.1f} d" if value >= 1 else f"{value * 24:.0f} h"
