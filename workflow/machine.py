"""From a definition to a ``viewflow.fsm`` class, one per version; the only module that imports viewflow.

The machine knows the edges and moves the stage. It asks nobody's permission and runs no guard: the write path
does both, because the library reports only the first guard that fails and cannot tell a lost race
from a refusal.
"""

from collections.abc import Callable
from typing import Any, Protocol

from viewflow.fsm import State, TransitionNotAllowed  # type: ignore[import-untyped]

from workflow.shape import Mechanism, Transition


class Subject(Protocol):
    """What is moved: anything with a stage."""

    stage: str


class WrongStage(Exception):
    """There is no such edge from the stage the subject is in."""

    def __init__(self, action: str, stage: str) -> None:
        super().__init__(f"{action} does not exist at the stage {stage}")
        self.action = action
        self.stage = stage


class Machine:
    """The base of every compiled class: an fsm around ``subject.stage``, one method per transition.

    ``edges_from`` holds the definition's transitions by the stage they leave, as the compiled class has them.
    """

    edges_from: dict[str, dict[str, Transition]]

    def __init__(self, subject: Subject) -> None:
        self._subject = subject


_machines: dict[str, type[Machine]] = {}


def machine_for(mechanism: Mechanism) -> type[Machine]:
    """The compiled class of a definition, compiled once for each digest."""
    machine = _machines.get(mechanism.digest)
    if machine is None:
        machine = _machines.setdefault(mechanism.digest, compile_machine(mechanism))
    return machine


def compile_machine(mechanism: Mechanism) -> type[Machine]:
    """Build the class: a state slot on the subject's stage, and a method for every transition."""
    state = State([stage.key for stage in mechanism.stages], default=mechanism.initial)
    state.getter()(_stage_of)
    state.setter()(_move)
    members: dict[str, Any] = {"_state": state}
    for transition in mechanism.transitions:
        # left out, the target makes an edge that keeps the stage; None is refused by the library
        target = {} if transition.target is None else {"target": transition.target}
        register = state.transition(
            source=list(transition.sources), label=transition.key, custom={"edge": transition}, **target
        )
        members[transition.key] = register(_action(transition.key))
    machine: type[Machine] = type(f"Machine_{mechanism.digest[:8]}", (Machine,), members)
    descriptor: Any = machine.__dict__["_state"].__get__(None, machine)
    machine.edges_from = {stage.key: {} for stage in mechanism.stages}
    compiled = {(one.slug, one.source): one for group in descriptor.get_transitions().values() for one in group}
    for transition in mechanism.transitions:
        for source in transition.sources:
            machine.edges_from[source][transition.key] = compiled[transition.key, source].custom["edge"]
    return machine


def _stage_of(machine: Machine) -> str:
    return machine._subject.stage


def _move(machine: Machine, stage: str) -> None:
    machine._subject.stage = stage


def _action(name: str) -> Callable[[Machine], None]:
    def action(machine: Machine) -> None:
        """The library moves the stage around this call; what else happens is the write path's."""

    action.__name__ = name
    return action


def edges(mechanism: Mechanism, stage: str) -> tuple[Transition, ...]:
    """The transitions that leave a stage, in the order of the definition; none for an unknown stage."""
    return tuple(machine_for(mechanism).edges_from.get(stage, {}).values())


def edge(mechanism: Mechanism, stage: str, action: str) -> Transition | None:
    """The transition of this name from this stage, or none."""
    return machine_for(mechanism).edges_from.get(stage, {}).get(action)


def fire(mechanism: Mechanism, subject: Subject, action: str) -> str:
    """Run an action on a subject and return the stage it is in afterwards.

    :raises WrongStage: there is no such action from the stage it is in; the subject is unchanged.
    """
    stage = subject.stage
    if edge(mechanism, stage, action) is None:
        raise WrongStage(action, stage)
    try:
        getattr(machine_for(mechanism)(subject), action)()
    except TransitionNotAllowed as refused:
        raise WrongStage(action, stage) from refused
    return subject.stage
