"""What must hold between the parts of a mechanism: every name known, every stage reachable, none a trap."""

from collections import Counter
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any, Final

from workflow.guards import GUARDS, GuardCall
from workflow.reader import Findings, Reading
from workflow.shape import ACTS, EVENTS, EVERY, Transition
from workflow.toml_lines import Path

NEEDED_ROOMS: Final = ("seat", "review")
_NEEDED: Final = frozenset({"capacity", "role", "rule", "room", "text kind", "product", "stage", "transition"})
_COMPLETENESS: Final = (
    "complete",
    "answer",
    "filled",
    "gap",
    "empty",
    "missing",
    "length",
    "word",
    "count",
    "cited",
)


def check(reading: Reading) -> None:
    """Note every problem between the parts that were read."""
    _Checks(reading).run()


class _Checks:
    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.found: Findings = reading.found
        self.capacities = self._keys("capacity", reading.capacities)
        self.roles = self._keys("role", reading.roles)
        self.rules = self._keys("rule", reading.rules)
        self.rooms = self._keys("room", reading.rooms)
        self.texts = self._keys("text kind", reading.texts)
        self.products = self._keys("product", reading.products)
        self.stages = self._keys("stage", reading.stages)
        self.transitions = self._keys("transition", reading.transitions)
        self.instruments = self._keys("instrument", reading.instruments)
        self.deadlines = self._keys("deadline", reading.deadlines)
        for what, items in (
            ("cluster", reading.clusters),
            ("task", reading.tasks),
            ("setting", reading.settings),
        ):
            self._keys(what, items)
        self.titles = {f"{role.key}.{one}" for role, _path in reading.roles for one in role.capacities}
        self.events = (
            EVENTS
            | {f"review.{key}" for key in self.transitions or ()}
            | {f"{key}.{verb}" for key in self.texts or () for verb in ("save", "withdraw")}
        )

    def _keys(self, what: str, items: Sequence[tuple[Any, Path]]) -> set[str] | None:
        """The keys of a section, repeated ones noted; None when some could not be read."""
        counts = Counter(one.key for one, _path in items)
        seen: set[str] = set()
        for one, path in items:
            if one.key and one.key in seen:
                self.found.add((*path, "key"), f'there is another {what} "{one.key}"; each key is used once')
            seen.add(one.key)
        unread = "" in counts or (not items and what in _NEEDED)
        return None if unread else seen

    def run(self) -> None:
        self._people()
        self._rooms()
        self._text_kinds()
        self._products()
        self._clusters()
        self._deadlines_and_tasks()
        for stage, path in self.reading.stages:
            self._stage(stage, path)
        for transition, path in self.reading.transitions:
            self._transition(transition, path)
        for setting, path in self.reading.settings:
            self._known((*path, "rule"), "rule", setting.rule, self.rules)
        self._graph()

    def _known(self, path: Path, what: str, given: str | None, known: Iterable[str] | None) -> bool:
        """Whether a name is defined; a name that could not be read was noted already."""
        if not given or known is None:
            return True
        if given in known:
            return True
        self.found.unknown(path, what, given, known)
        return False

    def _all_known(self, path: Path, what: str, given: Sequence[str], known: Iterable[str] | None) -> None:
        for number, one in enumerate(given):
            self._known((*path, number), what, one, known)

    def _titles(self, path: Path, given: Sequence[str]) -> None:
        """Each ``role.capacity``: the role exists, and in that capacity."""
        if self.roles is None or self.capacities is None:
            return
        for number, title in enumerate(given):
            if title not in self.titles:
                role, _dot, capacity = title.partition(".")
                if role in self.roles and capacity in self.capacities:
                    self.found.add((*path, number), f'the role "{role}" does not exist in the capacity "{capacity}"')
                else:
                    self.found.unknown((*path, number), "role", title, self.titles)

    def _people(self) -> None:
        for role, path in self.reading.roles:
            self._all_known((*path, "capacities"), "capacity", role.capacities, self.capacities)

    def _rooms(self) -> None:
        if self.rooms is not None:
            for key in NEEDED_ROOMS:
                if self.reading.rooms and key not in self.rooms:
                    self.found.add((), f'there is no room "{key}"; every mechanism has one')
        for room, path in self.reading.rooms:
            if room.key == "seat":
                self._all_known((*path, "readers"), "role", room.readers, self.roles)
            else:
                self._titles((*path, "readers"), room.readers)

    def _text_kinds(self) -> None:
        width = {room.key: number for number, (room, _path) in enumerate(self.reading.rooms)}
        kinds = {product.key: product.kind for product, _path in self.reading.products}
        for text, path in self.reading.texts:
            self._known((*path, "owner"), "capacity", text.owner, self.capacities and self.capacities | {EVERY})
            for key in ("draft_room", "cleared_room"):
                self._known((*path, key), "room", getattr(text, key), self.rooms)
            if width.get(text.draft_room, -1) > width.get(text.cleared_room, len(width)):
                self.found.add(
                    (*path, "cleared_room"),
                    f'the text is drafted in the room "{text.draft_room}", which is wider than '
                    f'"{text.cleared_room}"; a text moves only outward',
                )
            if self._known((*path, "product"), "product", text.product, self.products) and text.product:
                kind = kinds.get(text.product, text.key)
                if kind != text.key:
                    self.found.add(
                        (*path, "product"),
                        f'the product "{text.product}" is made of texts of the kind "{kind}"',
                    )

    def _products(self) -> None:
        submits = {one.product for one, _path in self.reading.transitions if one.effect == "submit"}
        for product, path in self.reading.products:
            self._known((*path, "kind"), "text kind", product.kind, self.texts)
            self._all_known((*path, "seats"), "capacity", product.seats, self.capacities)
            if product.key and product.key not in submits:
                self.found.add(
                    path,
                    f'no transition submits the product "{product.key}"; expected one with effect = "submit"',
                )
            elif product.key:
                self._handed_over_by_all(product, path)

    def _handed_over_by_all(self, product: Any, path: Path) -> None:
        hands = {
            title.partition(".")[2]
            for one, _path in self.reading.transitions
            if one.effect == "submit" and one.product == product.key
            for title in one.roles
        }
        for number, capacity in enumerate(product.seats):
            if capacity not in hands and capacity in (self.capacities or ()):
                self.found.add(
                    (*path, "seats", number),
                    f'nobody in the capacity "{capacity}" can submit the product "{product.key}"; '
                    "expected such a role in its transition",
                )

    def _clusters(self) -> None:
        placed: dict[tuple[str, int], str] = {}
        numbers: set[int] = set()
        for cluster, path in self.reading.clusters:
            self._known((*path, "rule"), "rule", cluster.rule, self.rules)
            if cluster.number in numbers:
                self.found.add((*path, "number"), f"there is another cluster number {cluster.number}")
            numbers.add(cluster.number)
            for instrument, articles in cluster.articles.items():
                where = (*path, "articles", instrument)
                self._known(where, "instrument", instrument, self.instruments)
                for article in articles:
                    earlier = placed.setdefault((instrument, article), cluster.key)
                    if earlier != cluster.key:
                        self.found.add(
                            where,
                            f'article {article} of "{instrument}" is in the cluster "{earlier}" already',
                        )

    def _deadlines_and_tasks(self) -> None:
        for deadline, path in self.reading.deadlines:
            self._known((*path, "rule"), "rule", deadline.rule, self.rules)
            self._anchor(deadline.anchor, (*path, "anchor"))
        steps = None if self.transitions is None else self.transitions | self.events
        for task, path in self.reading.tasks:
            self._all_known((*path, "stages"), "stage", task.stages, self.stages)
            self._titles((*path, "roles"), task.roles)
            self._known((*path, "deadline"), "deadline", task.deadline, self.deadlines)
            self._all_known((*path, "until"), "transition or event", task.until, steps)
            self._known((*path, "opens_after"), "event", task.opens_after, self.transitions and self.events)

    def _anchor(self, anchor: str, path: Path) -> None:
        kind, _colon, name = anchor.partition(":")
        if kind == "entered":
            self._known(path, "stage", name or anchor, self.stages)
        elif kind == "event":
            self._known(path, "event", name or anchor, self.transitions and self.events)
        elif anchor and anchor != "launched":
            self.found.add(path, f'"{anchor}" is no anchor; expected "launched", "entered:<stage>" or "event:<verb>"')

    def _stage(self, stage: Any, path: Path) -> None:
        self._known((*path, "rule"), "rule", stage.rule, self.rules)
        for kind, titles in stage.edit.items():
            self._known((*path, "edit", kind), "text kind", kind, self.texts)
            self._titles((*path, "edit", kind), titles)
        for act, titles in stage.may.items():
            self._known((*path, "may", act), "act", act, ACTS)
            self._titles((*path, "may", act), titles)

    def _transition(self, one: Transition, path: Path) -> None:
        self._known((*path, "rule"), "rule", one.rule, self.rules)
        self._all_known((*path, "sources"), "stage", one.sources, self.stages)
        self._known((*path, "target"), "stage", one.target, self.stages)
        self._titles((*path, "roles"), one.roles)
        self._known((*path, "product"), "product", one.product, self.products)
        if one.auto:
            self._automatic(one, path)
        elif not one.roles:
            self.found.add(path, 'nobody can take this transition; expected "roles", or auto = true')
        if one.effect in {"submit", "reopen", "share"} and not one.product:
            self.found.add((*path, "effect"), f'the effect "{one.effect}" needs a "product"')
        if one.product and one.effect not in {"submit", "reopen", "share"}:
            self.found.add((*path, "product"), 'a "product" is only for the effects submit, reopen and share')
        if one.by_seat and one.effect != "reopen":
            self.found.add((*path, "by_seat"), '"by_seat" is only for the effect reopen')
        for number, call in enumerate(one.guards):
            self._guard(call, (*path, "guards", number))
        if one.effect == "submit" and one.product and not _is_cleared(one):
            self.found.add(
                path,
                "a submission needs the focal point's clearance; expected the guard cleared_by_focal_point "
                f'with of = "{one.product}"',
            )

    def _automatic(self, one: Transition, path: Path) -> None:
        if one.roles:
            self.found.add((*path, "roles"), "an automatic transition has no roles; nobody takes it")
        if one.reason != "none":
            self.found.add((*path, "reason"), "an automatic transition has no reason; nobody gives one")
        if one.effect:
            self.found.add((*path, "effect"), "an automatic transition only moves the stage; it has no effect")
        if one.target is None:
            self.found.add(path, 'an automatic transition moves the stage; the key "target" is missing')
        if not one.guards:
            self.found.add(path, "an automatic transition needs a guard, or it would be taken at once")

    def _guard(self, call: GuardCall, path: Path) -> None:
        if not call.name:
            return
        guard = GUARDS.get(call.name)
        if guard is None:
            self._unknown_guard(call.name, (*path, "name"))
            return
        for name in guard.required:
            if name not in call.params and name != "capacities":
                self.found.add(path, f'the guard {call.name} needs "{name}"')
        for name, value in call.params.items():
            if name not in (*guard.required, *guard.optional):
                allowed = ", ".join((*guard.required, *guard.optional)) or "nothing"
                self.found.add((*path, name), f'the guard {call.name} does not take "{name}"; expected: {allowed}')
            else:
                self._param(name, value, (*path, name))

    def _unknown_guard(self, name: str, path: Path) -> None:
        plain, _at, version = name.partition("@")
        versions = sorted(one for one in GUARDS if one.startswith(f"{plain}@"))
        if versions:
            fault = "does not name a version" if not version else "names a version that does not exist"
            self.found.add(path, f'the guard "{name}" {fault}; expected: {", ".join(versions)}')
        elif any(word in plain for word in _COMPLETENESS):
            self.found.add(
                path,
                f'the guard "{name}" would ask whether a text is complete; a guard may only speak of '
                "who, when and integrity, and nothing missing ever refuses a submission",
            )
        else:
            self.found.unknown(path, "guard", name, GUARDS)

    def _param(self, name: str, value: object, path: Path) -> None:
        if name in {"at_least", "at_most"}:
            if type(value) is not int or value < 1:
                self.found.add(path, f'"{name}" should be a whole number from 1')
        elif name == "capacities":
            if not isinstance(value, tuple) or not value:
                self.found.add(path, f'"{name}" should be a list of capacities')
            else:
                self._all_known(path, "capacity", [str(one) for one in value], self.capacities)
        elif not isinstance(value, str) or not value:
            self.found.add(path, f'"{name}" should be a text in quotes')
        elif name == "of":
            self._known(path, "product", value, self.products)
        else:
            self._known(path, "capacity", value, self.capacities)

    def _graph(self) -> None:
        """Reachability, dead ends, circles of automatic transitions, and a way out of a suspension."""
        if not self.stages or self.transitions is None:
            return
        final = {stage.key for stage, _path in self.reading.stages if stage.final}
        if not final:
            self.found.add((), "no stage is final; expected at least one with final = true")
        initial = self.reading.initial
        self._known(("initial",), "stage", initial, self.stages)
        if initial in final:
            self.found.add(("initial",), f'the initial stage "{initial}" is final; expected one that a review leaves')
        moves = self._moves()
        if moves is not None:
            self._ways(self._meant(initial), final, moves)
        self._automatic_circles()
        self._ways_out_of_suspension(self.stages)

    def _meant(self, stage: str | None) -> str | None:
        """The stage a name means, a slip of the pen put right: one slip is not reported as many problems."""
        close = get_close_matches(stage or "", self.stages or (), n=1)
        return stage if stage in (self.stages or ()) else next(iter(close), None)

    def _moves(self) -> set[tuple[str, str]] | None:
        """From which stage to which transitions lead; None when some of it cannot be known."""
        moves = set()
        for one, path in self.reading.transitions:
            target = self._meant(one.target)
            sources = [self._meant(source) for source in one.sources]
            if path in self.found.damaged or (one.target and target is None) or None in sources or not sources:
                return None
            moves |= {(str(source), target) for source in sources if target and target != source}
        return moves

    def _ways(self, initial: str | None, final: set[str], moves: set[tuple[str, str]]) -> None:
        reached = _closure({initial}, moves) if initial else self.stages or set()
        ending = _closure(final, {(target, source) for source, target in moves})
        leaving = {source for source, _target in moves}
        for stage, path in self.reading.stages:
            key = stage.key
            if key not in reached:
                self.found.add(path, f'no transition leads to the stage "{key}" from the initial stage')
            if key in final and key in leaving:
                self.found.add((*path, "final"), f'the stage "{key}" is final, but a transition leads out of it')
            if key not in final and key not in leaving:
                self.found.add(
                    path, f'the stage "{key}" is a dead end; expected a transition out of it, or final = true'
                )
            elif key not in final and final and key not in ending:
                self.found.add(path, f'no way leads from the stage "{key}" to a final stage')

    def _automatic_circles(self) -> None:
        auto = [(one, path) for one, path in self.reading.transitions if one.auto and one.target]
        moves = {(source, str(one.target)) for one, _path in auto for source in one.sources}
        for one, path in auto:
            if set(one.sources) & _closure({str(one.target)}, moves):
                self.found.add(path, "automatic transitions lead round in a circle; a review would never come to rest")

    def _ways_out_of_suspension(self, stages: set[str]) -> None:
        resumable = {
            source
            for one, _path in self.reading.transitions
            if one.effect == "resume" and one.allowed_while_suspended
            for source in one.sources
        }
        for one, path in self.reading.transitions:
            stuck = [source for source in one.sources if source in stages and source not in resumable]
            if one.effect == "suspend" and stuck:
                self.found.add(
                    path,
                    f"a review suspended in {', '.join(stuck)} could not be resumed; expected a "
                    'transition with effect = "resume" and allowed_while_suspended = true from there',
                )


def _is_cleared(one: Transition) -> bool:
    return any(
        call.name.startswith("cleared_by_focal_point") and call.params.get("of") == one.product for call in one.guards
    )


def _closure(start: set[str], moves: set[tuple[str, str]]) -> set[str]:
    """Everything that can be reached from ``start``, itself included."""
    reached = set(start)
    while more := {target for source, target in moves if source in reached} - reached:
        reached |= more
    return reached
