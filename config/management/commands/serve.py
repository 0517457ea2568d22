"""The whole product in one process (docs/formats.md §1): pages, static files and the clock.

Ctrl-C or SIGTERM stops it cleanly, exit status 0. What stands in the way is said before anything is served, exit
status 1. With ``--json`` the object is ``{"address"}``, printed once it listens.
"""

import errno
import logging
import signal
import socket
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from django.conf import settings
from django.db import connections

from cases.management import base
from cases.models import Installation
from cases.operations.sweep import sweep
from config.demonstration.real import begin_today
from config.static_files import collected

log = logging.getLogger(__name__)

SECONDS_BETWEEN_SWEEPS = 300
SECONDS_TO_FINISH = 10


class Command(base.Command):
    help = "Serve the whole product in one process; Ctrl-C stops it."

    def work(self, **options: Any) -> base.Outcome:
        refuse_unfit()
        with listening(settings.BIND, settings.PORT) as listener, sweeping() as begin_sweeping:

            def announce() -> None:
                self._announce(as_json=options["json"])
                begin_sweeping()

            Server(announce).run_until_stopped(listener)
        return base.Outcome({})

    def _announce(self, *, as_json: bool) -> None:
        if as_json:
            self._print({"address": f"{settings.PUBLIC_URL}/"})
        else:
            self.stdout.write(f"Peer reviews are served at {settings.PUBLIC_URL}/ — stop with Ctrl-C")
        self.stdout.flush()

    def _say(self, outcome: base.Outcome, *, as_json: bool) -> None:
        """Say nothing at the end: the line that names the address is the last one."""


def refuse_unfit() -> None:
    """Refuse to serve an installation that is not ready.

    :raises NotDone: with what to do.
    """
    if settings.DEMO and not Installation.objects.filter(demonstration=True).exists():
        raise base.NotDone(
            "DEMO is set, but this installation is not marked as a demonstration. Unset DEMO, or set DATA_DIR to an "
            "empty folder and run .venv/bin/python manage.py demo there first."
        )
    if not collected():
        raise base.NotDone(
            f"The style sheets and scripts are not in {settings.STATIC_ROOT}: "
            "run .venv/bin/python manage.py collectstatic --noinput first."
        )


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that takes connections on BIND and PORT.

    :raises NotDone: when it cannot.
    """
    if not 1 <= port <= 65535:
        raise base.NotDone(f"PORT is {port}; set it to a number from 1 to 65535.")
    try:
        family, kind, protocol, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise base.NotDone(f"BIND={host} is no address of this machine: {error.strerror}.") from error
    with listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
            listener.listen()
        except OSError as error:
            raise base.NotDone(_why_not(error, host, port)) from error
        yield listener


def _why_not(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is taken by another program, perhaps this one; stop it or set PORT to another number."
    if error.errno == errno.EACCES:
        return f"Port {port} may not be used by this account; set PORT to a number above 1023."
    return f"BIND={host} with PORT={port} cannot be used: {error.strerror}. Set BIND to an address of this machine."


class Server(uvicorn.Server):
    """uvicorn, which says when it listens and takes a signal as the way to end, not as an error."""

    def __init__(self, announce: Callable[[], None]) -> None:
        from config.asgi import application

        super().__init__(
            uvicorn.Config(
                application,
                lifespan="off",
                ws="none",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=SECONDS_TO_FINISH,
            )
        )
        self.announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.announce()

    def run_until_stopped(self, listener: socket.socket) -> None:
        """Serve until a signal comes. uvicorn raises the signals it took again when it is done: they end here."""
        # WhiteNoise hands Django files to read in a thread; they are small and kept by browsers for good.
        warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")
        before = {number: signal.signal(number, self._stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            self.run(sockets=[listener])
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _stop(self, *_signal: object) -> None:
        self.should_exit = True


@contextmanager
def sweeping() -> Iterator[Callable[[], None]]:
    """What starts the clock; it is stopped at the end, in the middle of nothing."""
    stopped = threading.Event()
    thread = threading.Thread(target=sweep_until, args=(stopped,), name="clock", daemon=True)
    try:
        yield thread.start
    finally:
        stopped.set()
        if thread.ident is not None:
            thread.join(SECONDS_TO_FINISH)


def sweep_until(stopped: threading.Event) -> None:
    """Sweep now and every five minutes; whatever happens is logged, and the next pass is tried.

    In a demonstration the real cycle begins every day anew, so that no date passes beside a real name.
    """
    while not stopped.is_set():
        try:
            now = base.now()
            if settings.DEMO:
                begin_today(now=now)
            for case in sweep(now=now).failed:
                log.error("The clock could not do %s; the other reviews were done.", case)
        except Exception:
            log.exception("The clock's pass ended early; the next is in %s seconds.", SECONDS_BETWEEN_SWEEPS)
        finally:
            connections.close_all()
        stopped.wait(SECONDS_BETWEEN_SWEEPS)
