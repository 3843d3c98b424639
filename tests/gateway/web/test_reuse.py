"""Who sees whose numbers; the dialogues are in tests/flows/test_reuse.py."""

import pytest

from gateway.refusals import Refusal
from gateway.reuse.behind import RATED
from gateway.web.openapi_reuse import ABOUT
from gateway.web.reuse import rated, visible


def test_a_client_sees_what_it_reports_for(kit):
    """Its push agencies; all with `reuse_all`; without either it is refused."""
    own = visible(kit.snapshot(), "H99.test")
    assert own.holds("H99.01")
    assert not own.holds("H98.01")
    everything = kit.agreement_file({}).replace('push_agencies = ["H99*"]', "reuse_all = true")
    assert visible(kit.snapshot(**{"agreements/A1.toml": everything}), "H99.test").holds("H98")
    with pytest.raises(Refusal) as refused:
        visible(kit.snapshot(), "H97.nobody")
    assert refused.value.code == "agreement-missing"


def test_only_rates_have_dossiers_behind_them():
    """Funnel and lag are no rates; repeat asks are not judged dossier by dossier."""
    assert rated({"metric": "evidenced"})
    assert not any(rated({"metric": name}) for name in ("funnel", "status_lag", "repeat_ask", "x"))


def test_the_document_names_every_rate():
    """OpenAPI shows each metric of a row."""
    row = ABOUT["reuse"]["schema"]["properties"]["rows"]["items"]
    assert row["properties"]["metrics"]["properties"].keys() >= RATED
