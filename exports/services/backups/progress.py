"""How far an engine is. Engines yield it, and return their report."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

Report = TypeVar("Report")


class Stage(StrEnum):
    """What is being done, as the bars of commands and pages call it."""

    WRITE = "Guardando"
    CHECK = "Comprobando"
    TRIAL = "Restauración de prueba"
    MASKS = "Máscaras"
    READ = "Leyendo"
    PLAN = "Comparando"
    LOAD = "Cargando"
    INDEX = "Índices"
    VERIFY = "Verificando"
    SWAP = "Cambiando"
    IMPORT = "Importando"
    MAIL = "Enviando"


@dataclass(frozen=True)
class Progress:
    """So many of so many; `total` 0 when nobody knows."""

    stage: Stage
    done: int
    total: int


def finish(
    engine: Generator[Progress, Any, Report], show: Callable[[Progress], None] | None = None
) -> Report:
    """Run an engine to its end, showing its progress, and return its report."""
    while True:
        try:
            progress = next(engine)
        except StopIteration as end:
            report: Report = end.value
            return report
        if show is not None:
            show(progress)
