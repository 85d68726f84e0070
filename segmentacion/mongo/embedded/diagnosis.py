"""Why mongod ended while starting: from its exit code and its last words to one clear error."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from .errors import EmbeddedError, EmbeddedStartError, EmbeddedUnavailable

EXIT_NET_ERROR = 48
"""mongod could not listen on its port (``EXIT_NET_ERROR`` in mongod's exit_code.h)."""

_MISSING_LIBRARY = re.compile(
    r"error while loading shared libraries: (?P<linux>[^:\s]+):|Library not loaded: (?P<mac>\S+)"
)
_OLD_LIBC = re.compile(r"version `(GLIBC(?:XX)?_[\d.]+)' not found")
_READ_AT_MOST = 64 * 1024
_LINES = 8

DEBIAN_PACKAGES = {
    "libcurl.so.4": "libcurl4",
    "libssl.so.3": "libssl3",
    "libcrypto.so.3": "libssl3",
    "libssl.so.1.1": "libssl1.1",
    "libcrypto.so.1.1": "libssl1.1",
    "liblzma.so.5": "liblzma5",
    "libgcc_s.so.1": "libgcc-s1",
    "libstdc++.so.6": "libstdc++6",
    "libz.so.1": "zlib1g",
    "libgssapi_krb5.so.2": "libgssapi-krb5-2",
    "libldap-2.5.so.0": "libldap-2.5-0",
    "libsasl2.so.2": "libsasl2-2",
    "libresolv.so.2": "libc6",
    "libdl.so.2": "libc6",
    "librt.so.1": "libc6",
    "libm.so.6": "libc6",
    "libpthread.so.0": "libc6",
    "libc.so.6": "libc6",
}

_REASONS = (
    ("No space left on device", "no queda espacio en el disco"),
    ("Read-only file system", "el disco es de solo lectura"),
    ("Permission denied", "tu usuario no tiene permiso sobre los datos"),
    ("DBPathInUse", "otro MongoDB usa la misma carpeta de datos"),
    ("Too many open files", "el sistema no permite abrir más archivos"),
    ("Address already in use", "otro programa ocupa el puerto"),
    ("featureCompatibilityVersion", "los datos son de otra versión de MongoDB"),
    ("unsupported WiredTiger file version", "los datos son de una versión más nueva de MongoDB"),
    ("Cannot allocate memory", "falta memoria"),
    ("InvalidBSON", "los datos están dañados"),
    ("non-object in database", "los datos están dañados"),
    ("storage engine metadata file", "los datos están dañados"),
    ("WT_ERROR", "los datos están dañados o son de otra versión de MongoDB"),
    ("WT_TRY_SALVAGE", "los datos están dañados"),
)


def explain_exit(binary: Path, code: int, log: Path, offset: int) -> EmbeddedError:
    """The error for a mongod that ended with ``code``; its log is read from byte ``offset``.

    A system that cannot load the binary gives EmbeddedUnavailable; the rest, EmbeddedStartError
    with the last meaningful lines in ``detail``.
    """
    text = _read_from(log, offset)
    unloadable = _explain_loader(binary, text)
    if unloadable is not None:
        return unloadable
    lines = meaningful_lines(text)
    reason = next((said for sign, said in _REASONS if sign in text), None)
    if reason is None and code < 0:
        reason = f"el sistema lo terminó con la señal {-code} (¿falta memoria?)"
    cause = f": {reason}" if reason else f" (código {code})"
    return EmbeddedStartError(
        f"MongoDB no pudo arrancar{cause}. Los detalles están en «{log}».",
        detail="\n".join(lines) or f"exit code {code}, nothing in the log",
    )


def _explain_loader(binary: Path, text: str) -> EmbeddedUnavailable | None:
    missing = _MISSING_LIBRARY.search(text)
    if missing is not None:
        library = Path(missing["linux"] or missing["mac"]).name
        return EmbeddedUnavailable(_missing_library(binary, library), detail=text.strip())
    old = _OLD_LIBC.search(text)
    if old is not None:
        return EmbeddedUnavailable(
            f"«{binary}» necesita un sistema más nuevo (pide {old[1]}). Indica otro mongod en "
            "MONGOD_BINARY, o un servidor en MONGO_URI.",
            detail=text.strip(),
        )
    return None


def _missing_library(binary: Path, library: str) -> str:
    package = DEBIAN_PACKAGES.get(library)
    remedy = (
        f"En Debian o Ubuntu instálala con «apt-get install {package}»."
        if package
        else f"En Debian o Ubuntu busca su paquete con «apt-file search {library}»."
    )
    return f"A MongoDB («{binary}») le falta la biblioteca {library} del sistema. {remedy}"


def meaningful_lines(text: str) -> list[str]:
    """The last lines that tell something: fatal and error entries, warnings, and plain text.

    Entries of mongod's log are JSON objects, one per line:
    https://www.mongodb.com/docs/v6.0/reference/log-messages/
    """
    said = [line for line in map(_readable, text.splitlines()) if line]
    return said[-_LINES:]


def _readable(line: str) -> str:
    try:
        entry: Any = json.loads(line)
    except ValueError:
        return line.strip()
    if not isinstance(entry, dict) or entry.get("s") not in {"F", "E", "W"}:
        return ""
    return f"{entry['s']} {entry.get('msg', '')}: {json.dumps(entry.get('attr', {}))[:500]}"


def _read_from(log: Path, offset: int) -> str:
    with log.open("rb") as stream:
        end = stream.seek(0, 2)
        stream.seek(max(offset, end - _READ_AT_MOST))
        return stream.read().decode("utf-8", errors="replace")
