"""djongo's unique index on an integer `id`, which lets in one document without it and no more.

Django's backend for MongoDB writes no `id` beside `_id`, so on a database of djongo the second
row of any table would be refused, that of `django_migrations` included.
"""

from collections.abc import Iterable

from segmentacion.mongo.clients import Document, main_collection

TABLES = (
    "django_migrations",
    "django_content_type",
    "django_admin_log",
    "auth_permission",
    "auth_group",
    "auth_group_permissions",
    "auth_user",
    "auth_user_groups",
    "auth_user_user_permissions",
    "segmentadores",
)


def relax_integer_keys(collections: Iterable[str] = TABLES, *, dry_run: bool = False) -> list[str]:
    """Make that index one over the documents that have an integer `id`; return which they were.

    No document is touched. Doing it again does nothing.
    """
    relaxed = []
    for name in collections:
        collection = main_collection(name)
        for index, information in collection.index_information().items():
            if not _is_integer_key(information):
                continue
            relaxed.append(f"{name}.{index}")
            if not dry_run:
                collection.drop_index(index)
                collection.create_index(
                    [("id", 1)],
                    name="djongo_id",
                    unique=True,
                    partialFilterExpression={"id": {"$type": "number"}},
                )
    return relaxed


def _is_integer_key(information: Document) -> bool:
    return (
        list(information["key"]) == [("id", 1)]
        and information.get("unique", False)
        and "partialFilterExpression" not in information
    )
