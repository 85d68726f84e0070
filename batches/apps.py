from django.apps import AppConfig


class BatchesConfig(AppConfig):
    """Batches: who has what, in which state, and every change of it."""

    name = "batches"
    verbose_name = "Batches"

    def ready(self) -> None:
        # Models are not loaded before this point.
        from batches.models import Batch  # noqa: PLC0415
        from batches.services.people import BatchWork  # noqa: PLC0415
        from crew.work import register_work  # noqa: PLC0415
        from segmentacion.mongo import ahead  # noqa: PLC0415

        register_work(BatchWork())
        ahead.watch(Batch.COLLECTION)
