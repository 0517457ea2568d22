"""Open a phase of a mechanism: one review for each State party, with reviewers by rules 10 to 13 from a fixed seed.

The seed and the whole assignment are recorded in the phase's own chain (``PHASE/_``), so that anybody can repeat it.
The officers of the Secretariat (accounts made by ``createsuperuser``) sit in every review. A phase is opened once.
"""

from datetime import date
from typing import Any

from django.core.management import CommandParser
from django.db import transaction

from cases.management import base
from cases.models import Cycle, Phase, StateParty, User
from cases.operations.loading import load_reference_data
from cases.operations.opening import launch_phase, open_cycle, open_phase
from workflow.draw.lots import CannotDrawError
from workflow.models import MechanismVersion


class Command(base.Command):
    help = "Open a phase: one review for each State party, with reviewers from a fixed seed."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--mechanism", required=True, metavar="KEY", help="a published mechanism, such as untoc")
        parser.add_argument("--phase", required=True, metavar="KEY", help="the phase's key, such as untoc-1")
        parser.add_argument("--cluster", required=True, metavar="KEY", help="the thematic cluster, such as I")
        parser.add_argument("--starts", type=date.fromisoformat, metavar="DATE", help="today, where it is left out")
        parser.add_argument("--seed", metavar="TEXT", help="of the assignment; the phase's key, where it is left out")

    def work(
        self, *, mechanism: str, phase: str, cluster: str, starts: date | None, seed: str | None, **_options: Any
    ) -> base.Outcome:
        version = MechanismVersion.objects.filter(key=mechanism).order_by("-version").first()
        if version is None:
            raise base.NotDone(f"There is no published mechanism {mechanism}: run load_mechanism first.")
        known = [one.key for one in version.definition.clusters]
        if cluster not in known:
            raise base.NotDone(f"{mechanism} has no cluster {cluster}; it has {', '.join(known)}.")
        if Phase.objects.filter(key=phase).exists():
            raise base.NotDone(f"The phase {phase} is open already.")
        states = StateParty.objects.filter(invented=False, ratifications__isnull=False).distinct()
        states = states.select_related("group").prefetch_related("ratifications")
        officers = list(User.objects.filter(is_staff=True, is_active=True))
        if not officers:
            raise base.NotDone("Nobody sits for the Secretariat yet: make an officer with createsuperuser first.")
        at = base.now()
        with transaction.atomic():
            load_reference_data()
            cycle = Cycle.objects.filter(key=mechanism).first() or open_cycle(
                key=mechanism,
                names=version.definition.labels,
                mechanism=version,
                invented=False,
                starts_on=starts or at.date(),
            )
            opened = open_phase(cycle=cycle, key=phase, cluster=cluster, starts_on=starts or at.date())
            try:
                reviews = launch_phase(phase=opened, states=states, seed=seed or phase, at=at, officers=officers)
            except CannotDrawError as cannot:
                raise base.NotDone(f"The phase cannot be opened, no lots can be drawn: {cannot}.") from cannot
        return base.Outcome(
            {"phase": phase, "reviews": len(reviews)}, lines=[f"{len(reviews)} reviews of {phase} are open."]
        )
