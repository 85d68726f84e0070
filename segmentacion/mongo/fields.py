"""Model fields for documents that other programs also write."""

from typing import Any

from django.db import models


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
