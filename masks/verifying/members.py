"""A member of an archive, whatever the format, and what its name gives away."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO

IGNORED = re.compile(r"(^|/)(__MACOSX(/|$)|\._|\.DS_Store$|Thumbs\.db$|desktop\.ini$)", re.I)
DRIVE = re.compile(r"^[A-Za-z]:")


class Type(StrEnum):
    FILE = "file"
    DIRECTORY = "directory"
    LINK = "link"
    DEVICE = "device"


@dataclass(frozen=True)
class Entry:
    """One member. `read` returns its content, at most so many bytes; it works only until the
    next entry is asked for."""

    name: str
    type: Type
    size: int
    read: Callable[[int], BytesIO]


def is_ignored(name: str) -> bool:
    """Tell whether an operating system left it behind."""
    return IGNORED.search(name) is not None


def is_unsafe(name: str) -> bool:
    """Tell whether unpacking a file of this name could write outside the folder."""
    return (
        not name
        or name.startswith("/")
        or "\\" in name
        or "\0" in name
        or DRIVE.match(name) is not None
        or ".." in name.split("/")
    )
