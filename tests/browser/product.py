"""The product as a user meets it: its own process, its own folder, a free port, a real browser."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
NOT_PASSED_ON = {"DATABASE_URL", "TEST_DATABASE_URL", "BIND", "PUBLIC_URL", "EMAIL_URL", "REDIS_URL", "DEBUG"}


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
        self.log = folder / "server.log"
        self.env = {
            **{name: value for name, value in os.environ.items() if name not in NOT_PASSED_ON},
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
    def running(self) -> Iterator[Product]:
        """The product served as its users serve it; what the server says goes to ``log``."""
        with self.log.open("ab") as log:
            server = subprocess.Popen(
                [sys.executable, "manage.py", "serve", "--json"],
                cwd=ROOT,
                env=self.env,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        try:
            said = server.stdout.readline()
            if not said:
                raise RuntimeError(f"The server did not start:\n{self.log.read_text()}")
            assert json.loads(said)["address"] == f"{self.url}/"
            yield self
        finally:
            server.terminate()
            server.wait(timeout=30)
            server.stdout.close()

    def copy(self, folder: Path) -> Product:
        """The same installation in another folder, with a port of its own."""
        shutil.copytree(self.folder, folder)
        return Product(folder)


def prepared(folder: Path, script: str) -> Product:
    """An installation with what ``script``, run inside it, puts there."""
    product = Product(folder)
    product.manage("migrate", "--verbosity", "0")
    product.manage("collectstatic", "--noinput", "--verbosity", "0")
    product.manage("shell", "--no-imports", "-c", script)
    return product
