"""Published definitions of mechanisms: stored as their bytes, never changed (architecture.md §8)."""

from functools import lru_cache

from django.db import models

from workflow.definition import Mechanism, load


class MechanismVersion(models.Model):
    """One published version of a mechanism; reviews stay on the version they began with."""

    key = models.SlugField(max_length=60)
    version = models.PositiveIntegerField()
    source = models.BinaryField()
    digest = models.CharField(max_length=64, unique=True)
    published_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "version"], name="one_definition_per_version")]

    def __str__(self) -> str:
        return f"{self.key}@{self.version}"

    def save(self, *args: object, **kwargs: object) -> None:
        """Store a new version.

        :raises ValueError: when the version is already published.
        """
        if self.pk is not None:
            raise ValueError("a published mechanism is never changed; publish a new version")
        super().save(*args, **kwargs)  # type: ignore[arg-type]

    @property
    def definition(self) -> Mechanism:
        return definition_of(self.pk)


@lru_cache(maxsize=32)
def definition_of(version_id: int) -> Mechanism:
    """The compiled definition of a published version, read once per process."""
    return load(bytes(MechanismVersion.objects.values_list("source", flat=True).get(pk=version_id)))
