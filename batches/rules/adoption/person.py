"""What of a crew member's document is understood (specification, section 1.2)."""

from collections.abc import Mapping
from datetime import tzinfo
from functools import partial
from typing import Any

from batches.rules.adoption.reading import Adoption, Reading
from batches.rules.adoption.values import read_flag, read_time
from crew.rules import InvalidPersonError, clean_email, clean_job, clean_name


def adopt_person(document: Mapping[str, Any], zone: tzinfo, *, keep_name: bool = False) -> Adoption:
    """Return what is understood of a person's document, and what is left as it is.

    `keep_name` leaves the name alone: the tidy one is another document's.
    """
    reading = Reading(document)
    if not keep_name:
        reading.read("name", partial(_read, clean=clean_name))
    reading.read("role", partial(_read, clean=clean_job))
    reading.read("email", partial(_read, clean=clean_email))
    reading.read("active", lambda value: True if value is None else read_flag(value))
    reading.read_if_there("created_at", partial(read_time, zone=zone))
    return reading.result()


def _read(value: Any, *, clean: Any) -> Any:
    try:
        new = clean(value)
    except InvalidPersonError as error:
        raise ValueError(str(error)) from error
    return value if value == new else new
