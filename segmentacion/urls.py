"""Every address of the product, in one place: the one module that knows all apps."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import include, path

from batches.api import router as batches_router
from crew.api import router as crew_router
from exports.api import router as exports_router
from masks.api import intake_router
from masks.api import router as masks_router
from segmentacion.http.api import build_api
from segmentacion.http.health import healthz, readyz

api = build_api()
api.add_router("/api", batches_router)
api.add_router("/api", crew_router)
api.add_router("/api", masks_router)
api.add_router("/api", exports_router)
api.add_router("", intake_router)  # at the root: `/processing_status` and the like


def home(request: HttpRequest) -> HttpResponse:
    return redirect("dashboard")


urlpatterns = [
    path("", home, name="home"),
    path("", api.urls),  # asked most: each address before it costs a comparison
    path("", include("crew.urls")),
    path("", include("batches.urls")),
    path("", include("masks.urls")),
    path("", include("exports.urls")),
    path("admin/", admin.site.urls),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
]

handler400 = "segmentacion.http.errors.bad_request"
handler403 = "segmentacion.http.errors.permission_denied"
handler404 = "segmentacion.http.errors.not_found"
handler500 = "segmentacion.http.errors.server_error"
