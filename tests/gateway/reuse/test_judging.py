"""The rule of evidence, condition by condition: one dossier that is proved, and every way to break it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.reuse.catalogue import Catalogue, procedures_of
from gateway.reuse.facts import Component, Dossier, Event, Lookup
from gateway.reuse.judging import CAUSES, Stage, judge

NOON = datetime(2026, 5, 4, 5, tzinfo=UTC)
APPLICANT, MOTHER, STRANGER = b"a" * 32, b"m" * 32, b"s" * 32
FIELDS = ("full_name", "birth_date")
DOCUMENT = """
procedure = "9.999901"
name = "Thử nghiệm"
[[components]]
code = "TP01"
name = "Giấy khai sinh"
mandatory = {mandatory}
paper_by_law = {by_law}
[[components.replaced_by]]
service = "civil-status/birth"
fields = ["full_name", "birth_date"]
role = "applicant"
[[components.replaced_by]]
service = "population/person"
fields = ["full_name"]
role = "mother"
"""
LOOKUP = Lookup(
    "L1", "H99.igate", "civil-status/birth", "TP01", NOON + timedelta(hours=1), "found",
    frozenset({*FIELDS, "sex"}), frozenset({APPLICANT}),
)  # fmt: skip
COMPONENT = Component("TP01", obtained="registry", lookup_id="L1")
DOSSIER = Dossier(
    "H99.01-260504-0001", "H99.01", "H99.igate", "9.999901", NOON, channel="counter",
    events=(Event(2, NOON, NOON), Event(9, NOON + timedelta(days=1), NOON + timedelta(days=1))),
    components=(COMPONENT,), parties={"applicant": frozenset({APPLICANT}), "mother": frozenset({MOTHER})},
    lookups=(LOOKUP,),
)  # fmt: skip


def catalogue(*, mandatory="true", by_law="false", document=DOCUMENT):
    """Make a catalogue of one procedure with one paper."""
    text = document.format(mandatory=mandatory, by_law=by_law)
    return Catalogue(1, NOON - timedelta(days=9), procedures_of({"procedures/9.999901.toml": text}))


def verdict(dossier=DOSSIER, held=None):
    """Judge the one component."""
    (only,) = judge(dossier, held or catalogue())
    return only


def with_lookup(**changes):
    """Change the look-up."""
    return replace(DOSSIER, lookups=(LOOKUP._replace(**changes),))


def with_component(**changes):
    """Change the component."""
    return replace(DOSSIER, components=(COMPONENT._replace(**changes),))


def test_a_component_with_every_condition_met_is_evidenced():
    """Found, same client, service, dossier, party, all fields, bound both ways, in time, undisputed."""
    found = verdict()
    assert found.evidenced
    assert found.stage is Stage.USED
    assert found.cause is None
    assert found.lookups == ("L1",)
    assert found.covered == FIELDS
    assert found.registry == "civil-status"


@pytest.mark.parametrize(
    ("broken", "cause"),
    [
        (with_lookup(outcome="no_match"), "lookup_failed"),
        (with_lookup(outcome="registry-timeout", fields=frozenset()), "lookup_failed"),
        (with_lookup(outcome="mismatch"), "mismatch"),
        (with_lookup(client="H98.onegate"), "not_looked_up"),
        (with_lookup(service="tax/taxpayer"), "not_looked_up"),
        (replace(DOSSIER, lookups=()), "not_looked_up"),
        (with_lookup(people=frozenset({STRANGER})), "unknown"),
        (with_lookup(people=frozenset({MOTHER})), "unknown"),
        (replace(DOSSIER, parties={"mother": frozenset({APPLICANT})}), "unknown"),
        (with_lookup(fields=frozenset({"full_name"})), "stale"),
        (with_component(lookup_id="L2"), "unknown"),
        (replace(with_lookup(component=None), components=(COMPONENT._replace(lookup_id=None),)), "unknown"),
        (with_lookup(component="TP02"), "unknown"),
        (with_component(obtained="upload"), "citizen_chose"),
        (with_component(obtained="paper"), "citizen_chose"),
        (with_component(obtained=None), "unknown"),
        (with_lookup(at=NOON + timedelta(days=1, seconds=1)), "stale"),
        (with_lookup(mismatch=True), "mismatch"),
    ],
)
def test_each_broken_condition_breaks_the_evidence(broken, cause):
    """Whatever one condition is taken away, the component is not evidenced and the cause is told."""
    found = verdict(broken)
    assert not found.evidenced
    assert found.cause == cause
    assert found.cause in CAUSES


@pytest.mark.parametrize(
    "kept",
    [
        with_lookup(component=None),
        with_component(lookup_id=None),
        with_component(obtained="prefilled"),
        with_lookup(outcome="match"),
        with_lookup(at=NOON + timedelta(days=1)),
        with_lookup(people=frozenset({STRANGER, APPLICANT})),
        with_lookup(at=NOON - timedelta(days=1)),
        replace(DOSSIER, events=DOSSIER.events[:1]),
    ],
)
def test_what_the_rule_allows_is_evidenced(kept):
    """One name suffices where only one is given; prefilled and match count; the decision's own moment is in time."""
    assert verdict(kept).evidenced


def test_one_lookup_may_back_several_components():
    """A look-up that names no component proves each that names it."""
    two = DOCUMENT + '[[components]]\ncode = "TP02"\nname = "Bản sao"\n[[components.replaced_by]]\n'
    two += 'service = "civil-status/birth"\nfields = ["sex"]\nrole = "applicant"\n'
    dossier = replace(with_lookup(component=None), components=(COMPONENT, COMPONENT._replace(code="TP02")))
    assert [found.evidenced for found in judge(dossier, catalogue(document=two))] == [True, True]


def test_the_decision_is_the_first_recorded_3_9_or_10():
    """Not when it is said to have happened: when it was recorded here; other statuses decide nothing."""
    late = NOON + timedelta(minutes=59)
    for status, evidenced in ((3, False), (9, False), (10, False), (4, True), (7, True)):
        dossier = replace(DOSSIER, events=(Event(status, NOON - timedelta(days=9), late),))
        assert verdict(dossier).evidenced is evidenced


def test_any_choice_of_the_catalogue_replaces_the_paper():
    """A second replacement proves as well as the first, about the person with its own role."""
    other = with_lookup(service="population/person", people=frozenset({MOTHER}))
    assert verdict(other).service == "population/person"
    assert verdict(other).evidenced
    assert not verdict(replace(other, parties={"applicant": frozenset({MOTHER})})).evidenced


def test_fields_of_a_binding_lookup_count_even_where_some_are_missing():
    """Attribute level: a look-up that meets every condition but completeness covers the fields it disclosed."""
    assert verdict(with_lookup(fields=frozenset({"birth_date", "sex"}))).covered == ("birth_date",)
    assert verdict(with_lookup(fields=frozenset({"birth_date"}), mismatch=True)).covered == ()


def test_stages_follow_one_another():
    """Needed, held, looked up, answered, matched, used."""
    nothing = '\nprocedure = "9.999901"\nname = "x"\n[[components]]\ncode = "TP01"\nname = "y"\n'
    assert verdict(held=catalogue(document=nothing)).stage is Stage.NEEDED
    assert verdict(replace(DOSSIER, lookups=())).stage is Stage.HELD
    assert verdict(with_lookup(outcome="registry-fault")).stage is Stage.LOOKED_UP
    assert verdict(with_lookup(outcome="no_match")).stage is Stage.ANSWERED
    assert verdict(with_lookup(people=frozenset({STRANGER}))).stage is Stage.ANSWERED
    assert verdict(with_component(obtained="upload")).stage is Stage.MATCHED


def test_causes_without_a_lookup():
    """The law, a missing connection, a citizen at a distance, an unstated or stored paper, and else the officer."""
    unseen = replace(DOSSIER, lookups=())
    assert verdict(unseen, catalogue(by_law="true")).cause == "paper_by_law"
    assert verdict(DOSSIER, catalogue(by_law="true")).evidenced
    assert judge(unseen, None)[0].cause == "not_connected"
    for obtained, channel, cause in (
        ("upload", "online", "citizen_chose"),
        ("upload", "counter", "not_looked_up"),
        ("paper", "online", "not_looked_up"),
        ("registry", "online", "not_looked_up"),
        ("store", "online", "unknown"),
        (None, "online", "unknown"),
    ):
        told = replace(unseen, channel=channel, components=(COMPONENT._replace(obtained=obtained),))
        assert verdict(told).cause == cause


def test_what_is_needed():
    """Mandatory papers, and what was brought, unless it is waived or stated as not required."""
    assert verdict(replace(DOSSIER, components=())).needed
    assert not verdict(replace(DOSSIER, components=()), catalogue(mandatory="false")).needed
    assert verdict(DOSSIER, catalogue(mandatory="false")).needed
    assert not verdict(with_component(required=False)).needed
    assert verdict(with_component(required=False)).evidenced
    assert not verdict(with_component(obtained="waived")).needed


def test_a_claim_without_a_lookup_is_no_evidence():
    """A component marked as reused from a registry, without any look-up, proves nothing."""
    claimed = replace(DOSSIER, lookups=(), components=(COMPONENT._replace(reused=True),))
    assert not verdict(claimed).evidenced
