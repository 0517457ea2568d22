"""One registry of what can happen: for each verb, who hears of it and in what words (one sentence, no content).

Transitions of a mechanism (``review.…``) take their words from the definition and are heard by everybody in the review;
every other verb has its line here, and a test fails for a verb without one.
"""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

EVERYBODY, REVIEWED, REVIEWING, SECRETARIAT, OWN_SEAT, NOBODY = (
    "everybody",
    "reviewed",
    "reviewing",
    "secretariat",
    "own_seat",
    "nobody",
)


@dataclass(frozen=True, slots=True)
class Verb:
    """``sentence`` is said in the timeline and in the notice; ``heard_by`` names who gets the notice."""

    sentence: str | Promise
    heard_by: str


VERBS: dict[str, Verb] = {
    "review.open": Verb(_("The review was opened"), EVERYBODY),
    "submission.clear": Verb(_("The focal point cleared the text for the State"), OWN_SEAT),
    "consultation.save": Verb(_("The record of the preliminary consultations was changed"), EVERYBODY),
    "observation.save": Verb(_("An observation was written or changed"), REVIEWING),
    "observation.withdraw": Verb(_("An observation was taken out of the list"), REVIEWING),
    "summary.save": Verb(_("The summary was written or changed"), REVIEWING),
    "query.ask": Verb(_("Clarification was requested"), REVIEWED),
    "query.reply": Verb(_("A request for clarification was replied to"), REVIEWING),
    "query.settle": Verb(_("A request for clarification was settled"), REVIEWED),
    "position.take": Verb(_("A State took a position on a text"), EVERYBODY),
    "people.name": Verb(_("A State named a person by note verbale"), SECRETARIAT),
    "people.register": Verb(_("A person was registered"), EVERYBODY),
    "people.leave": Verb(_("A person left a seat"), EVERYBODY),
    "deadline.extend": Verb(_("A date was extended"), EVERYBODY),
    "deadline.pass": Verb(_("A date passed"), OWN_SEAT),
    "document.publish": Verb(_("The State decided to open a document"), EVERYBODY),
    "document.unpublish": Verb(_("The State took back its decision to open a document"), EVERYBODY),
    "drafts.open": Verb(_("The State opened its drafts to the Secretariat for help"), SECRETARIAT),
    "drafts.close": Verb(_("The State's drafts are its own again"), SECRETARIAT),
    "phase.launch": Verb(_("The reviews of a phase were opened"), NOBODY),
    "phase.join": Verb(_("The review of a State that joined was opened"), NOBODY),
    "states.load": Verb(_("The list of States parties was loaded"), NOBODY),
    "mechanism.publish": Verb(_("A version of the mechanism was published"), NOBODY),
}


def verb_of(key: str) -> Verb:
    """The entry for ``key``; a transition is heard by everybody.

    :raises KeyError: for a verb nobody registered.
    """
    if key in VERBS:
        return VERBS[key]
    if key.startswith("review."):
        return Verb("", EVERYBODY)
    raise KeyError(key)
