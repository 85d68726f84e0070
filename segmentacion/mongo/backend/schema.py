import logging
from typing import Any

from django.db import DatabaseError
from django_mongodb_backend.schema import DatabaseSchemaEditor
from pymongo.errors import OperationFailure

logger = logging.getLogger("segmentacion.mongo")

NAMESPACE_EXISTS = 48
# The same keys are indexed under another name, or the same name has other options.
INDEX_CONFLICTS = {85, 86}


class AdoptingSchemaEditor(DatabaseSchemaEditor):
    """Creates what is missing and keeps what is there: existing data is never touched."""

    def create_model(self, model: Any) -> None:
        """Create the collection unless it exists, then its indexes and its M2M collections."""
        name = model._meta.db_table
        collection = self.connection.get_collection(name)
        if name not in collection.database.list_collection_names(filter={"name": name}):
            _tolerating({NAMESPACE_EXISTS}, collection.database.create_collection, name)
        self._create_model_indexes(model)
        for field in model._meta.local_many_to_many:
            if field.remote_field.through._meta.auto_created:
                self.create_model(field.remote_field.through)

    def add_index(self, model: Any, index: Any, **options: Any) -> None:
        """Create an index unless an equal one exists under another name."""
        _tolerating(INDEX_CONFLICTS, super().add_index, model, index, **options)

    def add_constraint(self, model: Any, constraint: Any, **options: Any) -> None:
        """Create a unique index unless an equal one exists under another name."""
        _tolerating(INDEX_CONFLICTS, super().add_constraint, model, constraint, **options)


def _tolerating(codes: set[int], function: Any, *args: Any, **kwargs: Any) -> None:
    try:
        function(*args, **kwargs)
    except (OperationFailure, DatabaseError) as error:
        cause = error if isinstance(error, OperationFailure) else error.__cause__
        if not (isinstance(cause, OperationFailure) and cause.code in codes):
            raise
        logger.info("Already in the database, kept as it is: %s", cause.details)
