"""Static files: compressed, under names that change with their content."""

from typing import Any

from django.contrib.staticfiles.storage import HashedFilesMixin
from whitenoise.storage import CompressedManifestStaticFilesStorage

# Django's own rules for imports inside ES modules. It offers them for all scripts or none, and
# some of other packages import what they do not carry.
MODULE_RULES: Any = HashedFilesMixin._js_module_import_aggregation_patterns[1]  # type: ignore[attr-defined]


class ModuleStorage(CompressedManifestStaticFilesStorage):
    """Whitenoise's storage, with the imports inside our modules rewritten too, so that a new
    version of a page never runs with an old module out of the browser's cache."""

    patterns = (*CompressedManifestStaticFilesStorage.patterns, ("js/*.js", MODULE_RULES))
