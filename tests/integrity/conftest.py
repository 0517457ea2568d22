"""A database that really commits: threads and processes meet in it."""

from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection

append_only = import_module("cases.migrations.0002_append_only")


def _has_triggers() -> bool:
    if connection.vendor != "sqlite":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND name = 'cases_event_no_update'")
        return bool(cursor.fetchone()[0])


@pytest.fixture
def committed(transactional_db):
    """Commits are real; afterwards everything is deleted, which the append-only triggers of SQLite would refuse."""
    if not _has_triggers():
        with connection.schema_editor() as editor:
            append_only.install(apps, editor)
    yield
    if connection.vendor == "sqlite":
        with connection.schema_editor() as editor:
            append_only.remove(apps, editor)
