"""An installation of its own, whose commands run as a person runs them: another process, a folder, an exit status."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOT_PASSED_ON = {"DATABASE_URL", "TEST_DATABASE_URL", "DEMO", "BIND", "PUBLIC_URL", "EMAIL_URL", "REDIS_URL", "DEBUG"}


@dataclass(frozen=True)
class Done:
    status: int
    out: str
    err: str

    @property
    def json(self) -> dict:
        """The one object on standard output, after a look that nothing else is there."""
        line, end, rest = self.out.partition("\n")
        assert (end, rest) == ("\n", ""), self.out
        value = json.loads(line)
        assert isinstance(value, dict)
        return value


class Installation:
    """A folder and the environment of its commands; the embedded database."""

    def __init__(self, folder: Path, **env: str) -> None:
        self.folder = folder
        self.env = {name: value for name, value in os.environ.items() if name not in NOT_PASSED_ON} | {
            "DATA_DIR": str(folder),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "SECRET_KEY": "only-for-tests-" * 4,
            "AUDIT_KEY_FILE": str(folder / "audit.key"),
            "PYTHONPATH": str(ROOT),
            **env,
        }

    def command(self, *arguments: object) -> list[str]:
        return [sys.executable, "manage.py", *map(str, arguments)]

    def manage(self, *arguments: object, **env: str) -> Done:
        done = subprocess.run(
            self.command(*arguments),
            cwd=ROOT,
            env=self.env | env,
            check=False,
            capture_output=True,
            text=True,
            timeout=120,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def python(self, code: str) -> Done:
        done = self.manage("shell", "--no-imports", "-c", code)
        assert done.status == 0, done.err
        return done

    def migrated(self) -> Installation:
        assert self.manage("migrate", "--verbosity", "0").status == 0
        return self
