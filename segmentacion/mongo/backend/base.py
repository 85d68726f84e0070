from typing import Any

from django.conf import settings
from pymongo.collection import Collection

from segmentacion.mongo.backend.geography import no_geography
from segmentacion.mongo.server import main_uri

with no_geography():
    from django_mongodb_backend.base import DatabaseWrapper as MongoDatabaseWrapper

    from segmentacion.mongo.backend.schema import AdoptingSchemaEditor

CREW_COLLECTION = "segmentadores"


class DatabaseWrapper(MongoDatabaseWrapper):
    """The `default` connection: main server, CREW_DB honoured, embedded server on demand."""

    SchemaEditorClass = AdoptingSchemaEditor

    def get_connection_params(self) -> dict[str, Any]:
        """Return what MongoClient is called with. Side effect: may start the embedded server."""
        params: dict[str, Any] = super().get_connection_params()
        return params | {"host": main_uri()}

    def get_collection(self, name: str, **kwargs: Any) -> Any:
        """Return a collection, of the crew's own database when CREW_DB names one."""
        if name == CREW_COLLECTION and settings.CREW_DB != settings.MONGO_DB:
            self.ensure_connection()
            return Collection(self.connection[settings.CREW_DB], name, **kwargs)
        return super().get_collection(name, **kwargs)
