"""The product as a user meets it: its own process, its own folder, a free port, a real browser."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

PREPARE = """
from datetime import UTC, datetime, timedelta
from cases.models import Installation
from tests.conftest import make_review, make_world
Installation.objects.create(demonstration=True)
make_world(datetime.now(UTC) - timedelta(days=2))
make_review(phase_key="test-1", code="XAA", same="XAB", other="XAC", word="zebra")
make_review(phase_key="test-1", code="XBA", same="XBB", other="XBC", word="quagga", prefix="b-")
"""


def chromium() -> str:
    """The system's Chromium, or the address of another one in CHROMIUM."""
    for name in (os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name) if name else None
        if found:
            return found
    raise RuntimeError("No Chromium: install the package chromium, or set CHROMIUM to the program.")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Product:
    """One installation in a folder; ``manage`` runs its commands."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self.env = {
            **{k: v for k, v in os.environ.items() if k not in {"DATABASE_URL", "TEST_DATABASE_URL"}},
            "DATA_DIR": str(folder),
            "DEMO": "1",
            "PORT": str(self.port),
            "SECRET_KEY": "browser-tests",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PYTHONPATH": str(ROOT),
            "AUDIT_KEY_FILE": str(folder / "audit.key"),
            "DATABASE_URL": f"sqlite:///{folder / 'reviews.sqlite3'}",
        }

    def manage(self, *arguments: str, **options) -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.env,
            check=options.pop("check", True),
            capture_output=True,
            text=True,
            timeout=300,
            **options,
        )

    @contextmanager
    def running(self):
        server = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "uvicorn",
                "config.asgi:application",
                "--port",
                str(self.port),
                "--log-level",
                "warning",
            ],
            cwd=ROOT,
            env=self.env,
        )
        try:
            for _attempt in range(200):
                try:
                    urllib.request.urlopen(f"{self.url}/healthz", timeout=2)
                    break
                except OSError:
                    time.sleep(0.1)
            yield self
        finally:
            server.terminate()
            server.wait(timeout=20)


def prepared(folder: Path) -> Product:
    """An installation with two reviews just launched and everybody registered in them."""
    product = Product(folder)
    product.manage("migrate", "--verbosity", "0")
    product.manage("collectstatic", "--noinput", "--verbosity", "0")
    product.manage("shell", "--no-imports", "-c", PREPARE)
    return product
