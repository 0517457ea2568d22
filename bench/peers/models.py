"""The spike's tables: a case with the columns of a review, its history, and an outbox."""

from django.db import models
from simple_history.models import HistoricalRecords


class SpikeCase(models.Model):
    case = models.CharField(max_length=64, unique=True)
    state = models.CharField(max_length=3)
    phase = models.CharField(max_length=40)
    stage = models.SlugField(max_length=60, default="nomination")
    stage_version = models.PositiveIntegerField(default=1)
    stage_since = models.DateTimeField()
    launched_on = models.DateField()
    start_group = models.PositiveSmallIntegerField(default=1)
    languages = models.JSONField(default=list)
    shared = models.JSONField(default=list)
    suspended_since = models.DateField(null=True)
    withdrawn_on = models.DateField(null=True)
    history = HistoricalRecords()

    class Meta:
        permissions = [("open_consultations", "Can open the consultations")]

    def __str__(self) -> str:
        return self.case


class Outbox(models.Model):
    case = models.ForeignKey(SpikeCase, on_delete=models.CASCADE)
    message = models.JSONField()
    at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["id"], condition=models.Q(sent_at=None), name="to_send")]

    def __str__(self) -> str:
        return f"{self.case_id} {self.at}"
