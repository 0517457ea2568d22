"""The spike: a transition by viewflow.fsm with its guard, a history row by simple_history, one outbox row.

Its permission is Django's own, asked of the database once for each request, as the library's guide has it.
"""

from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from viewflow.fsm import State  # type: ignore[import-untyped]

from bench.peers.models import Outbox, SpikeCase

STAGES = ("nomination", "preliminary_consultations", "self_assessment")


MAY_OPEN = "peers.open_consultations"


class Flow:
    """The library's own way: a class around the object, a transition with a condition and a permission."""

    stage = State(STAGES, default="nomination")

    def __init__(self, case: SpikeCase) -> None:
        self.case = case

    @stage.setter()
    def _set(self, value: str) -> None:
        self.case.stage = value

    @stage.getter()
    def _get(self) -> str:
        return self.case.stage

    def not_suspended(self) -> bool:
        return self.case.suspended_since is None and self.case.withdrawn_on is None

    @stage.transition(
        source="nomination",
        target="preliminary_consultations",
        conditions=[not_suspended],
        permission=lambda _flow, user: user.has_perm(MAY_OPEN),
    )
    def open_consultations(self) -> None:
        self.case.stage_version += 1


def take(*, case: str, by: AbstractBaseUser, at: datetime) -> None:
    """Take the step once."""
    with transaction.atomic():
        row = SpikeCase.objects.select_for_update().get(case=case)
        flow = Flow(row)
        if not flow.open_consultations.has_perm(by) or not flow.open_consultations.can_proceed():
            raise PermissionError(case)
        flow.open_consultations()
        row.stage_since = at
        row._history_user = by
        row._history_date = at
        row.save()
        Outbox.objects.create(case=row, message={"case": case, "verb": "open_consultations"}, at=at)
