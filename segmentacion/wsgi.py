"""WSGI entry point; gunicorn loads it (see gunicorn_config.py)."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "segmentacion.settings")
application = get_wsgi_application()
# Every page's code now, before the fork: else the first request to each worker waits for it.
get_resolver().url_patterns  # noqa: B018
