"""Whose figures an account may ask for, and whom a name in a question stands for."""

from dataclasses import replace

from batches.queries.metrics import renames
from batches.rules.changes import NotAllowedRefusal
from batches.rules.metrics.asking import Question
from batches.rules.metrics.people import People
from batches.services.metrics import keeping
from batches.services.metrics.answering import Answer, answer
from crew import queries as crew_queries
from crew.filters import FilterError
from crew.rules import UnknownPersonError


def ask(question: Question, *, own: str | None, sees_all: bool) -> Answer:
    """Answer a question as far as the account may see: all of it, or `own` figures and the team's.

    A former name stands for whom it belongs to now. Raises NotAllowedRefusal, UnknownPersonError,
    FilterError (a name that several people had).
    """
    if sees_all:
        if question.person:
            question = replace(question, person=_known(question.person))
        return answer(question)
    if question.person and question.person != own:
        raise NotAllowedRefusal("Solo puedes ver tus propias cifras y las de todo el equipo.")
    found = answer(question)
    people = tuple(one for one in found.figures.people if one.person == own)
    return replace(found, figures=replace(found.figures, people=people), people=[])


def _known(name: str) -> str:
    """Return the present name of a person who is, or was, somebody here."""
    crew = crew_queries.names()
    if name in crew:
        return name
    known = {*crew, *keeping.sums()[0].people}
    found = [one for one in People(renames()).names_of(name) if one in known]
    if len(found) > 1:
        raise FilterError(f"person: «{name}» se llamaron varias personas: {', '.join(found)}")
    if not found:
        raise UnknownPersonError(name)
    return found[0]
