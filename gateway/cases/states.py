"""The life of a case: new → the agency is asked → a verdict is proposed → somebody else closes it.

Pure. The rule: four eyes. Whoever proposed a verdict never closes the case, and only a lead auditor or the
data-protection officer does; a closed case takes no further step. Every refusal raises, and names its reason by a word.
"""

from dataclasses import dataclass, replace
from enum import StrEnum


class State(StrEnum):
    """Where a case stands."""

    NEW = "new"
    ASKED = "asked"
    PROPOSED = "proposed"
    CLOSED = "closed"


class Verdict(StrEnum):
    """What a case comes to."""

    APPROPRIATE = "appropriate"
    TRAINING = "training"
    VIOLATION = "violation"
    INCONCLUSIVE = "inconclusive"


class Action(StrEnum):
    """Steps of a case, as they are kept."""

    OPEN = "open"
    ATTACH = "attach"
    ASK = "ask"
    ANSWER = "answer"
    NOTE = "note"
    PROPOSE = "propose"
    RETURN = "return"
    CLOSE = "close"
    REVEAL = "reveal"
    EXPORT = "export"


CLOSERS = frozenset({"lead_auditor", "dpo"})
"""Roles that may be the second pair of eyes."""
_MOVES: dict[Action, tuple[frozenset[State], State | None]] = {
    Action.ATTACH: (frozenset({State.NEW, State.ASKED}), None),
    Action.ASK: (frozenset({State.NEW, State.ASKED}), State.ASKED),
    Action.ANSWER: (frozenset({State.ASKED}), None),
    Action.NOTE: (frozenset({State.NEW, State.ASKED, State.PROPOSED}), None),
    Action.PROPOSE: (frozenset({State.ASKED}), State.PROPOSED),
    Action.RETURN: (frozenset({State.PROPOSED}), State.ASKED),
    Action.CLOSE: (frozenset({State.PROPOSED}), State.CLOSED),
    Action.REVEAL: (frozenset({State.NEW, State.ASKED, State.PROPOSED}), None),
    Action.EXPORT: (frozenset(State), None),
}
"""From which states a step may be taken, and where it leads; None: nowhere else."""


class CaseRefused(Exception):  # noqa: N818 — named for what happened
    """A step that may not be taken. `word` is stable: `state`, `verdict`, `four-eyes` or `role`."""

    def __init__(self, word: str, sentence: str) -> None:
        super().__init__(sentence)
        self.word = word


@dataclass(frozen=True, slots=True)
class Actor:
    """Who takes a step: the login and the role of the session."""

    login: str
    role: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What of a case decides which steps may follow."""

    state: State = State.NEW
    verdict: Verdict | None = None
    proposed_by: str | None = None
    closed_by: str | None = None


def allowed(standing: Standing, actor: Actor) -> tuple[Action, ...]:
    """Return the steps that this person may take now, in the order of the table."""
    return tuple(action for action in _MOVES if _why_not(standing, action, actor) is None)


def advance(standing: Standing, action: Action, actor: Actor, verdict: Verdict | None = None) -> Standing:
    """Return how the case stands after a step. Raises `CaseRefused`.

    `verdict` belongs to a proposal alone: closing confirms what was proposed, returning takes it back.
    """
    refusal = _why_not(standing, action, actor)
    if refusal is not None:
        raise refusal
    if (action is Action.PROPOSE) != (verdict is not None):
        raise CaseRefused("verdict", "a verdict is named when it is proposed, and only then")
    target = _MOVES[action][1]
    if action is Action.PROPOSE:
        return Standing(State.PROPOSED, verdict, actor.login)
    if action is Action.RETURN:
        return Standing(State.ASKED)
    if action is Action.CLOSE:
        return replace(standing, state=State.CLOSED, closed_by=actor.login)
    return standing if target is None else replace(standing, state=target)


def _why_not(standing: Standing, action: Action, actor: Actor) -> CaseRefused | None:
    if action not in _MOVES:
        return CaseRefused("state", "a case is opened once")
    if standing.state not in _MOVES[action][0]:
        return CaseRefused("state", f"this step is not taken while a case is {standing.state}")
    if action is Action.CLOSE and actor.login == standing.proposed_by:
        return CaseRefused("four-eyes", "whoever proposed the verdict cannot close the case")
    if action is Action.CLOSE and actor.role not in CLOSERS:
        return CaseRefused("role", "only a lead auditor or the data-protection officer closes a case")
    return None


def was_right(verdict: Verdict) -> bool | None:
    """Whether a case shows that an alert of its was right to ring; None where it shows nothing."""
    return {Verdict.VIOLATION: True, Verdict.TRAINING: True, Verdict.APPROPRIATE: False}.get(verdict)
