"""What some benchmarks need beside a simulated cycle; run as ``python -m bench.extras KIND`` on one database."""

import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import django

LISTED = 200


def main(kind: str) -> None:
    django.setup()
    from django.db import connection, transaction

    if kind == "analyze":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        return
    with transaction.atomic():
        add_reviews({"crowd": 2_500, "ready": 300}[kind])


def add_reviews(number: int) -> None:
    """Add reviews in which consultations can be opened: their officer, ``bench-officer``, owes two things in each.

    ``bench-lister`` sits in as many of them as one page of the list shows. Nobody has notices of them.
    """
    from cases.models import Cycle, Question, Ratification, StateParty, User
    from config.simulation import setting as made
    from config.simulation.shares import People
    from config.simulation.shelf import Chance, Shelf
    from config.simulation.simulate import course_of, happen
    from config.simulation.story import Plot

    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    officer = User.objects.create(username="bench-officer", email="bench-officer@example.org", office="Officer")
    parties = {state.code: state for state in StateParty.objects.select_related("group").order_by("code")}
    instruments: dict[str, list[str]] = {code: [] for code in parties}
    for code, instrument in Ratification.objects.order_by("instrument").values_list("state__code", "instrument"):
        instruments[code].append(instrument)
    users = {user.username: user for user in User.objects.all()}
    setting = made.Setting(
        parties=parties,
        instruments={code: tuple(party_to) for code, party_to in instruments.items()},
        questions=list(Question.objects.filter(version=made.VERSION).order_by("number")),
        people=People(parties=len(parties), roles=len(made.TEAM), teams=1, officers=1),
        teams={},
        officers=[officer],
        cycle=Cycle.objects.select_related("mechanism").get(key="simulation"),
    )

    def team(code: str) -> Mapping[str, User]:
        names = {role: f"sim-{code.lower()}-1-{role.replace('_', '-')}" for role in made.TEAM}
        return {role: users[name] for role, name in names.items() if name in users}

    lister = User.objects.create(username="bench-lister", email="bench-lister@example.org", office="Officer")
    phases = [
        made.begin_phase(setting, f"bench-{turn + 1}", seed="bench", at=today - timedelta(days=90), circle_first=True)
        for turn in range(-(-number // len(parties)))
    ]
    shelf = Shelf()
    drawn = [(phase, assignment) for phase, assigned in phases for assignment in assigned][:number]
    for place, (phase, assignment) in enumerate(drawn):
        chance = Chance(f"bench/{phase.key}/{assignment.reviewed}")
        course = course_of(setting, phase, assignment, shelf, chance)
        happen(course, Plot("nomination", 0, 0), team, [officer, lister] if place < LISTED else [officer], today)
        shelf.store_when_full()
    shelf.close()


if __name__ == "__main__":
    main(sys.argv[1])
