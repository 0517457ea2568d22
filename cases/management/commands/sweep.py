"""One pass of the clock (docs/formats.md §1): ``serve`` does it every five minutes, other installations schedule it.

Running it twice for the same time does nothing the second time. A review that fails is named, the others are done,
exit status 1.
"""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.management import CommandParser

from cases.management import base
from cases.operations.sweep import sweep
from workflow.ledger import KeyFileError


class Command(base.Command):
    help = "One pass of the clock: marks dates that have passed, ends what was opened for a time, signs the trail."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--now", type=base.moment, metavar="TIME", help="take this time, not the clock's (embedded database only)"
        )

    def work(self, *, now: datetime | None, **_options: Any) -> base.Outcome:
        if now is not None and not settings.EMBEDDED:
            raise base.NotDone("--now is for trying things out and is refused on a server database.")
        try:
            done = sweep(now=now or base.now())
        except (OSError, KeyFileError) as error:
            raise base.NotDone(
                f"The trail cannot be signed with AUDIT_KEY_FILE={settings.AUDIT_KEY_FILE}: {base.one_line(error)}. "
                "The reviews were done."
            ) from error
        counts = {name.replace("overdue", "dates passed"): n for name, n in done.as_json().items() if name != "failed"}
        line = ", ".join(f"{name}: {count}" for name, count in counts.items())
        problems = [f"{case} could not be done; the log says why." for case in done.failed]
        status = base.REFUSED if done.failed else base.DONE
        return base.Outcome(done.as_json(), lines=[line], problems=problems, status=status)
