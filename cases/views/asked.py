"""The questionnaire as the process keeps it: a published version does not change, so that its questions, sections and
articles are read once and not with every page.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db.models import Count, Max, Min

from cases.models import Article, Question, Review, Section
from cases.queries import instruments_of
from cases.views.answer_forms import Kept

Mark = tuple[int, int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Questionnaire:
    """One version of a cluster's questionnaire, in order, with the articles it is about and the forms made of it."""

    mark: Mark
    sections: tuple[Section, ...]
    questions: tuple[Question, ...]
    articles: Mapping[tuple[str, int | None], Article]
    forms: Kept = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asked:
    """What one State is asked: the general part and its own instruments (rule 5)."""

    sections: list[Section]
    questions: list[Question]
    articles: Mapping[tuple[str, int | None], Article]
    forms: Kept

    def article(self, section: Section) -> Article | None:
        return self.articles.get((section.instrument, section.article))


_kept: dict[tuple[str, int], Questionnaire] = {}


def asked_of(review: Review) -> Asked:
    """What the State under review is asked; two statements, and three more where the process has not read it yet."""
    mine = {"", *instruments_of(review)}
    whole = _questionnaire(review.phase.cluster, review.questionnaire_version)
    return Asked(
        sections=[one for one in whole.sections if one.instrument in mine],
        questions=[one for one in whole.questions if one.instrument in mine],
        articles=whole.articles,
        forms=whole.forms,
    )


def _questionnaire(cluster: str, version: int) -> Questionnaire:
    """The version kept, unless its questions are not the ones that were read."""
    questions = Question.objects.filter(cluster=cluster, version=version)
    found = questions.aggregate(count=Count("pk"), first=Min("pk"), last=Max("pk"))
    mark = (found["count"], found["first"] or 0, found["last"] or 0)
    kept = _kept.get((cluster, version))
    if kept is None or kept.mark != mark:
        kept = _kept[cluster, version] = Questionnaire(
            mark=mark,
            sections=tuple(Section.objects.filter(cluster=cluster, version=version).order_by("number")),
            questions=tuple(questions.order_by("number")),
            articles={(one.instrument, one.number): one for one in Article.objects.filter(cluster=cluster)},
        )
    return kept
