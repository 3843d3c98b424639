"""Staff lists as pseudonyms, and a batch judged over facts alone."""

import pytest

from gateway.audit.gathering import Gathered
from gateway.audit.judging import judge_batch
from gateway.audit.reading import needs_of
from gateway.audit.rules import callers, habits, kin, persons, purpose, watchers
from gateway.audit.rules.base import Rule
from gateway.audit.rules.table import RULES
from gateway.audit.simulation.country import needs
from gateway.audit.staff import pseudonymised, staff_of
from gateway.evidence.pseudonyms import OFFICER, Pseudonyms
from schemas.configuration import ConfigurationError
from schemas.configuration_staff import hours_of

TEXT = """staff = "s"
[[officers]]
id = "099085000009"
unit = "H99.01"
relatives = ["099191000001"]
[[decoys]]
id = "099199000001"
"""


def test_lists_are_kept_as_pseudonyms_of_all_years():
    """No number is left in what is put in force, and the facts are found by every year's pseudonym."""
    pseudonyms = Pseudonyms({2026: b"a" * 32, 2027: b"b" * 32})
    documents = pseudonymised({"staff/s.toml": TEXT}, pseudonyms)
    assert "099085000009" not in documents["staff/s.json"]
    staff = staff_of(documents)
    assert set(pseudonyms.everywhere(OFFICER, "099085000009")) == set(staff.officers)
    assert set(pseudonyms.everywhere("personal_id", "099199000001")) == staff.decoys


def test_broken_lists_are_refused():
    """Hours, unknown members and lists that are pseudonyms already are faults."""
    pseudonyms = Pseudonyms({2026: b"a" * 32})
    for documents in ({"staff/s.toml": TEXT + "x = 1\n"}, {"staff/s.json": "{}"}):
        with pytest.raises(ConfigurationError):
            pseudonymised(documents, pseudonyms)
    with pytest.raises(ValueError, match="begin before"):
        hours_of("17:00-07:30")


def test_every_rule_of_every_module_is_in_the_table():
    """A rule that is written is also judged by."""
    modules = (callers, habits, kin, persons, purpose, watchers)
    assert {one for module in modules for one in vars(module).values() if isinstance(one, Rule)} == set(RULES)


def test_a_batch_yields_one_explanation_a_look_up_and_one_alert_a_key(world):
    """Two look-ups of one person without a dossier make two explanations and a single alert."""
    one = world.lookup(dossier=None)
    two = world.lookup(dossier=None, question="00000000-0000-7000-8000-000000000002", index=2)
    batch, again = judge_batch([one, two], Gathered(world.staff(), []), {rule.id: rule.weight for rule in RULES})
    assert [row["kind"] for row in batch.explanations] == ["unexplained", "unexplained"]
    assert [alert["rule"] for alert in batch.alerts] == ["no-dossier"]
    assert again == []
    assert needs_of(None, "9.999901") is None
    assert {need.service for need in needs("9.999908")} == {"tax/obligations", "tax/taxpayer"}
