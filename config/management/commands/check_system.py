"""Whether this installation is fit to run (docs/formats.md §1): each line ok, warning or broken, with the remedy.

Exit status 1 when anything is broken. It changes nothing.
"""

from typing import Any

from cases.management import base
from config.fitness import checks


class Command(base.Command):
    help = "Say whether this installation is fit to run."
    needs_database = False

    def work(self, **_options: Any) -> base.Outcome:
        found = checks(base.now())
        broken = [one for one in found if one.status == "broken"]
        wide = max(len(one.name) for one in found)
        return base.Outcome(
            {"ok": not broken, "checks": [one.as_json() for one in found]},
            lines=[f"{one.status:<8} {one.name:<{wide}}  {one.message}" for one in found],
            problems=[f"Broken: {', '.join(one.name for one in broken)}."] if broken else [],
            status=base.REFUSED if broken else base.DONE,
        )
