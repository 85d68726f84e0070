"""Plain indexes, created by migrations and by `adopt_database`, on data as it is found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError, OperationFailure

from segmentacion.mongo.clients import Document, main_collection

# The same keys are indexed under another name, or the same name has other options.
CONFLICTS = {85, 86}


@dataclass(frozen=True)
class PlainIndex:
    """An index a read needs: `keys` as (path, 1 or -1), unique or not.

    With `where` it holds only the documents with these values, and costs the others nothing.
    """

    keys: Sequence[tuple[str, int]]
    unique: bool = False
    where: Mapping[str, Any] | None = None

    @property
    def name(self) -> str:
        """Return MongoDB's own name for these keys, so that an equal index is recognised."""
        return "_".join(f"{path}_{direction}" for path, direction in self.keys)


def ensure_index(collection: Collection[Document], index: PlainIndex) -> bool:
    """Create the index unless an equal one exists. Returns whether it holds as declared.

    A unique index over data that has duplicates becomes a plain one: reads stay fast, the
    duplicates are reported by `adopt_database`, which makes it unique once they are gone.
    """
    if index.unique and _has_unique(collection, index):
        return True
    try:
        _create(collection, index)
    except DuplicateKeyError:
        _create(collection, PlainIndex(index.keys))
        return False
    return True


def _create(collection: Collection[Document], index: PlainIndex) -> None:
    try:
        options: dict[str, Any] = {"partialFilterExpression": index.where} if index.where else {}
        collection.create_index(list(index.keys), unique=index.unique, name=index.name, **options)
    except DuplicateKeyError:
        raise
    except OperationFailure as error:
        if error.code not in CONFLICTS:
            raise
        if index.unique:
            _make_unique(collection, index)


def _make_unique(collection: Collection[Document], index: PlainIndex) -> None:
    """Put a unique index beside the plain one of the same keys, then drop the plain one."""
    name = f"{index.name}_unique"
    collection.create_index(list(index.keys), unique=True, name=name)
    for other, information in collection.index_information().items():
        same_keys = list(information["key"]) == list(index.keys)
        if same_keys and other != name and not information.get("unique"):
            collection.drop_index(other)


def _has_unique(collection: Collection[Document], index: PlainIndex) -> bool:
    return any(
        list(information["key"]) == list(index.keys)
        and information.get("unique", False)
        and "partialFilterExpression" not in information
        for information in collection.index_information().values()
    )


def ensure_declared(model: Any) -> list[str]:
    """Create the indexes a model declares; return the names of those that do not hold yet."""
    collection = main_collection(model.COLLECTION)
    return [index.name for index in model.INDEXES if not ensure_index(collection, index)]
