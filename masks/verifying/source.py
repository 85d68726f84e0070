"""A file of the store as the child sees it: chunks that it asks for by number."""

from collections import OrderedDict
from collections.abc import Callable

KEPT_BYTES = 4 << 20


class StoredFile:
    """A seekable reader over chunks of equal size; keeps a few, never the whole.

    `fetch` returns a chunk by its number.
    """

    def __init__(self, fetch: Callable[[int], bytes], *, length: int, chunk_size: int) -> None:
        self._fetch, self._length, self._chunk_size = fetch, length, chunk_size
        self._kept: OrderedDict[int, bytes] = OrderedDict()
        self._room = max(1, KEPT_BYTES // chunk_size)
        self._position = 0

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes; fewer only at the end of the file."""
        left = self._length - self._position
        size = left if size < 0 else min(size, left)
        parts = []
        while size > 0:
            number, offset = divmod(self._position, self._chunk_size)
            part = self._chunk(number)[offset : offset + size]
            parts.append(part)
            self._position += len(part)
            size -= len(part)
        return b"".join(parts)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move to a position; beyond the end, reading gives nothing."""
        base = (0, self._position, self._length)[whence]
        if base + offset < 0:
            raise OSError("negative seek position")  # what zipfile expects of a file
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        return self._position

    def seekable(self) -> bool:
        return True

    def _chunk(self, number: int) -> bytes:
        if number in self._kept:
            self._kept.move_to_end(number)
        else:
            if len(self._kept) >= self._room:
                self._kept.popitem(last=False)
            self._kept[number] = self._fetch(number)
        return self._kept[number]
