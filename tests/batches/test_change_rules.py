"""What may be changed and what follows: the rules alone, and any sequence of changes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batches.rules.changes import (
    Asker,
    InvalidChangeError,
    NotAllowedRefusal,
    Refusal,
    Situation,
    parse_change,
    plan_change,
)

NOW = datetime(2025, 10, 1, 12, tzinfo=UTC)
CREW = ("Ceci", "Flor")
LEAD = Asker("lider", may_edit=True, may_review=True, may_work=True)
LEAD_CECI = replace(LEAD, account="ceci", person="Ceci")
REVIEWER = Asker("revisora", person="Flor", may_review=True)
SEGMENTER = Asker("flor", person="Flor", may_work=True)
VIEWER = Asker("lectora")
OPEN = Situation("Flor", "In", "Pendiente")
FREE = Situation(None, "NS", "Pendiente")
DONE = Situation("Flor", "S", "Pendiente")
APPROVED = Situation("Flor", "S", "Aprobado")
RETURNED = Situation("Flor", "In", "No Aprobado", rework=2)


def plan(current: Situation, asker: Asker = LEAD, **asked: Any) -> dict[str, Any]:
    return plan_change(current, parse_change(asked), asker=asker, crew=CREW, now=NOW)


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({}, "No se pidió ningún cambio."),
        ({"color": 1, "azul": 2}, "No se conoce el campo: azul, color"),
        ({"review_comment": "x"}, "review_comment: va junto con review_status"),
        ({"status": "X"}, "status: debe ser NS, In, S"),
        ({"status": None}, "status: debe ser NS, In, S"),
        ({"priority": "urgente"}, "priority: debe ser alta, media, baja"),
        ({"review_status": 3}, "review_status: debe ser Pendiente, Aprobado, No Aprobado"),
        ({"due_date": "2025-02-30"}, "due_date: «2025-02-30» no es una fecha real"),
        ({"due_date": 20251020}, "due_date: «20251020» no es una fecha"),
        ({"total_masks": True}, "total_masks: debe ser un número entero de 0 a 10,000,000"),
        ({"completed_masks": -1}, "completed_masks: debe ser un número entero"),
        ({"completed_masks": 10_000_001}, "completed_masks: debe ser un número entero"),
        ({"comments": 5}, "comments: debe ser un texto"),
        ({"folder": "a\0b"}, "folder: debe ser un texto"),
        ({"folder": "x" * 1025}, "folder: es demasiado largo (máximo 1,024 caracteres)"),
        ({"assignee": "x" * 81}, "assignee: es demasiado largo (máximo 80 caracteres)"),
    ],
)
def test_what_is_no_change_is_said(asked: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidChangeError) as refused:
        parse_change(asked)
    assert reason in str(refused.value)


@pytest.mark.parametrize(
    ("current", "asked", "reason"),
    [
        (FREE, {"status": "S"}, "Un batch segmentado (S) necesita responsable: asígnalo primero."),
        (DONE, {"assignee": None}, "Un batch segmentado (S) no puede quedar sin responsable."),
        (OPEN, {"assignee": None, "status": "S"}, "no puede quedar sin responsable."),
        (FREE, {"assignee": "Roberto"}, "«Roberto» no está en el equipo, o no está en activo."),
        (OPEN, {"review_status": "Aprobado"}, "Solo se revisa un batch segmentado (S)."),
        (DONE, {"review_status": "Aprobado", "status": "In"}, "Solo se revisa un batch"),
        (OPEN, {"review_status": "No Aprobado", "review_comment": "x"}, "Solo se revisa"),
        (DONE, {"review_status": "No Aprobado"}, "necesita un comentario que diga qué corregir."),
        (DONE, {"review_status": "No Aprobado", "review_comment": "  "}, "necesita un comentario"),
    ],
)
def test_what_may_not_be_is_refused(current: Situation, asked: dict[str, Any], reason: str) -> None:
    with pytest.raises(Refusal) as refused:
        plan(current, **asked)
    assert reason in str(refused.value)
    assert not refused.value.is_about_who


@pytest.mark.parametrize(
    ("asker", "current", "asked", "reason"),
    [
        (SEGMENTER, replace(OPEN, assignee="Ceci"), {"status": "S"}, "tus propios batches."),
        (SEGMENTER, FREE, {"comments": "mío"}, "tus propios batches."),
        (SEGMENTER, OPEN, {"assignee": "Ceci"}, "Tu cuenta no puede hacer este cambio."),
        (SEGMENTER, DONE, {"review_status": "Aprobado"}, "Tu cuenta no puede hacer este cambio."),
        (VIEWER, OPEN, {"comments": "x"}, "Tu cuenta no puede hacer este cambio."),
        (REVIEWER, OPEN, {"status": "S"}, "Tu cuenta no puede hacer este cambio."),
        (REVIEWER, DONE, {"review_status": "Aprobado"}, "Nadie revisa su propio trabajo"),
        (
            LEAD_CECI,
            DONE,
            {"assignee": "Ceci", "review_status": "Aprobado"},
            "Nadie revisa su propio trabajo",
        ),
    ],
)
def test_who_may_not_is_told_so(
    asker: Asker, current: Situation, asked: dict[str, Any], reason: str
) -> None:
    with pytest.raises(NotAllowedRefusal) as refused:
        plan(current, asker, **asked)
    assert reason in str(refused.value)


def test_finishing_notes_when_and_puts_a_returned_batch_up_for_review() -> None:
    assert plan(OPEN, status="S") == {"status": "S", "completed_at": NOW}
    assert plan(RETURNED, status="S")["metadata.review_status"] == "Pendiente"


@pytest.mark.parametrize("also", [{}, {"review_status": "Aprobado"}])
def test_reopening_an_approved_batch_takes_the_approval_back(also: dict[str, Any]) -> None:
    assert plan(APPROVED, status="In", **also) == {
        "status": "In",
        "completed_at": None,
        "metadata.review_status": "Pendiente",
        "reviewed_at": None,
    }


def test_a_returned_batch_that_starts_over_is_no_longer_returned() -> None:
    assert plan(RETURNED, status="NS")["metadata.review_status"] == "Pendiente"


def test_returning_reopens_the_batch_and_counts() -> None:
    returned = plan(replace(DONE, rework=2), review_status="No Aprobado", review_comment=" borde ")
    assert returned == {
        "metadata.review_status": "No Aprobado",
        "reviewed_at": NOW,
        "metadata.reviewed_by": "lider",
        "status": "In",
        "completed_at": None,
        "metadata.review_comment": "borde",
        "metadata.rework_count": 3,
    }


def test_odd_stored_values_are_read() -> None:
    odd = Situation.of({"assignee": "", "metadata": "x", "status": None})
    assert odd == Situation(None, "NS", "Pendiente", 0)
    assert hash(Situation.of({"assignee": {"x": 1}, "metadata": {"rework_count": "3"}}))


askers = st.sampled_from([LEAD, LEAD_CECI, REVIEWER, SEGMENTER, VIEWER])
changes = st.fixed_dictionaries(
    {},
    optional={
        "assignee": st.sampled_from([None, "", "Ceci", "Flor", "Roberto"]),
        "status": st.sampled_from(["NS", "In", "S"]),
        "review_status": st.sampled_from(["Pendiente", "Aprobado", "No Aprobado"]),
        "review_comment": st.sampled_from(["", "borde"]),
        "comments": st.just("x"),
        "completed_masks": st.just(5),
    },
)


def apply(document: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    """Return the document as it is once the values are written."""
    after = {**document, "metadata": dict(document["metadata"])}
    for path, value in values.items():
        section, _, name = path.rpartition(".")
        (after[section] if section else after)[name or path] = value
    return after


def check_whole(document: dict[str, Any]) -> None:
    """Assert that the batch is in no state the rules forbid."""
    situation = Situation.of(document)
    if situation.status == "S":
        assert situation.assignee is not None
    if situation.review == "Aprobado":
        assert situation.status == "S"
    if situation.review == "No Aprobado":
        assert situation.status == "In"
    assert (document["completed_at"] is not None) == (situation.status == "S")


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(askers, changes), max_size=12))
def test_no_sequence_of_changes_leads_to_a_forbidden_state(
    steps: list[tuple[Asker, dict[str, Any]]],
) -> None:
    document: dict[str, Any] = {
        "assignee": None, "status": "NS", "completed_at": None, "metadata": {}
    }  # fmt: skip
    for number, (asker, asked) in enumerate(steps):
        before = Situation.of(document)
        try:
            values = plan_change(
                before,
                parse_change(asked),
                asker=asker,
                crew=CREW,
                now=NOW + timedelta(hours=number),
            )
        except (InvalidChangeError, Refusal):
            continue
        document = apply(document, values)
        check_whole(document)
        assert Situation.of(document).rework >= before.rework
        assert asker != VIEWER
        if asker == SEGMENTER:
            assert before.assignee == "Flor"
        if "metadata.reviewed_by" in values:
            holders = {before.assignee, Situation.of(document).assignee}
            assert asker.person is None or asker.person not in holders
