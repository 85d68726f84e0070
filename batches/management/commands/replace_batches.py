"""`manage.py replace_batches FILE`: the file becomes the list; the rest goes to the trash."""

from batches.management.importing import ImportCommand


class Command(ImportCommand):
    help = (
        "Como import_batches, y mueve a la papelera los batches que el archivo no trae. "
        "Pregunta antes; con --yes no."
    )
    replace = True
