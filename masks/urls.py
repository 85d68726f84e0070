from django.urls import path

from masks.views import files, shell

urlpatterns = [
    path("masks", files.masks, name="masks"),
    path("masks/sync-state", shell.sync_chip, name="sync_state"),
]
