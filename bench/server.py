"""The product's whole WSGI application in this process, asked as a browser asks it: every middleware, no test client.

Production serves pages from a WSGI pool; sockets and the wire are left out, alike for the subjects and the floor.
"""

import gzip
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.test import RequestFactory

from bench.timing import Sample, Stopwatch
from cases.models import User

CSRF = "b" * 32
CONTROL = ("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK", "SET CONSTRAINTS")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, how long it took, and the statements it took."""

    status: int
    body: bytes
    took: Sample
    statements: tuple[tuple[str, Any], ...]

    @property
    def queries(self) -> int:
        """How many statements it took, beside those that begin and end transactions."""
        return len(self.statements)

    @property
    def gz(self) -> int:
        return len(gzip.compress(self.body, 6))


class Server:
    """The application and the people signed in to it."""

    def __init__(self) -> None:
        self._application = WSGIHandler()
        self._factory = RequestFactory(SERVER_NAME="localhost")
        self._sessions: dict[str, str] = {}

    def get(self, path: str, username: str) -> Answer:
        return self._ask(self._factory.get(path, **self._headers(username)).environ)

    def post(self, path: str, username: str, data: Mapping[str, Any], *, htmx: bool = False) -> Answer:
        headers = self._headers(username) | ({"HTTP_HX_REQUEST": "true"} if htmx else {})
        form = {**data, "csrfmiddlewaretoken": CSRF}
        return self._ask(self._factory.post(path, form, **headers).environ)

    def _ask(self, environ: dict[str, Any]) -> Answer:
        status: list[str] = []
        seen: list[tuple[str, Any]] = []

        def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            if not sql.startswith(CONTROL):
                seen.append((sql, params))
            return execute(sql, params, many, context)

        with connection.execute_wrapper(watch):
            clock = Stopwatch()
            response = self._application(environ, lambda line, _headers, _error=None: status.append(line))
            body = b"".join(response)
            response.close()
            took = clock.end()
        return Answer(status=int(status[0].split()[0]), body=body, took=took, statements=tuple(seen))

    def _headers(self, username: str) -> dict[str, str]:
        if not username:
            return {"HTTP_COOKIE": f"csrftoken={CSRF}"}
        if username not in self._sessions:
            self._sessions[username] = _sign_in(User.objects.get(username=username))
        return {"HTTP_COOKIE": f"sessionid={self._sessions[username]}; csrftoken={CSRF}"}


def _sign_in(user: User) -> str:
    """A session as it is after sign-in with the second factor, confirmed a moment ago."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session["second_factor"] = True
    session["account_authentication_methods"] = [{"method": "mfa", "at": time.time() + 86_400, "reauthenticated": True}]
    session["account_authentication_methods_user"] = str(user.pk)
    session.create()
    return str(session.session_key)
