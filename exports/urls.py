from django.urls import URLPattern, path

from exports.views import mail, workload

urlpatterns: list[URLPattern] = [
    path("data-management/correo", mail.mail, name="mail"),
    path("data-management/correo/enviar", mail.send_mail, name="mail_send"),
    path("data-management/cargas", workload.workload, name="workload"),
    path("data-management/cargas/aplicar", workload.apply_workload, name="workload_apply"),
    path("data-management/cargas/deshacer", workload.undo_workload, name="workload_undo"),
]
