from django.urls import URLPattern, path

from exports.views import backups, data, imports, jobs, mail, system, workload

urlpatterns: list[URLPattern] = [
    path("sistema", system.system, name="system"),
    path("sistema/ahora", system.now, name="system_now"),
    path("metrics/prometheus", system.prometheus, name="prometheus"),
    path("data-management", data.data, name="data"),
    path("data-management/respaldar", backups.make, name="backup_make"),
    path("data-management/comparar", backups.compare, name="backup_compare"),
    path("data-management/respaldos/<str:key>", backups.backup, name="backup"),
    path("data-management/respaldos/<str:key>/comprobar", backups.verify, name="backup_verify"),
    path("data-management/respaldos/<str:key>/descargar", backups.download, name="backup_download"),
    path("data-management/respaldos/<str:key>/eliminar", backups.remove, name="backup_remove"),
    path("data-management/restaurar", backups.plan, name="restore_plan"),
    path("data-management/importar", imports.upload, name="data_upload"),
    path("data-management/importar/<str:key>", imports.plan, name="data_import"),
    path("data-management/importar/<str:key>/descartar", imports.discard, name="data_discard"),
    path("data-management/trabajos/<str:key>", jobs.job, name="data_job"),
    path("data-management/trabajos/<str:key>/restaurar", jobs.restore, name="data_restore"),
    path("data-management/trabajos/<str:key>/volver", jobs.go_back, name="data_go_back"),
    path("data-management/correo", mail.mail, name="mail"),
    path("data-management/correo/enviar", mail.send_mail, name="mail_send"),
    path("data-management/cargas", workload.workload, name="workload"),
    path("data-management/cargas/aplicar", workload.apply_workload, name="workload_apply"),
    path("data-management/cargas/deshacer", workload.undo_workload, name="workload_undo"),
]
