"""What figures can be asked for: a period of whole weeks, a series, a priority, a person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from batches.rules.metrics.tally import PRIORITIES, SERIES
from batches.rules.metrics.weeks import LENGTH, monday
from crew.filters import FilterError, parse_day

WEEKS, MAX_WEEKS, MAX_NAME = 12, 520, 80
NAMES = ("weeks", "from", "to", "series", "priority", "person")
Params = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Question:
    """Which figures. `first` and `last` are ordinals of Mondays, both included; "" is whatever."""

    first: int
    last: int
    series: str = ""
    priority: str = ""
    person: str = ""
    weeks: int = 0  # as asked for, or 0 where two days were

    @property
    def length(self) -> int:
        """Return of how many weeks it is."""
        return (self.last - self.first) // LENGTH + 1

    @property
    def params(self) -> dict[str, str]:
        """Return the parameters that ask for the same, without those that say nothing."""
        period = {"weeks": str(self.weeks)} if self.weeks else {
            "from": date.fromordinal(self.first).isoformat(),
            "to": date.fromordinal(self.last + LENGTH - 1).isoformat(),
        }  # fmt: skip
        named = {"series": self.series, "priority": self.priority, "person": self.person}
        return period | {name: value for name, value in named.items() if value}


def parse_question(params: Params, *, today: date) -> Question:
    """Return what query parameters ask for; the days of a period are widened to whole weeks.

    Raises FilterError naming what is wrong.
    """
    unknown = [name for name in params if name not in NAMES]
    if unknown:
        raise FilterError(f"Parámetro desconocido: {', '.join(unknown)}")
    given = {name: (params.get(name) or ("",))[-1].strip() for name in NAMES}
    first, last, weeks = _period(given, today)
    return Question(
        first=first,
        last=last,
        series=_choice("series", given["series"], SERIES),
        priority=_choice("priority", given["priority"], PRIORITIES),
        person=_person(given["person"]),
        weeks=weeks,
    )


def _period(given: Mapping[str, str], today: date) -> tuple[int, int, int]:
    current = monday(today).toordinal()
    if given["from"] or given["to"]:
        if given["weeks"]:
            raise FilterError("weeks: o semanas, o desde y hasta; no las dos cosas")
        return (*_days(given, today), 0)
    weeks = _number(given["weeks"])
    return current - LENGTH * (weeks - 1), current, weeks


def _days(given: Mapping[str, str], today: date) -> tuple[int, int]:
    last_day = parse_day("to", given["to"]) or today
    first_day = parse_day("from", given["from"])
    last_day = min(last_day, today)
    last = monday(last_day).toordinal()
    first = monday(first_day).toordinal() if first_day else last - LENGTH * (WEEKS - 1)
    if first > last:
        raise FilterError("from: el periodo empieza después de terminar, o después de hoy")
    if (last - first) // LENGTH >= MAX_WEEKS:
        raise FilterError(f"from: el periodo es demasiado largo (máximo {MAX_WEEKS} semanas)")
    return first, last


def _number(text: str) -> int:
    if not text:
        return WEEKS
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= MAX_WEEKS):
        raise FilterError(f"weeks: «{text[:20]}» debe ser un número de 1 a {MAX_WEEKS}")
    return int(text)


def _choice(name: str, text: str, choices: Sequence[str]) -> str:
    if text and text not in choices:
        raise FilterError(f"{name}: «{text[:20]}» no existe (usa {', '.join(choices)})")
    return text


def _person(text: str) -> str:
    if len(text) > MAX_NAME or "\0" in text:
        raise FilterError("person: no es un nombre")
    return text
