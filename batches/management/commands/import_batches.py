"""`manage.py import_batches FILE`: adds and changes batches, removes none."""

from batches.management.importing import ImportCommand


class Command(ImportCommand):
    help = (
        "Importa batches de un JSON (lista de nombres, lista de objetos o {«batches»: […]}): "
        "muestra el plan y lo aplica. No quita ninguno."
    )
