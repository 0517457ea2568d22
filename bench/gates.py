"""What no machine changes: statements, bytes, plans and the weight of a first visit. The test suite asks the same."""

import gzip
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

from django.contrib.staticfiles import finders
from django.db import connection

from bench.server import Answer, Server
from bench.subjects import pages
from config.simulation.shares import FIRST_CIRCLE

WATCHED = (
    "cases_event",
    "cases_message",
    "cases_participation",
    "cases_position",
    "cases_query",
    "cases_review",
    "cases_seat",
    "cases_submission",
    "cases_task",
    "cases_text",
    "cases_textversion",
    "notifications_notification",
)
"""Tables that grow with the mechanism: no page may read one from end to end."""

REVIEW_PATH = re.compile(r"^/reviews/[^/]+/[A-Z]{3}/")


@dataclass(slots=True)
class Seen:
    """One page as one person opens it."""

    name: str
    path: str
    username: str
    status: int
    queries: int
    bytes: int


def see_pages(server: Server) -> tuple[list[Seen], list[dict[str, str]]]:
    """Every page that opens, and each statement, once, that reads a watched table from end to end."""
    seen: list[Seen] = []
    asked: dict[str, tuple[str, Any]] = {}
    wanted = pages()
    server.get(wanted[0].path, wanted[0].username)  # what a process reads once is read now
    for page in wanted:
        answer = server.get(page.path, page.username)
        if answer.status == 500:
            raise RuntimeError(f"{page.path} as {page.username}: status 500")
        if answer.status == 200:
            seen.append(Seen(page.name, page.path, page.username, answer.status, answer.queries, len(answer.body)))
        for sql, params in answer.statements:
            if sql.lstrip().upper().startswith("SELECT"):
                asked.setdefault(_shape(sql), (page.name, (sql, params)))
    scans = [
        {"page": name, "table": table, "sql": sql}
        for name, (sql, params) in asked.values()
        for table in scanned(sql, params)
    ]
    return seen, scans


# Plans


def _shape(sql: str) -> str:
    """A statement without the lengths of its lists: the same plan serves all of them."""
    return re.sub(r"\((?:%s(?:, )?)+\)", "(%s)", sql)


def scanned(sql: str, params: Any) -> list[str]:
    """The watched tables that the database would read from end to end."""
    plan = _sqlite_scans if connection.vendor == "sqlite" else _postgresql_scans
    return sorted({table for table in plan(sql, params) if table in WATCHED})


_FROM = re.compile(r'"(\w+)" "?(\w+)"?')


def _sqlite_scans(sql: str, params: Any) -> Iterator[str]:
    """``SCAN`` also names an index that is read from end to end."""
    names = {alias: table for table, alias in _FROM.findall(sql) if table in WATCHED}
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)
        details = [row[3] for row in cursor.fetchall()]
    for detail in details:
        if scan := re.match(r"SCAN (\w+)", detail):
            yield names.get(scan.group(1), scan.group(1))


LARGE = 1_000
"""PostgreSQL reads a table of fewer rows from end to end by its own calculation, whatever indexes there are."""


def _postgresql_scans(sql: str, params: Any) -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND reltuples >= %s", [LARGE])
        large = {name for (name,) in cursor.fetchall()}
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
        (plan,) = cursor.fetchone()
    yield from (table for table in _whole_tables(plan[0]["Plan"]) if table in large)


def _whole_tables(node: dict[str, Any]) -> Iterator[str]:
    kind = node["Node Type"]
    if kind == "Seq Scan" or (kind in {"Index Scan", "Index Only Scan"} and "Index Cond" not in node):
        yield node["Relation Name"]
    for below in node.get("Plans", ()):
        yield from _whole_tables(below)


# The first visit


class _Files(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        address = given.get("src") if tag in {"script", "img"} else given.get("href") if tag == "link" else None
        if address and not address.startswith("data:"):
            self.found.append(address)


def files_of(html: str) -> list[str]:
    """The files a page loads, in order, each once."""
    parser = _Files()
    parser.feed(html)
    return list(dict.fromkeys(parser.found))


def first_visits(server: Server) -> list[dict[str, Any]]:
    """What somebody who has nothing yet loads: the sign-in page, and the main pages with their files."""
    expert = f"sim-{FIRST_CIRCLE[0].lower()}-1-expert"
    review = f"/reviews/sim-1/{FIRST_CIRCLE[0]}/"
    visits = (("/accounts/login/", ""), ("/", expert), (review, expert), (f"{review}questionnaire/untoc-5/", expert))
    return [_visit(path, server.get(path, username)) for path, username in visits]


def _visit(path: str, answer: Answer) -> dict[str, Any]:
    if answer.status != 200:
        raise RuntimeError(f"{path}: status {answer.status}")
    addresses = files_of(answer.body.decode())
    sizes = [len_gz(content_of(address)) for address in addresses]
    return {"path": path, "files": 1 + len(addresses), "bytes": len(answer.body), "bytes_gz": answer.gz + sum(sizes)}


def content_of(address: str) -> bytes:
    """A static file as the address of a page names it, with or without the digest of its content.

    :raises RuntimeError: when there is none.
    """
    name = address.removeprefix("/static/")
    found = finders.find(name) or finders.find(re.sub(r"\.[0-9a-f]{12}(\.\w+)$", r"\1", name))
    if not found:
        raise RuntimeError(f"no static file is behind {address}")
    with open(found, "rb") as file:  # noqa: PTH123
        return file.read()


def len_gz(content: bytes) -> int:
    return len(gzip.compress(content, 6))
