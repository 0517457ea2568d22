"""Whether the style sheets and scripts were collected for serving."""

from django.contrib.staticfiles.storage import ManifestFilesMixin, staticfiles_storage


def collected() -> bool:
    """Whether every page finds its files; where they are served as they lie in the project, always."""
    try:
        return not isinstance(staticfiles_storage, ManifestFilesMixin) or bool(staticfiles_storage.hashed_files)
    except ValueError:  # a manifest cut short
        return False
