"""Files of the older program: `version` "1.0", no checksum, formatted in any way."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ijson

from exports.rules.backup import BATCHES, OLDER_VERSION, PEOPLE, BadBackupError

AT_ONCE = 500
# Up to this size a broken file is read whole, to say the line and column.
LOCATED = 64 << 20
NAMES = {"start_map": "un objeto", "start_array": "una lista"}


class OlderFile:
    """A backup of the older form. Opening it reads it once, to know that it is whole JSON.

    Raises BadBackupError with the place and the reason.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._check_encoding()
        kinds = self._members()
        if kinds.get("backup_info") != "start_map" or kinds.get(BATCHES) != "start_array":
            raise self.bad("el principio", "no es un respaldo de Segmentación")
        self.info: dict[str, Any] = self._information()
        self._check_version()
        if kinds.get(PEOPLE, "start_array") != "start_array":
            raise self.bad(PEOPLE, "debe ser una lista")
        self.sections = tuple(name for name in (PEOPLE, BATCHES) if name in kinds)

    def bad(self, place: str, reason: str) -> BadBackupError:
        return BadBackupError(self.path.name, place, reason)

    def stretches(self) -> Iterator[tuple[str, list[Any], int]]:
        """Yield (section, elements, place of the first), bounded in size."""
        for section in self.sections:
            elements: list[Any] = []
            first = 0
            with self.path.open("rb") as file:
                for element in ijson.items(file, f"{section}.item", use_float=True):
                    elements.append(element)
                    if len(elements) == AT_ONCE:
                        yield section, elements, first
                        first, elements = first + len(elements), []
            yield section, elements, first

    def _check_encoding(self) -> None:
        with self.path.open("rb") as file:
            start = file.read(4)
            if start[:2] in (b"\xff\xfe", b"\xfe\xff") or start[:3] == b"\xef\xbb\xbf":
                raise self.bad("byte 0", "no está en UTF-8 sin marca de orden de bytes")

    def _members(self) -> dict[str, str]:
        """Return the kinds of the document's members; every byte of the file is parsed."""
        kinds: dict[str, str] = {}
        depth, key = 0, ""
        try:
            with self.path.open("rb") as file:
                for event, value in ijson.basic_parse(file, use_float=True):
                    if depth == 0 and event != "start_map":
                        raise self.bad("byte 0", "no es un respaldo: no es un objeto JSON")
                    if depth == 1 and event == "map_key":
                        if value in kinds:
                            raise self.bad(str(value)[:40], "tiene dos veces el mismo miembro")
                        key = value
                    elif depth == 1 and event not in ("end_map",):
                        kinds[key] = event
                    depth += event.startswith("start_") - event.startswith("end_")
        except (ijson.JSONError, UnicodeDecodeError, ValueError) as error:
            raise self.bad(*self._located(error)) from error
        return kinds

    def _located(self, error: Exception) -> tuple[str, str]:
        """Return where the file stops being JSON, and what is wrong."""
        size = self.path.stat().st_size
        if size > LOCATED:
            return f"de {size:,} bytes", "está cortado o dañado, o no es JSON"
        try:
            json.loads(self.path.read_bytes())
        except UnicodeDecodeError as wrong:
            return f"byte {wrong.start:,}", "no está en UTF-8"
        except json.JSONDecodeError as wrong:
            at_end = wrong.pos >= len(wrong.doc.rstrip())
            reason = "está cortado" if at_end else "está dañado o no es JSON"
            return f"línea {wrong.lineno:,}, columna {wrong.colno:,}", reason
        except RecursionError:
            return "byte 0", "está anidado demasiado hondo"
        return "byte 0", f"no se entiende como JSON: {error}"

    def _information(self) -> dict[str, Any]:
        with self.path.open("rb") as file:
            info: dict[str, Any] = next(ijson.items(file, "backup_info", use_float=True))
        return info

    def _check_version(self) -> None:
        version = self.info.get("version")
        if version == OLDER_VERSION:
            return
        if version == "2.0":
            raise self.bad("el principio", "otro programa lo cambió: ya no tiene su forma original")
        if isinstance(version, str) and version[:1].isdigit() and version > "2.0":
            reason = f"es de una versión más nueva ({version[:20]}): actualiza Segmentación"
            raise self.bad("backup_info.version", reason)
        reason = f"tiene una versión que no se conoce: {str(version)[:20]!r}"
        raise self.bad("backup_info.version", reason)
