from django.urls import path

from masks.views import content, files, intake, reconciling, shell, uploads

urlpatterns = [
    path("masks", files.masks, name="masks"),
    path("masks/conciliacion", reconciling.reconciliation, name="masks_reconcile"),
    path("masks/sync-state", shell.sync_chip, name="sync_state"),
    path("masks/versions/<path:batch_id>", uploads.versions, name="mask_versions"),
    path("masks/preview/<str:file_id>.webp", content.preview, name="mask_preview"),
    path("masks/preview/<str:file_id>", content.sheet, name="mask_sheet"),
    path("masks/file/<str:file_id>", content.download, name="mask_file"),
    path("intake", intake.intake, name="intake"),
    path("intake/version", intake.version, name="intake_version"),
    path(
        "intake/preview/<str:image_id>.jpg",
        intake.picture,
        {"kind": "preview"},
        name="intake_preview",
    ),
    path("intake/mask/<str:image_id>.png", intake.picture, {"kind": "mask"}, name="intake_mask"),
    path("subir/<path:batch_id>", uploads.upload_page, name="upload"),
]
