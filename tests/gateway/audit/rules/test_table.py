"""Every rule: a seeded positive, and clean work on which it stays silent."""

from datetime import timedelta
from string import Formatter

import pytest

from gateway.audit.explanations import explain
from gateway.audit.facts import Need
from gateway.audit.rules.base import robust_z
from gateway.audit.rules.table import BY_ID, RULES, judge


def fired(lookup, around):
    """Return the ids of the rules that fire."""
    return {hit.rule.id for hit in judge(lookup, explain(lookup, around), around)}


def many(world, number, **changes):
    """Return so many look-ups of today, each about somebody else unless told otherwise."""
    return tuple(
        world.past(step % 170, **{"subject": world.who(f"citizen {step}"), **changes}) for step in range(number)
    )


HABIT = tuple((20 + step % 5, 8 + step % 3) for step in range(20))


def sham(world):
    """Return surroundings in which the dossier lived forty minutes."""
    ended = world.dossier(
        opened_at=world.at - timedelta(minutes=10), ended_at=world.at + timedelta(minutes=30), end_status=7, steps=2
    )
    return world.lookup(), world.around(dossier=ended)


def snooped(name):
    """Return a maker of a look-up of somebody without a dossier."""
    return lambda world: (world.lookup(subject=world.who(name), dossier=None), world.around(dossier=None))


def off_hours(world):
    """Return the third look-up of a night."""
    night = world.at + timedelta(hours=14)
    past = tuple(world.past(at=night - timedelta(minutes=step)) for step in range(3))
    return world.lookup(at=night), world.around(by_officer=past)


def dead(world):
    """Return a look-up of somebody whose death was dealt with a week ago."""
    gone = world.dossier(
        code="H99.01-261101-0001",
        procedure="9.999904",
        parties=frozenset({("deceased", world.who("late"))}),
        ended_at=world.at - timedelta(days=7),
        end_status=10,
        done_at=world.at - timedelta(days=7),
    )
    return world.lookup(subject=world.who("late"), dossier=None), world.around(dossier=None, dossiers=(gone,))


def crowd(world):
    """Return the fourth officer's look-up of one person."""
    others = tuple(world.past(step, officer=world.who(f"officer {step}"), explained="unexplained") for step in range(4))
    return world.lookup(dossier=None), world.around(dossier=None, about_person=others)


def again(world):
    """Return the third day on which an officer looks up the same person."""
    days = tuple(
        world.past(at=world.at - timedelta(days=step), explained="unexplained", dossier=None) for step in range(3)
    )
    return world.lookup(dossier=None), world.around(dossier=None, about_person=days)


POSITIVES = {
    "no-dossier": snooped("neighbour"),
    "purpose": lambda world: (world.lookup(subject=world.who("neighbour")), world.around()),
    "protected-person": snooped("minister"),
    "self": snooped("officer as person"),
    "family": snooped("sister"),
    "colleague": snooped("colleague as person"),
    "out-of-hours": off_hours,
    "volume": lambda world: (
        world.lookup(),
        world.around(by_officer=many(world, 150), own_days=HABIT, peer_days=HABIT),
    ),
    "breadth": lambda world: (
        world.lookup(),
        world.around(by_officer=many(world, 60), own_days=HABIT, peer_days=HABIT),
    ),
    "sequential-numbers": lambda world: (
        world.lookup(kind="refused", outcome="rate-limited", reason="enumeration"),
        world.around(),
    ),
    "many-misses": lambda world: (world.lookup(), world.around(by_officer=many(world, 10, outcome="no_match"))),
    "again-and-again": again,
    "many-officers": crowd,
    "opened-then-cancelled": sham,
    "new-key": lambda world: (
        world.lookup(keyid="stolen"),
        world.around(known_keys=frozenset({"H99.sim-1"}), client_since=world.at - timedelta(days=9)),
    ),
    "new-address": lambda world: (
        world.lookup(address=world.who("elsewhere")),
        world.around(known_addresses=frozenset({world.who("server")}), addresses_since=world.at - timedelta(days=9)),
    ),
    "replays": lambda world: (
        world.lookup(kind="refused", outcome="signature-replayed"),
        world.around(refusals=3),
    ),
    "bad-signatures": lambda world: (
        world.lookup(kind="refused", outcome="signature-invalid", officer=None, subject=None, client=None),
        world.around(refusals=25),
    ),
    "decoy": snooped("nobody"),
    "the-dead": dead,
    "over-collection": lambda world: (
        world.lookup(fields=frozenset({"full_name", "father", "mother", "spouse", "ethnicity"})),
        world.around(),
    ),
    "watchers": lambda world: (
        world.lookup(kind="admin", dossier=None),
        world.around(dossier=None, acts=tuple((world.who(f"person {n}"), world.at) for n in range(16))),
    ),
}


@pytest.mark.parametrize("rule", BY_ID)
def test_each_rule_finds_what_it_was_made_for(world, rule):
    """The seeded positive of every rule makes it fire, and its alert has a sentence in both languages."""
    lookup, around = POSITIVES[rule](world)
    hits = {hit.rule.id: hit for hit in judge(lookup, explain(lookup, around), around)}
    assert rule in hits
    sentences = [hits[rule].rule.sentence(hits[rule].finding, language) for language in ("vi", "en")]
    assert all(sentence.endswith(".") and "{" not in sentence for sentence in sentences)


CLEAN = {
    "a dossier's own work": lambda world: (world.lookup(), world.around()),
    "a busy but usual day": lambda world: (
        world.lookup(),
        world.around(by_officer=many(world, 12) + many(world, 12) + many(world, 10), own_days=HABIT, peer_days=HABIT),
    ),
    "a new officer without a history": lambda world: (world.lookup(), world.around(by_officer=many(world, 90))),
    "overtime over open dossiers": lambda world: (
        world.lookup(at=world.at + timedelta(hours=9)),
        world.around(by_officer=tuple(world.past(at=world.at + timedelta(hours=9, minutes=-n)) for n in range(5))),
    ),
    "a protected person's own dossier": lambda world: (
        world.lookup(subject=world.who("minister")),
        world.around(dossier=world.dossier(parties=frozenset({("applicant", world.who("minister"))}))),
    ),
    "a colleague's own dossier": lambda world: (
        world.lookup(subject=world.who("colleague as person")),
        world.around(dossier=world.dossier(parties=frozenset({("applicant", world.who("colleague as person"))}))),
    ),
    "a dossier withdrawn after days": lambda world: (
        world.lookup(),
        world.around(dossier=world.dossier(ended_at=world.at + timedelta(days=2), end_status=7, steps=2)),
    ),
    "one dossier that was never reported": lambda world: (world.lookup(), world.around(dossier=None)),
    "two fields more": lambda world: (
        world.lookup(fields=frozenset({"full_name", "sex", "ethnicity"})),
        world.around(),
    ),
    "a request sent twice by mistake": lambda world: (
        world.lookup(kind="refused", outcome="signature-replayed"),
        world.around(refusals=1),
    ),
    "a new client's first key": lambda world: (
        world.lookup(),
        world.around(known_keys=frozenset(), client_since=None),
    ),
    "a client that is new this year": lambda world: (
        world.lookup(address=world.who("server")),
        world.around(addresses_since=None),
    ),
    "a client's second server on its first day": lambda world: (
        world.lookup(address=world.who("standby")),
        world.around(known_addresses=frozenset({world.who("server")}), addresses_since=world.at - timedelta(hours=3)),
    ),
    "a server that is known": lambda world: (
        world.lookup(address=world.who("server")),
        world.around(known_addresses=frozenset({world.who("server")}), addresses_since=world.at - timedelta(days=9)),
    ),
    "a copy of a request from anywhere": lambda world: (
        world.lookup(kind="refused", outcome="signature-expired", address=world.who("elsewhere")),
        world.around(known_addresses=frozenset({world.who("server")}), addresses_since=world.at - timedelta(days=9)),
    ),
    "an auditor's few searches": lambda world: (
        world.lookup(kind="admin", dossier=None),
        world.around(dossier=None, acts=((world.who("a"), world.at), (world.who("b"), world.at))),
    ),
}


@pytest.mark.parametrize("work", CLEAN)
def test_no_rule_fires_on_clean_work(world, work):
    """Ordinary work, and what is odd about it, raises nothing at all."""
    lookup, around = CLEAN[work](world)
    assert fired(lookup, around) == set()


def test_family_is_told_even_under_an_open_dossier(world):
    """A conflict of interest is one whatever explains the look-up."""
    own = world.dossier(parties=frozenset({("applicant", world.who("husband"))}))
    assert fired(world.lookup(subject=world.who("husband")), world.around(dossier=own)) == {"family"}


def test_invented_dossiers_show_by_their_number(world):
    """One dossier nobody reported may be a slip; about three persons in a day it is no slip."""
    past = many(world, 3, explained="unexplained", why="unknown-dossier")
    assert "no-dossier" in fired(world.lookup(), world.around(dossier=None, by_officer=past))


def test_a_spree_becomes_one_alert(world):
    """Beyond the first few persons of a day, an officer's unexplained look-ups share one alert."""
    past = tuple(world.past(n + 1, subject=world.who(f"x{n}"), explained="unexplained") for n in range(9))
    keys = set()
    for name in ("x10", "x11", "x12"):
        lookup = world.lookup(subject=world.who(name), dossier=None)
        around = world.around(dossier=None, by_officer=past)
        keys |= {hit.key for hit in judge(lookup, explain(lookup, around), around) if hit.rule.id == "no-dossier"}
    assert len(keys) == 1


def test_rules_are_versioned_weighed_and_worded_alike_in_both_languages():
    """Ids are distinct, weights are probabilities, and both sentences use the same numbers."""
    assert len(BY_ID) == len(RULES)
    for rule in RULES:
        assert rule.version >= 1
        assert 0 < rule.weight < 1
        names = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in (rule.vi, rule.en)]
        assert names[0] - {"vi"} == names[1] - {"en"}


def test_a_robust_z_does_not_follow_outliers():
    """One wild day in the history hardly moves what counts as usual; an even history divides by no zero."""
    assert robust_z(20, [20, 21, 19, 20, 500]) == pytest.approx(0, abs=0.5)
    assert robust_z(100, [20] * 10) > 5
    assert Need(frozenset()).fields == frozenset()
