"""Reading the environment: what django-environ does not do by itself. Needs no settings."""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path
from typing import TypeVar

from django.core.exceptions import ImproperlyConfigured
from pymongo.uri_parser import parse_uri

Number = TypeVar("Number", int, float)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


@dataclass(frozen=True)
class Rate:
    """So many times in so many seconds."""

    times: int
    seconds: int


def parse_rate(text: str) -> Rate | None:
    """Return the rate that `30/m` (or s, h, d) says; None, which is no limit, when empty.

    Raises ImproperlyConfigured when it says something else.
    """
    if not text.strip():
        return None
    found = re.fullmatch(r"([1-9][0-9]{0,6})/([smhd])", text.strip(), re.ASCII)
    if found is None:
        raise ImproperlyConfigured(
            f"«{text}» no es un límite de peticiones: escribe por ejemplo 30/m (s, m, h o d)."
        )
    return Rate(int(found[1]), UNITS[found[2]])


def positive(name: str, value: Number) -> Number:
    """Return a setting that has to be more than 0. Raises ImproperlyConfigured."""
    if not value > 0:
        raise ImproperlyConfigured(f"{name} debe ser mayor que 0, no {value}.")
    return value


@dataclass(frozen=True)
class Weekly:
    """A moment of each week: the day from 1, Monday, to 7, and the local time."""

    day: int
    time: time

    def has_come(self, now: datetime) -> bool:
        """Tell whether it has come in the ISO week of this local moment."""
        return (now.isoweekday(), now.time()) >= (self.day, self.time)


def parse_weekly(text: str) -> Weekly | None:
    """Return the moment that `mon 08:00` says; None, which is never, when empty.

    Raises ImproperlyConfigured when it says something else.
    """
    if not text.strip():
        return None
    found = re.fullmatch(r"([a-z]{3}) ([01][0-9]|2[0-3]):([0-5][0-9])", text.strip(), re.ASCII)
    if found is None or found[1] not in DAYS:
        raise ImproperlyConfigured(
            f"«{text}» no es un momento de la semana: escribe por ejemplo mon 08:00 "
            f"({', '.join(DAYS)})."
        )
    return Weekly(DAYS.index(found[1]) + 1, time(int(found[2]), int(found[3])))


def database_name_in(uri: str) -> str:
    """Return the database a MongoDB URI names, or "" when it names none or is empty.

    A malformed URI yields "" too: the client that uses it reports what is wrong with it.
    `mongodb+srv` names are not looked up, so that reading settings never touches the network.
    """
    if not uri:
        return ""
    if uri.startswith("mongodb+srv://"):
        uri = "mongodb://" + uri.removeprefix("mongodb+srv://")
    try:
        return parse_uri(uri, validate=False).get("database") or ""
    except Exception:  # any malformed URI; the client's own message is the better one
        return ""


def ensure_secret_key(file: Path) -> bool:
    """Give the `.env` file a fresh SECRET_KEY unless it has one. Returns whether it wrote.

    An empty `SECRET_KEY=` line is filled in; other lines are left as they are. The file is made
    readable by its owner only, and replaced in one step.
    """
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    empty: list[int] = []
    for number, line in enumerate(lines):
        name, _, value = line.strip().removeprefix("export ").partition("=")
        if name.strip() == "SECRET_KEY":
            if value.strip(" \"'"):
                return False
            empty.append(number)
    for number in reversed(empty):
        del lines[number]
    lines.append(f"SECRET_KEY={secrets.token_urlsafe(50)}")
    fresh = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
    fresh.touch(mode=0o600)
    fresh.write_text("\n".join(lines) + "\n", encoding="utf-8")
    fresh.replace(file)
    return True


if __name__ == "__main__":
    ensure_secret_key(Path(__file__).resolve().parent.parent / ".env")
