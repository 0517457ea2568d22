"""Locks: the review first, then its seats by id; the same order everywhere, so that nothing can deadlock."""

from dataclasses import dataclass

from cases.exceptions import NotVisible
from cases.models import Participation, Review, Seat, Submission, User
from cases.rights import Rights, rights_from


@dataclass(slots=True)
class Locked:
    """A review held for a write, with everything that rights, guards and notices ask about it."""

    review: Review
    seats: list[Seat]
    people: list[Participation]
    submissions: list[Submission]

    def seat(self, seat_id: int) -> Seat:
        return next(seat for seat in self.seats if seat.pk == seat_id)

    def rights(self, user: User) -> Rights:
        """The rights of ``user``, from what is held.

        :raises NotVisible: when the user may not know of the review.
        """
        rights = rights_from(user=user, review=self.review, participations=self.people)
        if not rights.sees:
            raise NotVisible
        return rights

    def standing_submission(self, seat_id: int, product: str) -> Submission | None:
        return next((one for one in self.submissions if one.seat_id == seat_id and one.product == product), None)


def lock_review(*, by: User | None, review_id: int | None = None, case: str | None = None) -> Locked:
    """Lock a review and its seats for a write of ``by`` (None: the system): four statements.

    A review that ``by`` may not know of is looked up like one that does not exist: one statement, the same answer.

    :raises NotVisible: when there is no such review for ``by``.
    """
    which = {"pk": review_id} if review_id is not None else {"case": case}
    reviews = Review.objects.all() if by is None else Review.objects.visible_to(by)
    review = reviews.select_for_update(of=("self",)).select_related("phase", "state").filter(**which).first()
    if review is None:
        raise NotVisible
    seats = list(
        Seat.objects.select_for_update(of=("self",)).select_related("state").filter(review=review).order_by("pk")
    )
    by_id = {seat.pk: seat for seat in seats}
    people = list(Participation.objects.filter(review=review, ended_at=None).order_by("pk"))
    for person in people:
        person.seat = by_id[person.seat_id]
    submissions = list(Submission.objects.filter(review=review, voided_at=None))
    return Locked(review=review, seats=seats, people=people, submissions=submissions)
