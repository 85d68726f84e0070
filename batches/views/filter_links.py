"""The filters of a list as the words of a sentence, and as links that change one of them."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import QueryDict

from batches.rules.filters import ANY_DOUBTFUL, NOT_VERIFIED
from batches.rules.verdicts import VerdictKind


@dataclass(frozen=True)
class Chip:
    """One active filter, as a word of a sentence, and the URL without it."""

    label: str
    url: str


def given(params: QueryDict) -> dict[str, list[str]]:
    """Leave out what a form sends empty; an empty `assignee` alone means unassigned, and a
    form's «whoever» sends nothing for it."""
    return {
        name: values
        for name, values in params.lists()
        if any(values) or (name == "assignee" and params.get("assignee") == "")
    }


LABELS = {
    "status": "{}",
    "assignee": "Asignado a {}",
    "priority": "prioridad {}",
    "review_status": "revisión: {}",
    "q": "«{}»",
}
FLAGS = {
    ("uploaded", True): "Cargado a Mongo",
    ("uploaded", False): "Sin cargar a Mongo",
    ("overdue", True): "Vencido",
    ("overdue", False): "No vencido",
}


def chips_of(params: QueryDict) -> list[Chip]:
    """Return a chip for each active filter."""
    chips = []
    for name, values in given(params).items():
        for value in values:
            label = _label(name, value)
            if label:
                chips.append(Chip(label, url_with(params, drop=(name, value))))
    return chips


VERDICTS = {
    VerdictKind.WHOLE: "Máscaras verificadas",
    NOT_VERIFIED: "Máscaras sin verificar",
    ANY_DOUBTFUL: "Máscaras dudosas",
    VerdictKind.WARNING: "Máscaras con avisos",
    VerdictKind.INCOMPLETE: "Archivo incompleto",
    VerdictKind.CORRUPT: "Archivo corrupto",
    VerdictKind.NOT_AN_ARCHIVE: "No es un archivo de máscaras",
}


def _label(name: str, value: str) -> str:
    if name == "assignee" and not value:
        return "Sin asignar"
    if name in LABELS and value:
        return LABELS[name].format(value)
    if name == "verdict":
        return VERDICTS.get(value, "")
    return FLAGS.get((name, value.lower() in {"true", "1"}), "") if value else ""


def url_with(params: QueryDict, *, drop: tuple[str, str] | None = None, **changes: str) -> str:
    """Return this page's URL with something changed; a change other than the page goes to 1."""
    pairs = [
        (name, value)
        for name, values in given(params).items()
        for value in values
        if name not in changes and name not in {"page", "cursor"} and (name, value) != drop
    ]
    pairs += list(changes.items())
    return "?" + urlencode(pairs)
