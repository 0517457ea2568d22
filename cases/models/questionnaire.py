"""The questionnaire of a cluster, as data (rules 31–33)."""

from django.db import models


class Question(models.Model):
    """One question, in six languages, in one version of a cluster's questionnaire.

    ``instrument`` is empty for the general part, which every State is asked; ``follow_ups`` and ``options`` have the
    shapes described in ``cases/data/README.md``.
    """

    cluster = models.CharField(max_length=8)
    version = models.PositiveIntegerField(default=1)
    key = models.CharField(max_length=40)
    number = models.PositiveIntegerField()
    section = models.CharField(max_length=40)
    instrument = models.SlugField(max_length=20, blank=True)
    article = models.PositiveSmallIntegerField(null=True, blank=True)
    paragraphs = models.CharField(max_length=40, blank=True)
    obligation = models.CharField(max_length=20)
    text = models.JSONField()
    answer_type = models.CharField(max_length=20)
    options = models.JSONField(default=list)
    cite = models.CharField(max_length=40)
    follow_ups = models.JSONField(default=list)
    assistance = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cluster", "version", "key"], name="one_question_per_key"),
        ]
        indexes = [models.Index(fields=["cluster", "version", "number"], name="questions_in_order")]

    def __str__(self) -> str:
        return self.key


class Section(models.Model):
    """A part of the questionnaire: the general part, or one article of one instrument."""

    cluster = models.CharField(max_length=8)
    version = models.PositiveIntegerField(default=1)
    key = models.CharField(max_length=40)
    number = models.PositiveIntegerField()
    instrument = models.SlugField(max_length=20, blank=True)
    article = models.PositiveSmallIntegerField(null=True, blank=True)
    labels = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["cluster", "version", "key"], name="one_section_per_key")]

    def __str__(self) -> str:
        return self.key


class Article(models.Model):
    """An article of an instrument: its title, and in our own words what it asks (never treaty text)."""

    instrument = models.SlugField(max_length=20)
    number = models.PositiveSmallIntegerField()
    cluster = models.CharField(max_length=8, blank=True)
    title = models.JSONField()
    asks = models.JSONField()
    url = models.URLField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["instrument", "number"], name="one_article_per_number")]

    def __str__(self) -> str:
        return f"{self.instrument} {self.number}"
