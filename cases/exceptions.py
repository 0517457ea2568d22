"""The refusals of the write path. Each carries sentences that a person can read, in the caller's language."""

from collections.abc import Sequence
from typing import Any

from django.utils.functional import Promise

Reason = str | Promise


class Refused(Exception):
    """A write that was refused; nothing was changed.

    ``reasons`` are sentences for the person; ``rule`` is the key of the mechanism's rule behind it, or empty;
    ``status`` is the HTTP status the edge answers with.
    """

    status = 422

    def __init__(self, *reasons: Reason, rule: str = "", **details: Any) -> None:
        super().__init__(*reasons)
        self.reasons: Sequence[Reason] = reasons
        self.rule = rule
        self.details = details


class NotVisible(Refused):
    """The person may not know that the thing exists: the same answer as for a thing that does not."""

    status = 404


class Stale(Refused):
    """The thing has changed since the person saw it. ``details`` may hold ``current`` and ``ancestor``."""

    status = 409


class WrongStage(Refused):
    """The action does not exist in the stage the review is in now."""

    status = 409


class NotAllowed(Refused):
    """The person sees the review, but this is not theirs to do."""

    status = 403


class GuardFailed(Refused):
    """A rule about who, when or integrity is not met; ``reasons`` lists every one of them."""

    status = 422


class BadInput(Refused):
    """What was typed cannot be taken; ``details["fields"]`` maps a field to its sentence."""

    status = 422


class Repeated(Exception):
    """A form or request with this key was taken before: it acted once, and nothing was done now."""

    def __init__(self, event_id: int) -> None:
        super().__init__(event_id)
        self.event_id = event_id
