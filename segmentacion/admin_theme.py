"""How the admin looks: names, icon, the accent of our own pages. For django-unfold."""

from typing import Any

from django.templatetags.static import static

THEME: dict[str, Any] = {
    "SITE_ICON": lambda request: static("favicon.svg"),
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("favicon.svg")}
    ],
    "SITE_TITLE": "Segmentación",
    "SITE_HEADER": "Segmentación",
    "SITE_URL": "/dashboard",
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": True,
    "BORDER_RADIUS": "6px",
    "COLORS": {
        "primary": {  # the accent of static/css/tokens.css, from light to dark
            "50": "#f5f5fe",
            "100": "#eeeefb",
            "200": "#dcdbf8",
            "300": "#c9c8f2",
            "400": "#a9a8ff",
            "500": "#6663db",
            "600": "#4f4cc8",
            "700": "#4340b0",
            "800": "#3f3e78",
            "900": "#25254a",
            "950": "#17172e",
        }
    },
}
