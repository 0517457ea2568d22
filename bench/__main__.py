"""``python -m bench NAME [--db sqlite|pg] [--size S10|S|L|XL] [--rounds N]``: one line of JSON, status 0, 1 or 2."""

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bench.databases import NotRun
from bench.everything import everything
from bench.growth import growth, plans, weight
from bench.pages import pages, saves
from bench.records import audit_verify, permlist, transition
from bench.seeds import seed
from bench.sizes import SIZES
from bench.starting import startup

MET, MISSED, NOT_RUN = 0, 1, 2

BENCHES: Mapping[str, Callable[..., dict[str, Any]]] = {
    one.__name__: one
    for one in (seed, pages, saves, growth, plans, weight, transition, permlist, audit_verify, startup)
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("name", choices=[*BENCHES, "all"])
    parser.add_argument("--db", choices=["sqlite", "pg"], default="sqlite")
    parser.add_argument("--size", choices=list(SIZES), default="S")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--out", type=Path, help="of all: the file for every line, as one JSON object")
    given = parser.parse_args()
    if given.name == "all":
        return everything(BENCHES, rounds=given.rounds, out=given.out)
    line, status = run(BENCHES[given.name], db=given.db, size=given.size, rounds=given.rounds)
    print(json.dumps(line))
    return status


def run(bench: Callable[..., dict[str, Any]], **about: Any) -> tuple[dict[str, Any], int]:
    """One benchmark's line and exit status."""
    try:
        line = bench(**about)
    except NotRun as error:
        return {"bench": bench.__name__, **about, "skipped": str(error), "met": None}, NOT_RUN
    return line, MET if line["met"] else MISSED


if __name__ == "__main__":
    sys.exit(main())
