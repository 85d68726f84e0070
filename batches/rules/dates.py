"""Dates and times as people, older programs and MongoDB write them."""

from datetime import UTC, date, datetime, time, tzinfo

TIME_FORMATS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d")


def parse_time(value: object, zone: tzinfo) -> datetime | None:
    """Return a moment in UTC; None for nothing (None, empty text).

    A naive datetime is taken as UTC (what MongoDB returns); a text without offset is local to
    `zone`, and a text with only a date is its midnight there. Raises ValueError when the value
    is not a real moment.
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    if not isinstance(value, str):
        raise ValueError(f"«{value}» no es una fecha con hora")
    moment = _parse_text(value.strip())
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def parse_date(value: object) -> datetime | None:
    """Return a date as MongoDB keeps it, midnight UTC; None for nothing.

    Raises ValueError when the value is not a real date in the form 2025-10-20.
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, datetime):
        return datetime.combine(value.date(), time(), UTC)
    if isinstance(value, date):
        return datetime.combine(value, time(), UTC)
    if isinstance(value, str):
        return datetime.combine(_parse_text(value.strip()).date(), time(), UTC)
    raise ValueError(f"«{value}» no es una fecha")


def _parse_text(text: str) -> datetime:
    for form in TIME_FORMATS:
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007 (the caller knows the zone)
        except ValueError:
            continue
    try:
        if len(text) < len("2025-01-01"):
            raise ValueError
        return datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"«{text}» no es una fecha real (usa AAAA-MM-DD)") from None
