"""People. A person acts only through a participation in a seat."""

import uuid

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _

from cases.enums import Language


class User(AbstractUser):
    """A person with an account; other States see the State that speaks, not the person."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    office = models.CharField(_("office"), max_length=200, blank=True)
    phone = models.CharField(_("telephone"), max_length=60, blank=True)
    language = models.CharField(_("language"), max_length=8, choices=Language.choices, default=Language.ENGLISH)
    utc_offset = models.SmallIntegerField(_("minutes from UTC"), default=0)

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """How one's own side sees the person."""
        return self.get_full_name() or self.office or self.username
