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
def append_only_again(django_db_setup, django_db_blocker):
    """Set up before the database and torn down after it: what comes next on this database is guarded again."""
    yield
    with django_db_blocker.unblock():
        if not _has_triggers():
            with connection.schema_editor() as editor:
                append_only.install(apps, editor)


@pytest.fixture
def committed(append_only_again, transactional_db):
    """Commits are real; afterwards everything is deleted, which the append-only triggers of SQLite would refuse."""
    yield
    if connection.vendor == "sqlite":
        with connection.schema_editor() as editor:
            append_only.remove(apps, editor)
