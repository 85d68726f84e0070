"""Logs: one JSON object a line for programs, one readable line on a terminal.

Every line carries the id of the request and of the operation under way, where there are any.
"""

import logging
import os
import sys
from datetime import UTC, datetime
from functools import cache
from typing import Any

import orjson

from segmentacion.telemetry.facts import current, route_of
from segmentacion.telemetry.scrubbing import scrub

REQUESTS = "segmentacion.requests"
FORMATS = ("json", "text")
# Django's loggers whose messages say the address of a request: the link of a reset, a name.
ADDRESSED = {"django.request", "django.security.csrf"}


# Nothing of ours says the thread: records are cheaper without it.
logging.logThreads = logging.logMultiprocessing = False


def log_format(asked: str) -> str:
    """Return the format asked for; without one, text on a terminal and JSON anywhere else.

    Raises ValueError when there is no such format.
    """
    if not asked:
        return "text" if sys.stderr.isatty() else "json"
    if asked not in FORMATS:
        raise ValueError(f"LOG_FORMAT es «{asked}»: escribe json o text, o déjalo vacío.")
    return asked


def configuration(asked: str = "") -> dict[str, Any]:
    """Return the configuration of logging for every process of the product."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {"()": "segmentacion.telemetry.logs.JsonFormatter"},
            "text": {"()": "segmentacion.telemetry.logs.TextFormatter"},
        },
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "stream": "ext://sys.stderr",
                "formatter": log_format(asked),
            }
        },
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {
            "segmentacion": {"level": "INFO"},
            # A page that does not exist has its request's line; these would say the address.
            "django.request": {"level": "ERROR"},
            "django.security.DisallowedHost": {"level": "ERROR"},
            "gunicorn.error": {"level": "WARNING", "handlers": ["stderr"], "propagate": False},
        },
    }


@cache
def program() -> str:
    """Return what this process is: «web», or the command that it runs."""
    name = os.path.basename(sys.argv[0])
    if name == "manage.py" and len(sys.argv) > 1:
        return sys.argv[1]
    return "web" if "gunicorn" in sys.argv[0] else name.removesuffix(".py") or "python"


class JsonFormatter(logging.Formatter):
    """One object a line: `time` (UTC), `level`, `logger`, `message`, `program`, `pid`, and
    `request`, `operation` and what the record brings as `fields`."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname,
            "logger": record.name,
            "message": message_of(record),
            "program": program(),
            "pid": record.process,
            **context_of(record),
        }
        if told := traceback_of(self, record):
            line["exception"] = told
        options = orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS
        return orjson.dumps(line, default=str, option=options).decode()


class TextFormatter(logging.Formatter):
    """A line for people: time, level, message, ids."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created).astimezone()
        ids = "".join(f" {name}={value}" for name, value in context_of(record).items())
        name = "" if record.name == REQUESTS else f" {record.name}:"
        line = f"{moment:%H:%M:%S} {record.levelname}{name} {message_of(record)}{ids}"
        told = traceback_of(self, record)
        return f"{line}\n{told}" if told else line


def message_of(record: logging.LogRecord) -> str:
    """Return the record's message without what does not belong in a log."""
    request = getattr(record, "request", None)
    if record.name in ADDRESSED and request is not None and hasattr(request, "path"):
        # All but the path, which is the last argument of Django's message.
        reasons = [str(arg) for arg in record.args or () if arg != request.path]
        why = f": {scrub(reasons[0])}" if record.name != "django.request" and reasons else ""
        return f"{getattr(record, 'status_code', '')} {request.method} {route_of(request)}{why}"
    if record.name == REQUESTS:  # made of figures and patterns only
        return record.getMessage()
    return scrub(record.getMessage())


def context_of(record: logging.LogRecord) -> dict[str, Any]:
    """Return the ids of what is under way, and the fields the record brings."""
    facts = current()
    ids: dict[str, Any] = {}
    if facts is not None:
        if facts.request_id:
            ids["request"] = facts.request_id
        if facts.operation:
            ids["operation"] = facts.operation
    return ids | getattr(record, "fields", {})


def traceback_of(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    """Return where an error came from. What Django refuses by itself needs none: anybody could
    fill the log with them."""
    refused = record.name.startswith("django.security.")
    if refused or not record.exc_info or record.exc_info[0] is None:
        return ""
    return scrub(formatter.formatException(record.exc_info))
