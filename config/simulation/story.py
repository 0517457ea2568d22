"""What happens in a simulated review, from its launch to the middle of the stage it stands in today."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from cases.enums import QueryStatus, Role, Stance
from cases.models import Participation, Query, Seat, User
from config.simulation import words
from config.simulation.course import Course
from config.simulation.shelf import Chance

STAGES = (
    "nomination",
    "preliminary_consultations",
    "self_assessment",
    "desk_review",
    "list_of_observations",
    "summary",
    "concluded",
    "follow_up",
    "closed",
)
DAYS = (45, 55, 150, 170, 90, 60, 40, 120, 100)
"""How long a stage takes, more or less."""

MINUTES_APART = 7
EDITS_OF_CONSULTATIONS = 0.05


@dataclass(frozen=True, slots=True)
class Plot:
    """What is to happen: up to which stage, how many questions are answered, how many further entries are written."""

    stage: str
    answers: int
    edits: int
    suspended: bool = False


@dataclass(frozen=True, slots=True)
class Window:
    """The time that a stage takes, or took until today."""

    start: datetime
    end: datetime

    def at(self, part: float) -> datetime:
        return self.start + (self.end - self.start) * part


def windows(course: Course, stage: str, today: datetime) -> list[Window]:
    """When each stage began and ended, the last one today."""
    reached = STAGES.index(stage)
    lengths = [timedelta(days=days * (0.7 + 0.6 * course.chance.random.random())) for days in DAYS[: reached + 1]]
    lengths[-1] *= 0.3 + 0.5 * course.chance.random.random()
    begin = today - timedelta(hours=1) - sum(lengths, timedelta())
    shown = []
    for length in lengths:
        shown.append(Window(begin, begin + length))
        begin += length
    return shown


class Story:
    """Tells one review by its plot; ``team(code)`` is who works for a party in this phase."""

    def __init__(self, course: Course, plot: Plot, team: Callable[[str], Mapping[str, User]]) -> None:
        self.course = course
        self.plot = plot
        self.team = team
        self.reached = STAGES.index(plot.stage)
        self._step = 0
        self._edits = Chance(f"{course.review.case}/edits/{course.chance.random.random()}")

    def tell(self, times: list[Window]) -> None:
        tellers = (
            self._nominate,
            self._consult,
            self._answer,
            self._read,
            self._observe,
            self._summarise,
            self._conclude,
            self._follow_up,
            lambda _window: None,
        )
        for place, window in enumerate(times):
            tellers[place](window)
        if self.plot.suspended:
            self._go(times[-1].at(0.9))
            focal_point = self.course.focal_point(self.course.reviewed)
            self.course.advance("suspend", focal_point, "The ministry in charge is being reorganized.")
        self.course.go_to(times[-1].end)

    def goes_on_after(self, stage: str) -> bool:
        return self.reached > STAGES.index(stage)

    def _go(self, at: datetime) -> None:
        self._step += 1
        self.course.go_to(at + timedelta(microseconds=self._step))

    def _turn(self) -> int:
        return self.course.chance.random.randrange(1000)

    def _language(self, seat: Seat) -> str:
        return seat.state.language if seat.state else "en"

    def _state_seats(self) -> list[Seat]:
        return [self.course.reviewed, *self.course.reviewing]

    # Nominations

    def _nominate(self, window: Window) -> None:
        """Each State names its people by note; the officer registers them. Where this stage lasts, some are missing."""
        course = self.course
        seats = self._state_seats() if self.goes_on_after("nomination") else self._state_seats()[:-1]
        named = [
            (seat, role, user)
            for seat in seats
            if seat.state
            for role, user in sorted(self.team(seat.state.code).items(), key=lambda one: _NAMED_IN_ORDER.index(one[0]))
        ]
        waiting = None
        for number, (seat, role, user) in enumerate(named, 1):
            self._go(window.at(0.1 + 0.6 * number / len(named)))
            nomination = course.name(user=user, seat=seat, role=role, note=course.note(seat, number))
            if number == len(named) and not self.goes_on_after("nomination"):
                waiting = nomination
                continue
            self._go(course.at + timedelta(hours=5))
            course.register(nomination, user)
        if waiting is None:
            self._go(window.at(0.95))
            course.advance("open_consultations", course.officer())
        if not self.goes_on_after("preliminary_consultations"):
            self._draft_answers(window.at(0.8), window.at(1))

    # Preliminary consultations

    def _consult(self, window: Window) -> None:
        """One State writes the arrangements, the others change them, every focal point agrees."""
        course = self.course
        language, content = words.pick("consultations", self._language(course.reviewed), self._turn())
        self._go(window.at(0.1))
        author = course.drafter(course.reviewed)
        course.save("consultation", "consultation", content, language, author)
        edits = self.plot.edits
        if self.reached > STAGES.index("desk_review"):
            edits = int(edits * EDITS_OF_CONSULTATIONS)
        self._edit(
            "consultation", ["consultation"], edits, self._state_seats(), Window(window.at(0.15), window.at(0.6))
        )
        if not self.goes_on_after("preliminary_consultations"):
            return
        for number, seat in enumerate(self._state_seats()):
            self._go(window.at(0.7 + 0.05 * number))
            self._hand_over("consultations", "agree_consultations", seat)

    def _hand_over(self, product: str, action: str, seat: Seat) -> None:
        focal_point = self.course.focal_point(seat)
        self.course.clear(product, focal_point)
        self._go(self.course.at + timedelta(minutes=MINUTES_APART))
        self.course.advance(action, focal_point)

    def _edit(self, kind: str, refs: list[str], edits: int, seats: list[Seat], window: Window) -> None:
        """Save the texts ``refs`` again, ``edits`` times in all: each saving is an entry that others can read."""
        course = self.course
        usual, course.chance = course.chance, self._edits  # what else happens does not depend on how much is edited
        changed = words.revised_words()
        drafters = [course.drafter(seat) for seat in seats]
        for number in range(edits):
            ref = refs[number % len(refs)]
            text = course.texts[kind, ref]
            field = "timetable" if kind == "consultation" else "text"
            first = course.chance.random.randrange(len(changed))
            body = text.content[field].partition(" — ")[0]
            content = {**text.content, field: f"{body} — {changed[first]} ({number + 1})"}
            self._go(window.at(number / edits))
            course.save(kind, ref, content, text.language, drafters[number % len(drafters)])
        course.chance = usual

    # The self-assessment

    def _answer(self, window: Window) -> None:
        """The State under review answers and hands its answers over; some need more time."""
        course = self.course
        if course.chance.random.random() < 0.4:
            self._go(window.at(0.3))
            task = next(one for one in course.tasks if one.key == "submit_self_assessment")
            if task.due_on:
                until = max(task.due_on, window.end.date()) + timedelta(days=30)
                course.extend(task, until, "Asked for by note verbale.", course.officer())
        self._draft_answers(window.at(0.05), window.at(0.85))
        if self.goes_on_after("self_assessment"):
            self._go(window.at(0.95))
            self._hand_over("self_assessment", "submit_self_assessment", course.reviewed)

    def _draft_answers(self, start: datetime, end: datetime) -> None:
        """Drafts are dated between the two times, beside the entries: they leave none."""
        course = self.course
        present = course.at
        authors = [course.drafter(course.reviewed), course.focal_point(course.reviewed)]
        language = self._language(course.reviewed)
        chosen = course.questions[: self.plot.answers]
        for number, question in enumerate(chosen):
            course.at = start + (end - start) * (number / len(chosen))
            author = authors[number % 5 == 4]
            said, content = words.answer(question.key, language, number)
            if number % 4 == 3:
                course.draft("answer", question.key, {**content, "text": ""}, said, author)
            course.draft("answer", question.key, content, said, author)
        course.at = present

    # The desk review

    def _read(self, window: Window) -> None:
        """The reviewing States ask for clarification and write their feedback."""
        course = self.course
        asked = [question.key for question in course.questions if question.article]
        last = not self.goes_on_after("desk_review")
        number = course.chance.random.randint(3, 8)
        open_ones: list[tuple[Query, Participation]] = []
        for turn in range(number):
            self._go(window.at(0.05 + 0.4 * turn / number))
            asker = course.drafter(course.reviewing[turn % len(course.reviewing)])
            thread = words.texts("dialogue", "threads")[self._turn() % len(words.texts("dialogue", "threads"))]
            query = course.ask(asked[self._turn() % len(asked)], thread["query"], thread["language"], asker)
            if last and turn >= number - 2:
                continue
            self._go(course.at + timedelta(hours=30))
            course.reply(query, thread["reply"], thread["language"], course.focal_point(course.reviewed))
            open_ones.append((query, asker))
        settled = open_ones[:-1] if last else open_ones
        for turn, (query, asker) in enumerate(settled):
            self._go(window.at(0.5 + 0.1 * turn / number))
            course.settle(query, QueryStatus.CARRIED if turn % 3 == 2 else QueryStatus.ACCEPTED, asker)
        self._feed_back(window, last=last)

    def _feed_back(self, window: Window, *, last: bool) -> None:
        course = self.course
        sections = list(dict.fromkeys(one.section for one in course.questions if one.article))
        for place, seat in enumerate(course.reviewing):
            for turn, section in enumerate(sections[place :: len(course.reviewing)]):
                self._go(window.at(0.62 + 0.1 * place + 0.004 * turn))
                said, content = words.pick("feedback", self._language(seat), self._turn())
                course.draft("feedback", section, {"text": content["text"]}, said, course.drafter(seat))
        for place, seat in enumerate(course.reviewing[:1] if last else course.reviewing):
            self._go(window.at(0.93 + 0.015 * place))
            self._hand_over("feedback", "submit_feedback", seat)

    # The list of observations and its summary

    def _observe(self, window: Window) -> None:
        """The reviewing States write the list, share it, take positions and agree."""
        course = self.course
        last = not self.goes_on_after("list_of_observations")
        refs = [str(course.chance.uid()) for _number in range(course.chance.random.randint(8, 14))]
        for turn, ref in enumerate(refs):
            self._go(window.at(0.05 + 0.2 * turn / len(refs)))
            seat = course.reviewing[turn % len(course.reviewing)]
            said, content = words.pick("observations", course.review.languages[0], self._turn())
            course.save("observation", ref, content, said, course.drafter(seat))
        edits = self.plot.edits - int(self.plot.edits * EDITS_OF_CONSULTATIONS)
        before = edits // 2
        self._edit("observation", refs, before, course.reviewing, Window(window.at(0.3), window.at(0.45)))
        self._go(window.at(0.5))
        course.advance("share_list", course.focal_point(course.reviewing[0]))
        self._edit("observation", refs, edits - before, course.reviewing, Window(window.at(0.52), window.at(0.7)))
        for turn, ref in enumerate(refs):
            text = course.texts["observation", ref]
            self._go(window.at(0.72 + 0.1 * turn / len(refs)))
            for place, seat in enumerate(self._state_seats()):
                stance = Stance.RESERVATION if (turn + place) % 7 == 6 else Stance.AGREE
                focal_point = course.focal_point(seat)
                course.take_position(text, stance, "The wording goes beyond the article.", "en", focal_point)
        for place, seat in enumerate(self._state_seats()[: 1 if last else None]):
            self._go(window.at(0.86 + 0.02 * place))
            self._hand_over("list_of_observations", "agree_list", seat)

    def _summarise(self, window: Window) -> None:
        course = self.course
        last = not self.goes_on_after("summary")
        language, content = words.pick("summaries", course.review.languages[0], self._turn())
        author = course.drafter(course.reviewing[0])
        for turn in range(3):
            self._go(window.at(0.1 + 0.1 * turn))
            course.save("summary", "summary", {"text": f"{content['text']} ({turn + 1})"}, language, author)
        self._go(window.at(0.5))
        course.advance("share_summary", course.focal_point(course.reviewing[0]))
        for place, seat in enumerate(self._state_seats()[: 1 if last else None]):
            self._go(window.at(0.7 + 0.05 * place))
            self._hand_over("summary", "agree_summary", seat)

    # Afterwards

    def _conclude(self, window: Window) -> None:
        course = self.course
        if not self.goes_on_after("concluded"):
            return
        self._go(window.at(0.9))
        if course.chance.random.random() < 0.5 and self.plot.stage == "closed":
            course.advance("close_review", course.officer())
        else:
            course.advance("open_follow_up", course.focal_point(course.reviewed))

    def _follow_up(self, window: Window) -> None:
        course = self.course
        if course.review.stage != "follow_up":
            return
        for turn in range(4):
            self._go(window.at(0.1 + 0.1 * turn))
            content = {
                "action": f"Training, part {turn + 1}",
                "owner": "Ministry of Justice",
                "by": "",
                "shared": False,
            }
            ref = str(course.chance.uid())
            course.draft("follow_up", ref, content, "en", course.drafter(course.reviewed))
        if self.goes_on_after("follow_up"):
            self._go(window.at(0.95))
            course.advance("close_follow_up", course.focal_point(course.reviewed))


_NAMED_IN_ORDER = (Role.MISSION, Role.FOCAL_POINT, Role.EXPERT)
