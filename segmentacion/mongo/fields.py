"""Model fields for documents that other programs also write."""

from functools import partial
from typing import Any

from django.db import models
from django.db.models import Transform

INSIDE = "stored_"


class StoredField(models.Field):  # type: ignore[type-arg]
    """A value exactly as it is stored, of any type: reading never fails on an odd one.

    Used where older programs left several types in the same field. It is never edited in a
    form; checked values are written by the services.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("null", True)
        kwargs.setdefault("blank", True)
        kwargs["editable"] = False
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("editable", None)
        return name, path, args, kwargs

    def get_internal_type(self) -> str:
        return "StoredField"

    def db_type(self, connection: Any) -> str:
        return "object"

    def get_transform(self, lookup_name: str) -> Any:
        """Let a filter look inside: `metadata__stored_priority="alta"`, as a plain path, which
        an index of that path serves."""
        if lookup_name.startswith(INSIDE):
            return partial(StoredKey, lookup_name.removeprefix(INSIDE))
        return super().get_transform(lookup_name)


class StoredKey(Transform):
    """What lies under one key of a stored value."""

    output_field = StoredField()
    can_use_path = is_simple_column = True

    def __init__(self, key: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.key = key

    def as_mql_path(self, compiler: Any, connection: Any) -> str:
        """Return the path as MongoDB writes it."""
        stored: Any = self.lhs
        return f"{stored.as_mql(compiler, connection)}.{self.key}"
