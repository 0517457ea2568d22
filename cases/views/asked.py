"""The questionnaire as the process keeps it: a published version does not change, so that its questions, sections and
articles are read once and not with every page.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db.models import Count, Max, Subquery

from cases.models import Article, Question, Ratification, Review, Section
from cases.views.answer_forms import Kept

Mark = tuple[int | None, int | None]
"""How many questions a version has, and the newest of them: what tells that it is the one that was read."""


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
    """What the State under review is asked; one statement, and three more where the process has not read it yet."""
    cluster, version = review.phase.cluster, review.questionnaire_version
    whole = Question.objects.filter(cluster=cluster, version=version).order_by().values("version")
    party_to = Ratification.objects.filter(state_id=review.state_id).values_list(
        "instrument",
        Subquery(whole.annotate(count=Count("pk")).values("count")),
        Subquery(whole.annotate(newest=Max("pk")).values("newest")),
    )
    rows = list(party_to)
    mine = {"", *(instrument for instrument, _count, _newest in rows)}
    read = _questionnaire(cluster, version, rows[0][1:] if rows else (None, None))
    return Asked(
        sections=[one for one in read.sections if one.instrument in mine],
        questions=[one for one in read.questions if one.instrument in mine],
        articles=read.articles,
        forms=read.forms,
    )


def _questionnaire(cluster: str, version: int, mark: Mark) -> Questionnaire:
    """The version kept, unless its questions are not the ones that were read."""
    kept = _kept.get((cluster, version))
    if kept is None or kept.mark != mark:
        this = {"cluster": cluster, "version": version}
        kept = _kept[cluster, version] = Questionnaire(
            mark=mark,
            sections=tuple(Section.objects.filter(**this).order_by("number")),
            questions=tuple(Question.objects.filter(**this).order_by("number")),
            articles={(one.instrument, one.number): one for one in Article.objects.filter(cluster=cluster)},
        )
    return kept
