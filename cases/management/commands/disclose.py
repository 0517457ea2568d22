"""Print the object behind an entry of the trail, with its salt (docs/formats.md §3, docs/audit.md).

What it prints is what ``verify_audit --open`` takes. Exit status 1 when there is no such entry, nothing is kept behind
it, or what is kept does not belong to it.
"""

import json
from typing import Any

from django.core.management import CommandParser

from cases.exceptions import NotVisible
from cases.management import base
from cases.models import Event
from cases.operations.audit import disclosed
from workflow import ledger


class Command(base.Command):
    help = "Print the object behind an entry of the audit trail, with its salt."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--case", required=True, metavar="C", help="the case, such as untoc-1/XAB or system/_")
        parser.add_argument("--seq", required=True, type=int, metavar="N", help="the entry's number in its case")

    def work(self, *, case: str, seq: int, **_options: Any) -> base.Outcome:
        if seq < 1:
            raise base.BadUsage(f"--seq is {seq}; entries are numbered from 1.")
        event = Event.objects.filter(case=case, seq=seq).first()
        if event is None:
            raise base.NotDone(f"There is no entry {seq} of {case}.")
        try:
            kept = disclosed(case=case, seq=seq)
        except NotVisible as error:
            raise base.NotDone(f"Nothing is kept behind entry {seq} of {case}.") from error
        digest = json.loads(bytes(event.line))["digest"]
        if ledger.content_digest(kept["content"], str(kept["salt"])) != digest:
            raise base.NotDone(f"What is kept behind entry {seq} of {case} is not what the entry was made from.")
        return base.Outcome(kept, lines=[json.dumps(kept, indent=1, ensure_ascii=False)])
