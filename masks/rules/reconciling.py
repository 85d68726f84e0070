"""What a reconciliation looks for, in words: titles, and what to do about each finding."""

from dataclasses import dataclass, field

MAX_NAMES = 200


@dataclass(frozen=True)
class Check:
    """Something looked for: what a finding of it is called, what to do, where its list is."""

    title: str
    advice: str
    url: str = ""


CHECKS: dict[str, Check] = {
    "marked_without_file": Check(
        "Batches marcados sin archivo",
        "Sincroniza con --full; si siguen, el archivo salió del almacén.",
        "/dashboard?uploaded=true",
    ),
    "file_without_mark": Check(
        "Batches con archivo y sin marca", "Sincroniza.", "/dashboard?uploaded=false"
    ),
    "file_without_batch": Check(
        "Batches del almacén que aquí faltan",
        "Créalos con «Crear batches que faltan», o corrige el nombre al subir de nuevo.",
        "/masks?batch=unknown",
    ),
    "conflicts": Check(
        "Archivos en conflicto",
        "El nombre dice un batch y los metadatos otro; valen los metadatos. Revisa cuál es.",
        "/masks?conflict=true",
    ),
    "without_id": Check(
        "Nombres sin batch",
        "No cuentan para ninguno. Pide que se suban con el id en el nombre.",
        "/masks?batch=none",
    ),
    "unverified": Check(
        "Archivos sin verificar", "Usa «Verificar pendientes».", "/masks?verdict=none"
    ),
    "not_whole": Check(
        "Archivos que no están completos",
        "Lee la razón de cada uno y pide que se suban de nuevo.",
        "/masks?verdict=warning&verdict=incomplete&verdict=corrupt&verdict=not_an_archive",
    ),
    "segmented_without_whole": Check(
        "Batches en S sin un archivo completo",
        "Verifica sus archivos, o devuélvelos a su responsable.",
        "/dashboard?status=S",
    ),
    "untouched_with_file": Check(
        "Batches con archivo que siguen en NS",
        "Alguien ya subió máscaras: actualiza el estatus.",
        "/dashboard?status=NS&uploaded=true",
    ),
    "verdict_differs": Check(
        "Batches cuyo veredicto no es el de su archivo más nuevo",
        "Sincroniza, y verifica los pendientes.",
    ),
    "counters_differ": Check(
        "Contadores que no coinciden con un recuento",
        "Lo guardado se corrige solo al siguiente cambio, o en medio minuto.",
        "/dashboard",
    ),
    "figures_differ": Check(
        "Métricas que no coinciden con un recuento",
        "Ya quedaron las del recuento. Si se repite, avisa a quien mantiene el sistema.",
        "/metrics",
    ),
    "catalogue_differs": Check(
        "Archivos del almacén que la lista no conoce, o al revés",
        "Sincroniza; si sigue, sincroniza con --full.",
        "/masks",
    ),
    "orphan_chunks": Check(
        "Pedazos sin archivo en el almacén",
        "Son de subidas que se cortaron. No se borran desde aquí; ocupan espacio.",
    ),
    "files_without_chunks": Check(
        "Archivos del almacén sin contenido",
        "Falta su primer pedazo: no se pueden leer. Pide que se suban de nuevo.",
    ),
}


@dataclass
class Finding:
    """What a check found: how many, the first names, and a note (an estimate, or why the check
    could not be finished: then `done` is false and `count` is at least that)."""

    key: str
    count: int = 0
    names: list[str] = field(default_factory=list)
    note: str = ""
    done: bool = True

    def add(self, name: str) -> None:
        """Count one more; its name is kept while there is room."""
        self.count += 1
        if len(self.names) < MAX_NAMES:
            self.names.append(name)
