"""What the errors of batches are over HTTP: one place for all endpoints."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse

from batches.presenting import as_json
from batches.queries.lookups import UnknownBatchError
from batches.rules.changes import InvalidChangeError, Refusal
from batches.rules.distributing import DistributionError
from batches.rules.states import BatchError
from batches.services.changing import StaleError
from batches.services.undoing import UnknownOperationError
from batches.services.views import InvalidViewError, UnknownViewError
from crew.filters import FilterError
from crew.rules import CrewError
from segmentacion.http.errors import json_error

NOT_UNDERSTOOD = (FilterError, InvalidChangeError, DistributionError, InvalidViewError)
NOT_THERE = (UnknownBatchError, UnknownOperationError, UnknownViewError)
View = Callable[..., HttpResponse]


def refusals(view: View) -> View:
    """Make an endpoint answer the errors of batches: 400, 403, 404, or 409 for the rules."""

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except StaleError as stale:
            return json_error(409, str(stale), batch=as_json(stale.current))
        except (BatchError, CrewError, FilterError, UnknownBatchError) as error:
            return json_error(_status(error), str(error))

    return answered


def _status(error: Exception) -> int:
    if isinstance(error, NOT_UNDERSTOOD):
        return 400
    if isinstance(error, NOT_THERE):
        return 404
    return 403 if isinstance(error, Refusal) and error.is_about_who else 409


def named(refused: list[tuple[str, str]]) -> list[dict[str, str]]:
    """Return refused batches as the API lists them."""
    return [{"id": batch_id, "error": reason} for batch_id, reason in refused]
