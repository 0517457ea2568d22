"""The main pages, each as the person who would open it, found in a demonstration: for screenshots and accessibility."""

import json
from dataclasses import dataclass

from tests.browser.product import Product

FIND = """
import json
from cases.models import Participation, Query, Task, Submission, Question
wanted = json.loads({wanted!r})
found = {{}}
for name, role, capacity, stage, path in wanted:
    rows = Participation.objects.filter(ended_at=None, role=role, seat__capacity=capacity, review__phase__key='demo-1')
    rows = rows.filter(review__suspended_since=None, review__withdrawn_on=None).select_related('user', 'review')
    rows = rows.order_by('review__case', 'user__username')
    if stage:
        rows = rows.filter(review__stage=stage)
    if '<query>' in path:
        rows = rows.filter(review__queries__isnull=False)
    row = rows.first()
    if row is None:
        continue
    task = Task.objects.filter(review=row.review, done_at=None).exclude(due_on=None).exclude(seat__state=None).first()
    query = Query.objects.filter(review=row.review).first()
    handed = Submission.objects.filter(review=row.review, voided_at=None).exclude(submitted_at=None).first()
    if ('<task>' in path and not task) or ('<submission>' in path and not handed):
        continue
    if not path.startswith('/'):
        path = f'/reviews/{{row.review.case}}/{{path}}'
    path = path.replace('<task>', str(task.uid) if task else '').replace('<query>', str(query.uid) if query else '')
    path = path.replace('<submission>', str(handed.uid) if handed else '')
    found[name] = [row.user.username, path]
print(json.dumps(found))
"""

PAGES = (
    # name, role, capacity, stage, address (from a review's own, unless it begins with a slash)
    ("home", "focal_point", "reviewed", "self_assessment", "/"),
    ("home-officer", "officer", "secretariat", "", "/"),
    ("home-mission", "mission", "reviewed", "nomination", "/"),
    ("reviews", "officer", "secretariat", "", "/reviews/"),
    ("cycle", "officer", "secretariat", "", "/cycles/demonstration/"),
    ("open-review", "officer", "secretariat", "", "/cycles/demonstration/open/"),
    ("states", "officer", "secretariat", "", "/states/?invented=1"),
    ("notices", "focal_point", "reviewed", "desk_review", "/notices/"),
    ("profile", "focal_point", "reviewed", "desk_review", "/profile/"),
    ("second-factor", "focal_point", "reviewed", "desk_review", "/accounts/2fa/"),
    ("review", "focal_point", "reviewed", "self_assessment", ""),
    ("review-reviewing", "focal_point", "reviewing", "list_of_observations", ""),
    ("review-officer", "officer", "secretariat", "nomination", ""),
    ("people", "officer", "secretariat", "nomination", "people/"),
    ("people-mission", "mission", "reviewed", "nomination", "people/"),
    ("extend", "officer", "secretariat", "self_assessment", "extend/<task>/"),
    ("timeline", "focal_point", "reviewed", "list_of_observations", "timeline/"),
    ("consultations", "focal_point", "reviewing", "preliminary_consultations", "consultations/"),
    ("questionnaire", "focal_point", "reviewed", "self_assessment", "questionnaire/"),
    ("section", "expert", "reviewed", "self_assessment", "questionnaire/untoc-5/"),
    ("section-read", "expert", "reviewing", "desk_review", "questionnaire/untoc-5/"),
    ("all-questions", "focal_point", "reviewed", "self_assessment", "questionnaire/all/"),
    ("clear", "focal_point", "reviewed", "self_assessment", "clear/self_assessment/"),
    ("feedback", "focal_point", "reviewing", "desk_review", "feedback/"),
    ("feedback-section", "expert", "reviewing", "desk_review", "feedback/untoc-5/"),
    ("queries", "focal_point", "reviewed", "desk_review", "queries/"),
    ("query", "focal_point", "reviewed", "desk_review", "queries/<query>/"),
    ("observations", "focal_point", "reviewing", "list_of_observations", "observations/"),
    ("summary", "focal_point", "reviewing", "summary", "summary/"),
    ("documents", "focal_point", "reviewed", "concluded", "documents/"),
    ("document", "focal_point", "reviewed", "concluded", "documents/<submission>/"),
    ("follow-up", "focal_point", "reviewed", "follow_up", "follow-up/"),
    ("not-found", "expert", "reviewed", "", "/reviews/demo-1/XZZ/"),
)

OPEN = (("sign-in", "/accounts/login/"), ("verify-lots", "/lots/verify/"))
"""Pages that need no sign-in, and so nobody to open them."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One page: who opens it and where; ``username`` is empty for a page before sign-in."""

    name: str
    username: str
    path: str


def demonstration(folder) -> Product:
    """An installation with the demonstration in it."""
    product = Product(folder)
    product.manage("migrate", "--verbosity", "0")
    product.manage("collectstatic", "--noinput", "--verbosity", "0")
    product.manage("demo")
    return product


def gallery(product: Product) -> list[Shot]:
    """Every main page that the demonstration holds.

    :raises LookupError: when a page has nobody to open it, so that none drops out unseen.
    """
    script = FIND.format(wanted=json.dumps(PAGES))
    said = product.manage("shell", "--no-imports", "-c", script)
    found = json.loads(said.stdout.strip().splitlines()[-1])
    missing = [name for name, *_rest in PAGES if name not in found]
    if missing:
        raise LookupError(f"the demonstration has nobody for {', '.join(missing)}")
    return [*(Shot(name, "", path) for name, path in OPEN), *(Shot(name, *found[name]) for name, *_rest in PAGES)]
