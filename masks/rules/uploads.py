"""What a mask archive that a person uploads is called, and when it is refused. Plain Python."""

import unicodedata
from pathlib import PurePosixPath

from batches.rules.names import batch_ids_in, declared_batch_id

EXTENSIONS = (".tar.xz", ".tar.gz", ".tar", ".zip")
MAX_NAME = 200
SOURCE = "segmentacion"


class UploadError(Exception):
    """An upload that is refused; the message is for the person uploading."""


class InvalidUploadError(UploadError):
    """The file is not one that this batch can take."""


class UploadTooLargeError(UploadError):
    def __init__(self, limit_mb: int) -> None:
        super().__init__(f"El archivo pasa del límite de {limit_mb:,} MB. No se guardó nada.")


def stored_name(batch_id: str, filename: str) -> str:
    """Return the name under which an upload for this batch goes to the store.

    A name that carries the batch's id is kept; one that carries none becomes the canonical
    `masks_<batch>.<extension>`. Raises InvalidUploadError when the name carries another batch,
    has another extension or cannot be shown.
    """
    if declared_batch_id(batch_id) != batch_id:
        raise InvalidUploadError(
            f"«{batch_id}» no tiene la forma de un batch (batch_000129F, batch_T000044): "
            "la sincronización no reconocería sus máscaras."
        )
    name = _plain(filename)
    extension = extension_of(name)
    others = [found for found in batch_ids_in(name) if found != batch_id]
    if others:
        raise InvalidUploadError(
            f"El archivo «{name}» dice {', '.join(others)}, pero lo subes a {batch_id}. "
            "Revisa cuál es el correcto y cambia el nombre o el batch."
        )
    return name if batch_ids_in(name) else f"masks_{batch_id}{extension}"


def extension_of(name: str) -> str:
    """Return the extension of an archive's name, lower case. Raises InvalidUploadError."""
    for extension in EXTENSIONS:
        if name.lower().endswith(extension) and len(name) > len(extension):
            return extension
    raise InvalidUploadError(
        f"«{name}» no es un archivo de máscaras: debe terminar en {', '.join(EXTENSIONS)}."
    )


def check_length(length: int, *, limit_mb: int) -> None:
    """Raise an UploadError when a file of this many bytes is not taken."""
    if length <= 0:
        raise InvalidUploadError("El archivo está vacío.")
    if length > limit_mb * 1_048_576:
        raise UploadTooLargeError(limit_mb)


def _plain(filename: str) -> str:
    """Return the last part of a path, NFC. Raises InvalidUploadError for what is no name."""
    name = PurePosixPath(unicodedata.normalize("NFC", filename).replace("\\", "/")).name.strip()
    if not name:
        raise InvalidUploadError("Falta el nombre del archivo (filename).")
    if len(name) > MAX_NAME:
        raise InvalidUploadError(f"El nombre del archivo pasa de {MAX_NAME} caracteres.")
    if any(unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Co", "Cn"} for letter in name):
        raise InvalidUploadError("El nombre del archivo tiene caracteres que no se pueden mostrar.")
    return name
