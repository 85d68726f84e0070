"""Names of the files that are downloaded."""

import re
import unicodedata
from datetime import date, datetime
from urllib.parse import quote

# What Windows, macOS or a shell would not take in a name of a file.
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]+')


def workload_name(person: str, day: date, extension: str) -> str:
    """Return `Flor_20251014.csv`; `day` is when the person was first given a batch."""
    return f"{_safe(person)}_{day:%Y%m%d}.{extension}"


def summary_name(now: datetime, extension: str) -> str:
    """Return `resumen_asignaciones_20251014_103000.csv`; `now` is local."""
    return f"resumen_asignaciones_{now:%Y%m%d_%H%M%S}.{extension}"


def batches_name(now: datetime, extension: str) -> str:
    """Return `batches_20251014_103000.csv`; `now` is local."""
    return f"batches_{now:%Y%m%d_%H%M%S}.{extension}"


def attachment(filename: str) -> str:
    """Return a Content-Disposition (RFC 6266): an ASCII name, and the true one (RFC 5987)."""
    plain = unicodedata.normalize("NFKD", filename).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^\w .()+-]", "_", plain, flags=re.ASCII)
    if plain.startswith("_") and not filename.startswith("_"):
        plain = f"exportacion{plain}"
    header = f'attachment; filename="{plain}"'
    if plain != filename:
        header += f"; filename*=UTF-8''{quote(filename, safe='')}"
    return header


def _safe(text: str) -> str:
    return _FORBIDDEN.sub("_", text).strip(" .") or "_"
