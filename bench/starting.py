"""``startup``: how long a process takes until it can answer, against Django with nothing but accounts."""

import resource
import subprocess
import sys
import time
from typing import Any

from bench import goals
from bench.databases import ROOT, seeded
from bench.timing import Sample, compare, interleave

READY = """
import django
django.setup()
from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver
get_wsgi_application()
get_resolver().url_patterns
"""


def startup(*, db: str, size: str, rounds: int) -> dict[str, Any]:
    """E11: interpreter, settings, applications, middleware and addresses; each sample is a process of its own."""
    environment = seeded(db, size).env

    def start(settings: str) -> Sample:
        env = environment | {"DJANGO_SETTINGS_MODULE": settings}
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run([sys.executable, "-c", READY], cwd=ROOT, env=env, check=True, stdout=subprocess.DEVNULL)
        took, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        at_work = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return Sample(took * 1000, at_work * 1000)

    samplers = {"product": lambda: start("config.settings"), "bare": lambda: start("bench.peers.bare")}
    taken = interleave(samplers, rounds=min(rounds, 20))
    figures = compare(taken["product"], taken["bare"]).figures()
    part = goals.part("E11", "config.settings", **figures, floor="Django with auth")
    return goals.result("startup", db=db, size=size, parts=[part], floor="Django with auth")
