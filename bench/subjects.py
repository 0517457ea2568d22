"""What is measured: pages of the first circle's people, which are the same at every size, and what is done on them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.urls import URLPattern, get_resolver, reverse

from bench.server import Answer, Server
from cases.models import Cycle, Participation, Query, Question, Review, Submission, Task, Text
from config.simulation.shares import FIRST_CIRCLE

HOME_PHASE = "sim-1"
ANSWERING = f"{HOME_PHASE}/{FIRST_CIRCLE[0]}"
"""The review whose State is asked 120 questions, has answered all, and has not submitted yet."""

READ = tuple(FIRST_CIRCLE[place] for place in (0, 1, 2, 6))
"""Reviews in the self-assessment, the list of observations, the desk review and the summary."""

NOT_PAGES = {"become", "verifier", "healthz", "set_language"}


@dataclass(frozen=True, slots=True)
class Page:
    """An address as one person opens it."""

    name: str
    path: str
    username: str


def pages() -> list[Page]:
    """Every page that can be read: the general ones, and those of four reviews as four people see them."""
    patterns = [one for one in get_resolver().url_patterns if isinstance(one, URLPattern) and one.name]
    found = []
    for code in READ:
        review = Review.objects.get(case=f"{HOME_PHASE}/{code}")
        for viewer in _viewers(review):
            given = _arguments(review, viewer)
            for pattern in patterns:
                wanted = pattern.pattern.converters
                if wanted and pattern.name not in NOT_PAGES and set(wanted) <= set(given[pattern.name]):
                    kwargs = {name: given[pattern.name][name] for name in wanted}
                    found.append(Page(pattern.name, reverse(pattern.name, kwargs=kwargs), viewer.user.username))
    names = [p.name for p in patterns if not p.pattern.converters and p.name not in NOT_PAGES]
    general = [name for name in names if not name.startswith(("account_", "mfa_"))]
    for username in {page.username: None for page in found}:
        found += [Page(name, reverse(name), username) for name in general]
    listed = Page("reviews filtered", f"/reviews/?phase={HOME_PHASE}&stage=desk_review", "sim-officer-1")
    return [*dict.fromkeys(found), listed]


def _viewers(review: Review) -> Iterator[Participation]:
    """The State's focal point and expert, a reviewing focal point, and the desk officer (not the head of all)."""
    people = Participation.objects.filter(review=review, ended_at=None).select_related("user", "seat").order_by("pk")
    for role, capacity in (
        ("focal_point", "reviewed"),
        ("expert", "reviewed"),
        ("focal_point", "reviewing"),
        ("officer", "secretariat"),
    ):
        fitting = [one for one in people if one.role == role and one.seat.capacity == capacity]
        if fitting:
            yield fitting[-1]


class _arguments(dict[str, dict[str, Any]]):  # noqa: N801
    """Arguments for the address of each name: the first fitting thing of the review."""

    def __init__(self, review: Review, viewer: Participation) -> None:
        super().__init__()
        phase, _slash, code = review.case.partition("/")
        self._common = {
            "phase": phase,
            "code": code,
            "key": Cycle.objects.get(phases=review.phase_id).key,
            "section": "untoc-5",
            "question": "C1-UNTOC-5-07",
            "product": "self_assessment",
            "seq": review.head_seq,
        }
        self._review, self._viewer = review, viewer

    def __missing__(self, name: str) -> dict[str, Any]:
        review, given = self._review, dict(self._common)
        query = Query.objects.filter(review=review).order_by("pk").first()
        observation = Text.objects.filter(review=review, kind="observation").order_by("pk").first()
        submission = Submission.objects.filter(review=review).exclude(submitted_at=None).order_by("pk").first()
        task = Task.objects.filter(review=review, done_at=None).exclude(due_on=None).order_by("pk").first()
        for argument, thing in (("uid", query), ("submission", submission), ("task", task)):
            if thing is not None:
                given[argument] = thing.uid
        if observation is not None:
            given["ref"] = observation.ref
        self[name] = given
        return given


# What is named


Ask = Callable[[Server], Answer]


def hello(server: Server) -> Answer:
    return server.get("/hello/", "sim-officer-1")


def listing(server: Server) -> Answer:
    """B1: an officer with as many reviews as a page shows."""
    return server.get("/reviews/", "bench-lister")


def inbox(server: Server) -> Answer:
    """B3: 5,000 open tasks."""
    return server.get("/", "bench-officer")


def home(server: Server) -> Answer:
    return server.get("/", _username(FIRST_CIRCLE[2], "focal-point"))


def own_reviews(server: Server) -> Answer:
    return server.get("/reviews/", _username(FIRST_CIRCLE[2], "focal-point"))


def review(server: Server) -> Answer:
    """B2: a review in the middle of the work, as the officer sees it."""
    return server.get(f"/reviews/{HOME_PHASE}/{FIRST_CIRCLE[1]}/", "sim-officer-1")


def timeline(server: Server) -> Answer:
    return server.get(f"/reviews/{HOME_PHASE}/{FIRST_CIRCLE[1]}/timeline/", "sim-officer-1")


def queries(server: Server) -> Answer:
    return server.get(f"/reviews/{HOME_PHASE}/{FIRST_CIRCLE[1]}/queries/", _username(FIRST_CIRCLE[1], "focal-point"))


def observations(server: Server) -> Answer:
    path = f"/reviews/{HOME_PHASE}/{FIRST_CIRCLE[1]}/observations/"
    return server.get(path, _username(FIRST_CIRCLE[1], "focal-point"))


def section(server: Server) -> Answer:
    return server.get(f"/reviews/{ANSWERING}/questionnaire/untoc-5/", _username(FIRST_CIRCLE[0], "expert"))


def questions(server: Server) -> Answer:
    """B5: 120 answered questions on one page, every one a form."""
    return server.get(f"/reviews/{ANSWERING}/questionnaire/all/?write", _username(FIRST_CIRCLE[0], "expert"))


def questions_read(server: Server) -> Answer:
    """The same to read."""
    return server.get(f"/reviews/{ANSWERING}/questionnaire/all/", _username(FIRST_CIRCLE[0], "expert"))


def notices(server: Server) -> Answer:
    return server.get("/notices/", _username(FIRST_CIRCLE[2], "focal-point"))


class Autosave:
    """B6: one answer saved by the form of its question, as htmx sends it; each time with other words."""

    def __init__(self) -> None:
        state = ANSWERING.partition("/")[2]
        self._text = Text.objects.filter(
            review__case=ANSWERING, kind="answer", review__state__code=state, content__value="yes"
        ).order_by("pk")[0]
        self._question = Question.objects.get(key=self._text.ref, version=self._text.review.questionnaire_version)
        self._times = 0

    def __call__(self, server: Server) -> Answer:
        self._times += 1
        content = self._text.content
        data = {
            "value": content.get("value", ""),
            "text": f"{content.get('text', '')} ({self._times})",
            "language": self._text.language,
            "seen_version": self._text.version,
            **{
                name: [row.get(name, "") for row in content["citations"]]
                for name in ("law", "provision", "date", "link")
            },
        }
        path = f"/reviews/{ANSWERING}/questionnaire/answers/{self._text.ref}/"
        answer = server.post(path, _username(FIRST_CIRCLE[0], "expert"), data, htmx=True)
        before = self._text.version
        self._text.refresh_from_db()
        if answer.status != 200 or self._text.version != before + 1:
            raise RuntimeError(f"the answer was not saved: {answer.status}")
        return answer


class Transition:
    """B7: consultations opened by the officer's form; each time on another review."""

    def __init__(self) -> None:
        self._reviews = iter(ready_reviews())

    def __call__(self, server: Server) -> Answer:
        one = next(self._reviews)
        data = {"seen_version": one.stage_version, "key": f"bench-{one.pk}"}
        answer = server.post(f"/reviews/{one.case}/act/open_consultations/", "bench-officer", data)
        moved = Review.objects.filter(pk=one.pk, stage="preliminary_consultations").exists()
        if answer.status != 302 or not moved:
            raise RuntimeError(f"{one.case} was not moved: {answer.status}")
        return answer


def ready_reviews() -> list[Review]:
    """Reviews in which ``bench-officer`` can open the consultations."""
    mine = Participation.objects.filter(user__username="bench-officer").values("review")
    return list(Review.objects.filter(pk__in=mine, stage="nomination").order_by("pk"))


PAGES: Mapping[str, Ask] = {
    one.__name__: one
    for one in (
        hello,
        listing,
        inbox,
        home,
        own_reviews,
        review,
        timeline,
        queries,
        observations,
        section,
        questions,
        questions_read,
        notices,
    )
}
SAVES: Mapping[str, Callable[[], Ask]] = {"autosave": Autosave, "transition": Transition}


def _username(code: str, role: str) -> str:
    return f"sim-{code.lower()}-1-{role}"


def now() -> datetime:
    return datetime.now(UTC)
