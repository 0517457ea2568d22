"""Closed lists of the domain that the code itself relies on; what a mechanism may choose lives in its definition."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Language(models.TextChoices):
    """The six official languages of the Mechanism (rule 27), as BCP 47."""

    ARABIC = "ar", "العربية"
    CHINESE = "zh-hans", "中文"
    ENGLISH = "en", "English"
    FRENCH = "fr", "Français"
    RUSSIAN = "ru", "Русский"
    SPANISH = "es", "Español"


class Capacity(models.TextChoices):
    """In what capacity a seat takes part in a review."""

    REVIEWED = "reviewed", _("State party under review")
    REVIEWING = "reviewing", _("reviewing State")
    SECRETARIAT = "secretariat", _("Secretariat")


class Role(models.TextChoices):
    """What a person does in a seat (rules 19–24)."""

    FOCAL_POINT = "focal_point", _("focal point")
    EXPERT = "expert", _("governmental expert")
    OBSERVER = "observer", _("observer")
    MISSION = "mission", _("Permanent Mission")
    OFFICER = "officer", _("Secretariat officer")


class Side(models.TextChoices):
    """From which regional group a reviewing State was drawn, seen from the State under review (rule 13)."""

    SAME = "same", _("own regional group")
    OTHER = "other", _("another regional group")


class SeatKind(models.TextChoices):
    PRIMARY = "primary", _("primary")
    ADDITIONAL = "additional", _("additional, for the instruments named")


class Stance(models.TextChoices):
    """What a State says of a text that needs everybody's agreement."""

    AGREE = "agree", _("agrees")
    RESERVATION = "reservation", _("agrees with a reservation")
    OBJECT = "object", _("objects")


class IntervalKind(models.TextChoices):
    SUSPENDED = "suspended", _("suspended")
    WITHDRAWN = "withdrawn", _("withdrawn")
    QUIET = "quiet", _("no automatic messages")
    DRAFTS_OPEN = "drafts_open", _("drafts open to the Secretariat for help")


class QueryStatus(models.TextChoices):
    """A query ends in exactly one way."""

    ASKED = "asked", _("waiting for a reply")
    ANSWERED = "answered", _("replied to")
    ACCEPTED = "accepted", _("reply accepted")
    WITHDRAWN = "withdrawn", _("withdrawn")
    CARRIED = "carried", _("carried into an observation")


class PublicationScope(models.TextChoices):
    """To whom a State opens a document of its review (rule 48)."""

    PARTIES = "parties", _("all States parties")
    PUBLIC = "public", _("the public")


class NominationStatus(models.TextChoices):
    ASKED = "asked", _("waiting for registration")
    REGISTERED = "registered", _("registered")
    DECLINED = "declined", _("returned to the State with a question")
