"""From an entry to the people who must know of it: rows in the same transaction, ids only."""

from collections.abc import Sequence
from typing import Any

from django.dispatch import receiver

from cases.models import Event, Participation
from cases.rights import reads_as
from cases.signals import event_recorded
from cases.verbs import EVERYBODY, OWN_SEAT, verb_of
from notifications.models import Notification


@receiver(event_recorded)
def tell(event: Event, people: Sequence[Participation] | None, **_signal: Any) -> None:
    """Write a notice for each person who hears of the verb and may read its room; the actor knows already."""
    if not people or event.review is None:
        return
    heard_by = verb_of(event.verb).heard_by
    hearers = {
        person.user_id: None
        for person in people
        if person.user_id != event.actor_id
        and _hears(person, heard_by, event)
        and reads_as(person, event.review.definition, event.room, event.seat_id)
    }
    if hearers:
        Notification.objects.bulk_create(
            Notification(user_id=user_id, event=event, review_id=event.review_id, at=event.at) for user_id in hearers
        )


def _hears(person: Participation, heard_by: str, event: Event) -> bool:
    if heard_by == EVERYBODY:
        return True
    if heard_by == OWN_SEAT:
        return person.seat_id == event.seat_id
    return person.seat.capacity == heard_by
