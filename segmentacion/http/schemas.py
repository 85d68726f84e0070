"""What answers look like, for the OpenAPI document.

Views return finished answers, which the framework passes on as they are: these schemas document,
and cost nothing per request. tests/faults/test_openapi.py holds the answers to them.
"""

from typing import Any, Literal

from ninja import Schema


class Done(Schema):
    """Every answer that is no error says so."""

    success: Literal[True]


class ErrorAnswer(Schema):
    """Every error: what is wrong, in Spanish, for the person asking."""

    success: Literal[False]
    error: str


# What may happen to any request: not understood, not logged in, not allowed, database down.
ALWAYS = (400, 401, 403, 503)


def answers(model: Any, *errors: int, status: int = 200) -> dict[Any, Any]:
    """Return a `response=` that documents a success and the errors an endpoint answers with."""
    return {status: model, **dict.fromkeys(sorted({*ALWAYS, *errors}), ErrorAnswer)}
