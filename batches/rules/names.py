"""The grammar of batch ids, in file names and in lists (specification, section 1.3)."""

import re

# The word batch, an optional separator, then T + 6 digits, 6 digits + F, or digits only. What
# follows may be neither letter nor digit: a longer run is not a shorter id.
_ID = r"(T[0-9]{6}|[0-9]{6}F|[0-9]+)"
_IN_TEXT = re.compile(rf"batch[_-]?{_ID}(?![^\W_])", re.IGNORECASE)
_find_in_text = _IN_TEXT.findall
_WHOLE = re.compile(rf"(?:batch[_-]?)?{_ID}", re.IGNORECASE)
_NAMED = re.compile(rf"batch[_-]?{_ID}", re.IGNORECASE)


def batch_ids_in(text: str) -> tuple[str, ...]:
    """Return the batch ids a file name carries, each once, in order of appearance."""
    found = _find_in_text(text)
    if len(found) == 1:  # nearly every name; the line below says the same, more slowly
        return ("batch_" + found[0].upper(),)
    return tuple(dict.fromkeys(["batch_" + token.upper() for token in found]))


def parse_batch_id(text: str) -> str | None:
    """Return the id that a text is as a whole (`batch_` may be missing), or None.

    `Batch-000129f`, `000129F` and `batch_000129F` are the same id; `400` and `000400` are not.
    """
    match = _WHOLE.fullmatch(text.strip())
    return "batch_" + match[1].upper() if match else None


def declared_batch_id(value: object) -> str | None:
    """Return the id a file's `metadata.batch_id` declares, or None when it is not a valid one.

    Unlike in a list, the word `batch` must be there: bare digits may be anything.
    """
    match = _NAMED.fullmatch(value.strip()) if isinstance(value, str) else None
    return "batch_" + match[1].upper() if match else None
