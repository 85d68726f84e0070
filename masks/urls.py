from django.urls import path

from masks import views

urlpatterns = [
    path("masks", views.masks, name="masks"),
    path("masks/sync-state", views.sync_chip, name="sync_state"),
]
