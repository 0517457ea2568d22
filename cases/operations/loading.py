"""Bringing in States, mechanisms and the questionnaire's data from files; a file with a problem changes nothing."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from cases.models import Article, Question, Ratification, RegionalGroup, Section, StateParty
from cases.operations.record import record_apart
from cases.states_file import StateRow, parse
from workflow.definition import load, problems
from workflow.models import MechanismVersion

DATA = Path(__file__).resolve().parent.parent / "data"


@dataclass(slots=True)
class Loaded:
    """What a load did: counts, and the problems that stopped it (``line`` or ``key``, ``message``)."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    errors: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[dict[str, Any]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {
            "created": self.created,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "errors": self.errors,
            "warnings": self.warnings,
        }


def load_states(
    *, source: bytes, names: bytes | None, at: datetime, check: bool = False, invented: bool = False
) -> Loaded:
    """Add or update States parties from a file (formats.md §1); nothing changes when any line has a problem."""
    file = parse(source, names, as_of=at.date())
    loaded = Loaded(
        errors=[{"line": one.line, "message": one.message} for one in file.errors],
        warnings=[{"line": one.line, "message": one.message} for one in file.warnings],
    )
    if loaded.errors or check:
        return loaded
    with transaction.atomic():
        groups = {group.slug: group for group in RegionalGroup.objects.all()}
        known = {
            state.code: state for state in StateParty.objects.select_related("group").prefetch_related("ratifications")
        }
        for row in file.rows:
            before = known.get(row.code)
            if before is None:
                _store(row, StateParty(code=row.code, invented=invented), groups)
                loaded.created += 1
            elif _same(row, before):
                loaded.unchanged += 1
            else:
                _store(row, before, groups)
                loaded.updated += 1
        if loaded.created or loaded.updated:
            record_apart(
                verb="states.load",
                by=None,
                at=at,
                object_type="states",
                object_uid="states",
                content={"created": loaded.created, "updated": loaded.updated},
            )
    return loaded


def _same(row: StateRow, state: StateParty) -> bool:
    group = state.group.slug if state.group else None
    held = {(one.instrument, one.since, one.signed, one.evidence) for one in state.ratifications.all()}
    given = {
        (instrument, one.since, one.signed, one.evidence) for instrument, one in row.ratifications.items() if one.party
    }
    names = not row.names or dict(row.names) == state.names
    return group == row.group and held == given and names and row.entity_type == state.entity_type


def _store(row: StateRow, state: StateParty, groups: dict[str, RegionalGroup]) -> None:
    if row.group and row.group not in groups:
        groups[row.group] = RegionalGroup.objects.create(slug=row.group, names=GROUP_NAMES[row.group])
    state.group = groups[row.group] if row.group else None
    state.entity_type = row.entity_type
    if row.names:
        state.names = {language: dict(forms) for language, forms in row.names.items()}
    if row.language:
        state.language = row.language
    state.save()
    state.ratifications.all().delete()
    Ratification.objects.bulk_create(
        Ratification(state=state, instrument=instrument, since=one.since, signed=one.signed, evidence=one.evidence)
        for instrument, one in row.ratifications.items()
        if one.party
    )


def load_mechanism(*, source: bytes, at: datetime, check: bool = False) -> Loaded:
    """Publish a mechanism from its definition (formats.md §1); a published version is never changed."""
    loaded = Loaded(
        errors=[
            {**({"line": one.line} if one.line else {}), "key": one.key, "message": one.message}
            for one in problems(source)
        ]
    )
    if loaded.errors or check:
        return loaded
    definition = load(source)
    with transaction.atomic():
        published = MechanismVersion.objects.filter(key=definition.key, version=definition.version).first()
        if published and published.digest == definition.digest:
            loaded.unchanged = 1
        elif published:
            loaded.errors.append(
                {
                    "key": "version",
                    "message": f"{definition.key} version {definition.version} is published with other contents; "
                    "give the changed definition the next version number.",
                }
            )
        else:
            version = MechanismVersion(
                key=definition.key, version=definition.version, source=source, digest=definition.digest, published_at=at
            )
            version.save()
            loaded.created = 1
            record_apart(
                verb="mechanism.publish",
                by=None,
                at=at,
                object_type="mechanism",
                object_uid=f"{definition.key}-{definition.version}"[:36],
                content={"digest": definition.digest},
            )
    return loaded


def load_questionnaire(source: Mapping[str, Any]) -> int:
    """Store one version of a cluster's questionnaire, once; returns how many questions it has."""
    cluster, version = source["cluster"], source["version"]
    if not Question.objects.filter(cluster=cluster, version=version).exists():
        with transaction.atomic():
            Section.objects.bulk_create(
                Section(
                    cluster=cluster,
                    version=version,
                    key=one["key"],
                    number=number,
                    instrument=one["instrument"] or "",
                    article=one["article"],
                    labels=one["labels"],
                )
                for number, one in enumerate(source["sections"], 1)
            )
            Question.objects.bulk_create(
                Question(
                    cluster=cluster,
                    version=version,
                    key=one["key"],
                    number=one["no"],
                    section=one["section"],
                    instrument=one["instrument"] or "",
                    article=one["article"],
                    paragraphs=one["paragraphs"] or "",
                    obligation=one["obligation"],
                    text=one["text"],
                    answer_type=one["answer_type"],
                    options=one.get("options", []),
                    cite=one["cite"],
                    follow_ups=one["follow_ups"],
                    assistance=one["assistance"],
                )
                for one in source["questions"]
            )
    return Question.objects.filter(cluster=cluster, version=version).count()


def load_articles(source: Mapping[str, Any]) -> int:
    """Store the articles of the instruments, once; returns how many there are."""
    if not Article.objects.exists():
        Article.objects.bulk_create(
            Article(
                instrument=one["instrument"],
                number=one["number"],
                cluster=one["cluster"] or "",
                title=one["title"],
                asks=one["asks"],
                url=one["url"],
            )
            for one in source["articles"]
        )
    return Article.objects.count()


def load_reference_data() -> None:
    """The articles and questionnaires the product ships."""
    load_articles(json.loads((DATA / "articles.json").read_text(encoding="utf-8")))
    for path in sorted(DATA.glob("questions-*.json")):
        load_questionnaire(json.loads(path.read_text(encoding="utf-8")))


GROUP_NAMES = {
    "africa": {
        "en": "African States",
        "fr": "États d’Afrique",
        "es": "Estados de África",
        "ru": "Африканские государства",
        "ar": "الدول الأفريقية",
        "zh-hans": "非洲国家",
    },
    "asia-pacific": {
        "en": "Asia-Pacific States",
        "fr": "États d’Asie et du Pacifique",
        "es": "Estados de Asia y el Pacífico",
        "ru": "Государства Азиатско-Тихоокеанского региона",
        "ar": "دول آسيا والمحيط الهادئ",
        "zh-hans": "亚太国家",
    },
    "eastern-europe": {
        "en": "Eastern European States",
        "fr": "États d’Europe orientale",
        "es": "Estados de Europa Oriental",
        "ru": "Восточноевропейские государства",
        "ar": "دول أوروبا الشرقية",
        "zh-hans": "东欧国家",
    },
    "grulac": {
        "en": "Latin American and Caribbean States",
        "fr": "États d’Amérique latine et des Caraïbes",
        "es": "Estados de América Latina y el Caribe",
        "ru": "Государства Латинской Америки и Карибского бассейна",
        "ar": "دول أمريكا اللاتينية والكاريبي",
        "zh-hans": "拉丁美洲和加勒比国家",
    },
    "weog": {
        "en": "Western European and other States",
        "fr": "États d’Europe occidentale et autres États",
        "es": "Estados de Europa Occidental y otros Estados",
        "ru": "Западноевропейские и другие государства",
        "ar": "دول أوروبا الغربية ودول أخرى",
        "zh-hans": "西欧和其他国家",
    },
}
