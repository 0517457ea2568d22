"""States parties, their regional groups and what they are party to (rules 5, 6, 13)."""

import uuid

from django.db import models

from cases.enums import Language


class RegionalGroup(models.Model):
    slug = models.SlugField(unique=True)
    names = models.JSONField(default=dict)

    def __str__(self) -> str:
        return self.slug


class StateParty(models.Model):
    """A State or a regional economic integration organization.

    ``names`` is ``{language: {"short": …, "formal": …}}`` as UNTERM gives them. ``invented`` parties exist only in a
    demonstration or a simulation; a real one never stands beside made-up conduct.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    code = models.CharField(max_length=3, unique=True)
    names = models.JSONField(default=dict)
    group = models.ForeignKey(RegionalGroup, null=True, blank=True, on_delete=models.PROTECT)
    invented = models.BooleanField(default=False)
    entity_type = models.CharField(max_length=60, blank=True)
    language = models.CharField(max_length=8, choices=Language.choices, default=Language.ENGLISH)
    weekend = models.CharField(max_length=7, default="sat-sun")

    def __str__(self) -> str:
        return self.code


class Ratification(models.Model):
    """That a State is party to an instrument; what is not here, it is not asked about."""

    state = models.ForeignKey(StateParty, on_delete=models.CASCADE, related_name="ratifications")
    instrument = models.SlugField(max_length=20)
    since = models.DateField(null=True, blank=True)
    signed = models.DateField(null=True, blank=True)
    evidence = models.CharField(max_length=20, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["state", "instrument"], name="one_ratification_per_instrument")]

    def __str__(self) -> str:
        return f"{self.state_id}/{self.instrument}"
