"""What of a backup is restored, from the words that a person gave."""

from collections.abc import Iterable

from batches.rules.names import parse_batch_id
from batches.rules.selecting import parse_range
from crew.filters import FilterError
from crew.rules import clean_name
from exports.rules.restoring import Selection


def selection_of(
    *, only_crew: bool = False, assignees: Iterable[str] = (), batches: Iterable[str] = ()
) -> Selection:
    """Return what is selected: names of people, ids and ranges of batches.

    Raises FilterError or CrewError naming what is not understood.
    """
    ids, ranges = set(), []
    for text in batches:
        batch_id = parse_batch_id(text)
        if batch_id:
            ids.add(batch_id)
        else:
            ranges.append(parse_range(text))
    names = frozenset(clean_name(name) for name in assignees)
    if only_crew and (names or ids or ranges):
        raise FilterError("«Solo el equipo» no se combina con personas ni con batches.")
    return Selection(only_crew, names, frozenset(ids), tuple(ranges))
