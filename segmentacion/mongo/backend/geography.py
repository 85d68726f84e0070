"""Django's geography, which nothing here uses, left where it is."""

import ctypes.util
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_geography() -> Iterator[None]:
    """Have no library of geography found while the backend is imported.

    It asks for GDAL at import, three times under twelve names, and Python looks for each by
    running ldconfig, gcc and ld: half a second of work in every process of the product.
    """
    search = ctypes.util.find_library
    ctypes.util.find_library = lambda name: None
    try:
        yield
    finally:
        ctypes.util.find_library = search
