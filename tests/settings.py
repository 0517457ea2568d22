"""The product's settings with what tests change: fast hashing, plain static files, no second factor unless asked."""

import os
import tempfile
from pathlib import Path

_data = Path(os.environ.setdefault("DATA_DIR", tempfile.mkdtemp(prefix="peer-review-tests-")))
os.environ.setdefault("SECRET_KEY", "only-for-tests")
os.environ.setdefault("AUDIT_KEY_FILE", str(_data / "audit.key"))

from config.settings import *  # noqa: E402, F403
from config.settings import DATABASES, STORAGES, env  # noqa: E402

if os.environ.get("TEST_DATABASE_URL"):
    DATABASES = {"default": env.database(os.environ["TEST_DATABASE_URL"])}
DATABASES["default"]["TEST"] = {
    "NAME": None if "postgresql" in DATABASES["default"]["ENGINE"] else str(_data / "test.sqlite3")
}
if DATABASES["default"]["TEST"]["NAME"] is None:
    del DATABASES["default"]["TEST"]
EMBEDDED = "sqlite" in DATABASES["default"]["ENGINE"]

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
SECOND_FACTOR = False
DEMO = False
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
AXES_ENABLED = False
ALLOWED_HOSTS = ["*"]
