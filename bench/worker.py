"""The process that is measured: one database, one request at a time, told what to do on standard input.

One line of JSON each way. ``Worker`` is the other end of it.
"""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from bench.databases import ROOT, Database, NotRun, collected
from bench.timing import Sample


@dataclass(frozen=True, slots=True)
class Seen:
    """What one asking of a subject took, beside time."""

    status: int
    queries: int
    bytes: int
    bytes_gz: int


class Worker:
    """A running worker."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, do: str, **about: Any) -> Any:
        """Let the worker do something; returns what it says.

        :raises NotRun: with its words, when it could not.
        """
        assert self._process.stdin and self._process.stdout  # noqa: S101
        self._process.stdin.write(json.dumps({"do": do, **about}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise NotRun(f"the worker ended while it did {do} {about}")
        said = json.loads(line)
        if "error" in said:
            raise NotRun(f"{do} {about}: {said['error']}")
        return said["done"]

    def sampler(self, name: str) -> Callable[[], Sample]:
        """Takes a sample of one subject."""
        return lambda: Sample(*self.ask("time", name=name))

    def calling(self, function: str, **about: Any) -> Callable[[], Sample]:
        """Takes a sample of a function of ``bench.inside``."""
        return lambda: Sample(*self.ask("call", function=function, **about))

    def seen(self, name: str) -> Seen:
        return Seen(**self.ask("see", name=name))


@contextmanager
def working_on(database: Database) -> Iterator[Worker]:
    """A worker on a database, ended afterwards."""
    collected(database.folder)
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.worker"],
        cwd=ROOT,
        env=database.env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Worker(process)
    finally:
        if process.stdin:
            process.stdin.close()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Work:
    """What a worker can do; each method answers one ``do``."""

    def __init__(self) -> None:
        from bench import subjects
        from bench.server import Server

        self._server = Server()
        self._subjects = subjects
        self._asks: dict[str, Callable[..., Any]] = dict(subjects.PAGES)

    def _subject(self, name: str) -> Callable[..., Any]:
        if name not in self._asks:
            self._asks[name] = self._subjects.SAVES[name]()
        return self._asks[name]

    def time(self, name: str) -> Sample:
        """How long one asking takes."""
        answer = self._subject(name)(self._server)
        if answer.status not in {200, 302}:
            raise RuntimeError(f"status {answer.status}")
        return answer.took

    def see(self, name: str) -> dict[str, int]:
        """Status, statements and bytes of one asking."""
        subject = self._subject(name)
        subject(self._server)
        answer = subject(self._server)
        return {"status": answer.status, "queries": answer.queries, "bytes": len(answer.body), "bytes_gz": answer.gz}

    def gates(self) -> dict[str, Any]:
        """Status, statements and bytes of every page of the first circle's people, and what reads a whole table."""
        from bench.gates import see_pages

        seen, scans = see_pages(self._server)
        return {"pages": [asdict(page) for page in seen], "scans": scans}

    def weight(self) -> list[dict[str, Any]]:
        from bench.gates import first_visits

        return first_visits(self._server)

    def body(self, name: str) -> str:
        return self._subject(name)(self._server).body.decode()

    def rss_mb(self) -> float:
        return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)

    def call(self, function: str, **about: Any) -> Any:
        """A function of ``bench.inside`` by its name."""
        from bench import inside

        return getattr(inside, function)(**about)


def main() -> None:
    import django

    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # whatever is printed on the way must not stand among the answers
    django.setup()
    work = Work()
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            said = {"done": getattr(work, asked.pop("do"))(**asked)}
        except Exception as error:  # noqa: BLE001  the other end says what could not be run
            said = {"error": f"{type(error).__name__}: {error}"}
        out.write(json.dumps(said) + "\n")


if __name__ == "__main__":
    main()
