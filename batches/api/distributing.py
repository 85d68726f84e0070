"""`POST /api/distribute`: an even distribution over people, shown first or carried out."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Schema

from batches.access import asker_of
from batches.api.router import router
from batches.api.schemas import DistributionAnswer
from batches.queries.selection import documents_of
from batches.rules.filters import FilterError
from batches.rules.selecting import parse_selection
from batches.rules.states import BatchError
from batches.services.assigning import DistributionReport, distribute, plan_shares
from crew import queries as crew_queries
from crew.access import actor_of, require
from crew.rules import Capability
from segmentacion.http.errors import json_error
from segmentacion.http.json import json_response
from segmentacion.http.schemas import answers


class Distribution(Schema):
    """Which batches, and how much each person can take (1 is normal)."""

    select: Any = None
    weights: dict[str, float] = {}  # noqa: RUF012
    dry_run: bool = False


@router.post(
    "/distribute",
    summary="Repartir batches por carga abierta y peso",
    response=answers(DistributionAnswer),
)
def distribute_batches(request: HttpRequest, payload: Distribution) -> HttpResponse:
    """With `dry_run`, only what each person would get."""
    require(request.user, Capability.EDIT)
    try:
        _check_people(payload.weights)
        documents, missing = documents_of(parse_selection(payload.select))
        shares = plan_shares(documents, payload.weights)
        report = DistributionReport("", 0, [])
        if documents and not payload.dry_run:
            actor = actor_of(request)
            report = distribute(shares, asker=asker_of(request.user), actor=actor)
    except (FilterError, BatchError) as error:
        return json_error(400, str(error))
    refused = [*report.refused, *((name, "no existe") for name in missing)]
    return json_response(
        {
            "success": True,
            "matched": len(documents),
            "shares": [
                {"person": s.person, "count": len(s.ids), "before": s.before, "after": s.after}
                for s in shares
            ],
            "changed": report.changed,
            "refused": [{"id": batch_id, "error": reason} for batch_id, reason in refused],
            "operation": report.operation or None,
            "dry_run": payload.dry_run,
        }
    )


def _check_people(weights: dict[str, float]) -> None:
    """Raise BatchError unless work can be given to all of these people."""
    active = crew_queries.names(active_only=True)
    unknown = [name for name in weights if name not in active]
    if unknown:
        raise BatchError(f"«{unknown[0]}» no está en el equipo, o no está en activo.")
