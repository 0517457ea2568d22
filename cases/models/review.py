"""A review and who takes part in it: cycle → phase → review → seat → participation."""

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q
from django.db.models.expressions import RawSQL
from guardian.models import UserObjectPermissionBase
from simple_history.models import HistoricalRecords

from cases.enums import Capacity, IntervalKind, PublicationScope, Role, SeatKind, Side
from cases.models.party import StateParty
from cases.models.user import User
from workflow.models import MechanismVersion, definition_of

if TYPE_CHECKING:
    from workflow.definition import Mechanism


class Cycle(models.Model):
    """One run of a mechanism; ``invented`` cycles hold demonstration or simulated reviews only."""

    key = models.SlugField(unique=True)
    names = models.JSONField(default=dict)
    mechanism = models.ForeignKey(MechanismVersion, on_delete=models.PROTECT)
    invented = models.BooleanField(default=False)
    starts_on = models.DateField()

    def __str__(self) -> str:
        return self.key


class Phase(models.Model):
    """One thematic cluster reviewed in a cycle; its key opens the name of every case in it (formats.md §3)."""

    cycle = models.ForeignKey(Cycle, on_delete=models.PROTECT, related_name="phases")
    key = models.SlugField(unique=True)
    cluster = models.CharField(max_length=8)
    starts_on = models.DateField()

    def __str__(self) -> str:
        return self.key


# Written out, because every page asks it once or twice and composing it cost more than running it.
_VISIBLE = (
    "SELECT review_id FROM cases_participation WHERE user_id = %s AND ended_at IS NULL"
    " UNION SELECT content_object_id FROM cases_reviewgrant WHERE user_id = %s AND ended_at IS NULL"
)


class ReviewQuerySet(models.QuerySet["Review"]):
    def visible_to(self, user: User) -> Self:
        """The reviews ``user`` takes part in now, or was granted to read.

        One ``IN`` over a union of two indexed subqueries: neither database scans the reviews for it.
        """
        if not user.is_authenticated:
            return self.none()
        return self.filter(id__in=RawSQL(_VISIBLE, [user.pk, user.pk]))  # noqa: S611  no word of it comes from outside


class Review(models.Model):
    """One State party under review in one phase, on every instrument it is party to (rule 5).

    ``stage_version`` counts transitions and what guards read; ``head_seq`` counts audit entries. ``stage`` is assigned
    only by ``operations.transition``.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    phase = models.ForeignKey(Phase, on_delete=models.PROTECT, related_name="reviews")
    state = models.ForeignKey(StateParty, on_delete=models.PROTECT, related_name="reviews")
    mechanism = models.ForeignKey(MechanismVersion, on_delete=models.PROTECT)
    case = models.CharField(max_length=64, unique=True)
    stage = models.SlugField(max_length=60)
    stage_version = models.PositiveIntegerField(default=1)
    stage_since = models.DateTimeField()
    launched_on = models.DateField()
    start_group = models.PositiveSmallIntegerField(default=1)
    languages = models.JSONField(default=list, blank=True)
    shared = models.JSONField(default=list, blank=True)
    helped_seats = models.JSONField(default=list, blank=True)
    suspended_since = models.DateField(null=True, blank=True)
    withdrawn_on = models.DateField(null=True, blank=True)
    paused_days = models.PositiveIntegerField(default=0)
    questionnaire_version = models.PositiveIntegerField(default=1)
    question_count = models.PositiveIntegerField(default=0)
    open_queries = models.PositiveIntegerField(default=0)
    head_seq = models.PositiveIntegerField(default=0)
    head_hash = models.CharField(max_length=64, default="0" * 64)
    head_at = models.DateTimeField(null=True, blank=True)

    # django-simple-history reads these from the instance when it writes a row
    _change_reason: str
    _history_user: User | None
    _history_date: datetime
    skip_history_when_saving: bool

    history = HistoricalRecords(excluded_fields=["head_seq", "head_hash", "head_at", "open_queries", "question_count"])
    objects = ReviewQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["phase", "stage", "case"], name="review_by_stage"),  # the list filtered by stage
        ]

    def __str__(self) -> str:
        return self.case

    @property
    def definition(self) -> "Mechanism":
        return definition_of(self.mechanism_id)

    @property
    def suspended(self) -> bool:
        return self.suspended_since is not None

    @property
    def withdrawn(self) -> bool:
        return self.withdrawn_on is not None


class Seat(models.Model):
    """(review, State or none, capacity): it owns drafts, tasks and promises; people come and go in it.

    ``writable`` names the kinds of text this seat may draft now; transitions write it, drafts read it under the seat's
    lock. ``extended`` maps a deadline's key to the date it was moved to. ``observers_read_drafts`` is the State's own
    choice about its observers.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="seats")
    state = models.ForeignKey(StateParty, null=True, blank=True, on_delete=models.PROTECT, related_name="seats")
    capacity = models.CharField(max_length=20, choices=Capacity.choices)
    side = models.CharField(max_length=8, choices=Side.choices, blank=True)
    kind = models.CharField(max_length=12, choices=SeatKind.choices, default=SeatKind.PRIMARY)
    instruments = models.JSONField(default=list)
    writable = models.JSONField(default=list, blank=True)
    agreed_to_go_on = models.JSONField(default=list, blank=True)
    extended = models.JSONField(default=dict, blank=True)
    drafted = models.PositiveIntegerField(default=0)
    observers_read_drafts = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["review", "state"], name="one_seat_per_state"),
            models.UniqueConstraint(
                fields=["review"], condition=Q(capacity=Capacity.REVIEWED), name="one_state_under_review"
            ),
            models.CheckConstraint(condition=Q(capacity__in=Capacity.values), name="known_capacity"),
            models.CheckConstraint(
                condition=Q(capacity=Capacity.SECRETARIAT, state=None)
                | (~Q(capacity=Capacity.SECRETARIAT) & Q(state__isnull=False)),
                name="states_sit_for_states",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.review_id}/{self.capacity}"


class Participation(models.Model):
    """That a person holds a role in a seat; active while ``ended_at`` is null (rules 19–24)."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="participations")
    seat = models.ForeignKey(Seat, on_delete=models.PROTECT, related_name="participations")
    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="participations")
    role = models.CharField(max_length=20, choices=Role.choices)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    note_verbale = models.ForeignKey("cases.NoteVerbale", null=True, blank=True, on_delete=models.PROTECT)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["seat"], condition=Q(role=Role.FOCAL_POINT, ended_at=None), name="one_focal_point_per_seat"
            ),
            models.UniqueConstraint(
                fields=["user", "seat", "role"], condition=Q(ended_at=None), name="one_active_role_per_seat"
            ),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="known_role"),
        ]
        indexes = [
            # visible_to and the inbox begin at the user; a review's people at the review
            models.Index(fields=["user", "review"], condition=Q(ended_at=None), name="active_by_user"),
            models.Index(fields=["review", "seat"], condition=Q(ended_at=None), name="active_by_review"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.role} {self.seat_id}"


class ReviewGrant(UserObjectPermissionBase):
    """An exception outside every role: somebody may read what is common to a review, until a date."""

    content_object = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="grants")
    seat = models.ForeignKey(Seat, null=True, blank=True, on_delete=models.PROTECT)
    until = models.DateField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta(UserObjectPermissionBase.Meta):
        indexes = [models.Index(fields=["user", "content_object"], condition=Q(ended_at=None), name="active_grants")]


class Interval(models.Model):
    """A dated stretch beside the stage: suspended, withdrawn, quiet, or a State's drafts open for help."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="intervals")
    seat = models.ForeignKey(Seat, null=True, blank=True, on_delete=models.PROTECT)
    kind = models.CharField(max_length=20, choices=IntervalKind.choices)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=IntervalKind.values), name="known_interval"),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=models.F("starts_on")), name="interval_in_order"
            ),
        ]
        indexes = [models.Index(fields=["review", "kind"], name="interval_by_review")]

    def __str__(self) -> str:
        return f"{self.review_id} {self.kind}"


class Publication(models.Model):
    """The State's own decision to open a document of its review (rule 48), dated and scoped; it can be taken back."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="publications")
    product = models.SlugField(max_length=40)
    scope = models.CharField(max_length=10, choices=PublicationScope.choices)
    decided_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["review", "product", "scope"], condition=Q(withdrawn_at=None), name="one_decision_per_scope"
            )
        ]

    def __str__(self) -> str:
        return f"{self.review_id} {self.product} {self.scope}"


class Submission(models.Model):
    """What a seat hands over: exact versions under one digest, cleared by its focal point (rule 23).

    ``submitted_at`` is null between the clearance and the submission; ``voided_at`` is set by any later edit of the
    texts, or by a reopening. ``versions`` lists the uids of the text versions, in order.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="submissions")
    seat = models.ForeignKey(Seat, on_delete=models.PROTECT, related_name="submissions")
    product = models.SlugField(max_length=40)
    versions = models.JSONField(default=list)
    gaps = models.PositiveIntegerField(default=0)
    digest = models.CharField(max_length=64)
    salt = models.CharField(max_length=64)
    cleared_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    cleared_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True, blank=True)
    voided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["seat", "product"], condition=Q(voided_at=None), name="one_standing_submission"
            )
        ]
        indexes = [models.Index(fields=["review"], condition=Q(voided_at=None), name="standing_by_review")]

    def __str__(self) -> str:
        return f"{self.seat_id} {self.product}"
