"""`manage.py import_batches FILE` or `--scan`: adds and changes batches, removes none."""

from batches.management.importing import ImportCommand


class Command(ImportCommand):
    help = (
        "Importa batches de un JSON (lista de nombres, lista de objetos o {«batches»: […]}), de un "
        "CSV o XLSX, o de las carpetas de imágenes (--scan): muestra el plan y lo aplica. No quita "
        "ninguno."
    )
