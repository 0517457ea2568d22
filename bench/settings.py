"""The product's settings, as in production, with the floor's address and the peers' tables beside."""

from config.settings import *  # noqa: F403
from config.settings import INSTALLED_APPS, LOGGING

INSTALLED_APPS = [*INSTALLED_APPS, "bench.peers"]
ROOT_URLCONF = "bench.urls"
LOGGING = {**LOGGING, "loggers": {"django.request": {"level": "ERROR"}}}
