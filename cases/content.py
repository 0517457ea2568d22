"""The shape of each kind of text's ``content``, and what counts as empty.

======== ==============================================================================================
answer   ``value`` (one option), ``values`` (several), ``text``, ``follow_ups`` {key: text or list},
         ``citations`` [{law, provision, date, link}], ``assistance`` {needed, forms, text, given, share}
feedback ``text`` (ref: the section's key)
observation ``category``, ``instrument``, ``articles`` [number], ``text``, ``forms`` (assistance)
summary  ``text``
consultation ``languages`` [language], ``timetable``, ``division``
query, reply ``text``
follow_up ``action``, ``owner``, ``by`` (date), ``shared``
======== ==============================================================================================
"""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

Content = Mapping[str, Any]

OBSERVATION_CATEGORIES = {
    "gap_challenge": _("Gap or challenge"),
    "best_practice": _("Best practice"),
    "suggestion": _("Suggestion"),
    "assistance_need": _("Need for technical assistance"),
}

ASSISTANCE_FORMS = {
    "legislative_drafting": _("Legislative drafting"),
    "legal_advice": _("Legal advice"),
    "model_legislation": _("Model legislation"),
    "capacity_building": _("Training and capacity-building"),
    "institution_building": _("Institution-building"),
    "on_site_expert": _("Assistance by an expert on site"),
    "data_systems": _("Data and information systems"),
    "good_practices": _("Examples of good practice"),
    "other": _("Other"),
}


def is_empty(content: Content) -> bool:
    """Whether nothing was said: every leaf is empty, false or blank."""

    def blank(value: Any) -> bool:
        if isinstance(value, Mapping):
            return all(blank(part) for part in value.values())
        if isinstance(value, list | tuple):
            return all(blank(part) for part in value)
        return not value or (isinstance(value, str) and not value.strip())

    return blank(content)
