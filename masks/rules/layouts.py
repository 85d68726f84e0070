"""How a file of the store is laid out in chunks, and what can be wrong with that."""

from collections.abc import Iterable

from masks.rules.verdicts import Finding, Trouble


def check_layout(
    chunks: Iterable[tuple[object, object]], length: int, chunk_size: object
) -> tuple[int, Finding | None]:
    """Compare a file's chunks, `(n, bytes)` in order of `n`, with the length it declares.

    Returns the size of a chunk, and what is wrong or None. GridFS: chunks are numbered from 0,
    all of the same size but the last.
    """
    size = chunk_size if isinstance(chunk_size, int) and chunk_size > 0 else 0
    read = expected = 0
    for n, count in chunks:
        size = size or (count if isinstance(count, int) else 0)
        if n != expected:
            return size, _out_of_order(n, expected)
        fault = _fault(n, count, size, read, length)
        if fault:
            return size, fault
        read, expected = min(length, read + size), expected + 1
    if read < length:
        missing = f"al almacén le faltan {length - read:,} de sus {length:,} bytes"
        return size, Finding(Trouble.CUT, detail=missing)
    return size, None


def _fault(n: object, count: object, size: int, read: int, length: int) -> Finding | None:
    """Return what is wrong with one chunk before which `read` bytes were."""
    if not isinstance(count, int) or count < 0:
        return _wrong(f"en el almacén el trozo {n} no contiene bytes")
    if read >= length:
        return _wrong("al archivo le sobran trozos en el almacén")
    if count != min(size, length - read):
        return _wrong(
            f"en el almacén el trozo {n} mide {count:,} bytes, no {min(size, length - read):,}"
        )
    return None


def _out_of_order(n: object, expected: int) -> Finding:
    if isinstance(n, int) and n > expected:
        return Finding(Trouble.CUT, detail=f"en el almacén falta el trozo {expected}")
    return _wrong(f"en el almacén el trozo {n} está repetido")


def _wrong(detail: str) -> Finding:
    return Finding(Trouble.STORED_WRONG, detail=detail)
