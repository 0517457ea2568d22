"""One signal: an entry was written. Receivers run inside the transaction and must not do I/O."""

from django.dispatch import Signal

event_recorded = Signal()  # event: Event, people: Sequence[Participation] (active in the review) or None
